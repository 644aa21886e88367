package dev.partita.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.bench.PartitionTree.PartitionKey;
import dev.partita.bench.PartitionTree.Range;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class PartitionTreeTest {
  private final ObjectNode state = Nodes.JSON.createObjectNode();
  private final ArrayNode partitions = state.putArray("partitions");

  private void add(String name, String state, String range, String... children) throws IOException {
    addBounds(name, state, "{\"range\":%s}".formatted(range), children);
  }

  private void addBounds(String name, String state, String bounds, String... children)
      throws IOException {
    ObjectNode each = partitions.addObject();
    each.put("name", name).put("collection", "c").put("state", state);
    each.set("bounds", Nodes.JSON.readTree(bounds));
    each.set("children", Nodes.JSON.valueToTree(children));
    JsonNode replica = Nodes.JSON.createObjectNode().put("nodeId", "1").put("caughtUp", true);
    each.putArray("replicas").add(replica);
    each.put("leaderNodeId", "1");
  }

  private PartitionTree tree() {
    return PartitionTree.of(state);
  }

  @Test
  void whatWasSplitDoesNotServeAndItsPartsDo() throws IOException {
    add("low", "Split", "{\"end\":8}", "low-2", "low-3");
    add("low-2", "Split", "{\"end\":4}", "low-4", "low-5");
    add("low-3", "Active", "{\"start\":4,\"end\":8}");
    add("low-4", "Active", "{\"end\":2}");
    add("low-5", "Active", "{\"start\":2,\"end\":4}");
    add("high", "Active", "{\"start\":8}");

    assertThat(tree().serving())
        .extracting(Range::name)
        .containsExactly("high", "low-3", "low-4", "low-5");
    assertThat(tree().serving()).allMatch(Range::well);
    assertThat(tree().mergeable()).extracting(Range::name).containsExactly("low-2");
    assertThat(tree().wrong()).isEmpty();
  }

  @Test
  void keysThatNobodyHasOrTwoHaveAreTold() throws IOException {
    add("low", "Active", "{\"end\":\"g\"}");
    add("high", "Active", "{\"start\":\"m\"}");
    assertThat(tree().wrong()).hasSize(1);

    add("middle", "Active", "{\"start\":\"g\",\"end\":\"n\"}");
    assertThat(tree().wrong()).hasSize(1);
  }

  @Test
  void numbersComeBeforeTexts() throws IOException {
    add("low", "Active", "{\"end\":7}");
    add("middle", "Active", "{\"start\":7,\"end\":\"m\"}");
    add("high", "Active", "{\"start\":\"m\",\"end\":\"\uffee\"}");
    // Behind the last by code points, and before it by halves in UTF-16.
    add("last", "Active", "{\"start\":\"\uffee\",\"end\":\"\ud83d\ude00\"}");
    add("beyond", "Active", "{\"start\":\"\ud83d\ude00\"}");
    assertThat(tree().wrong()).isEmpty();
  }

  @Test
  void whatHasHashesOrColumnsHasAllKeysBesideOthers() throws IOException {
    addBounds("even", "Active", "{\"hash\":{\"modulus\":2,\"remainder\":0}}");
    addBounds("odd", "Active", "{\"hash\":{\"modulus\":2,\"remainder\":1}}");
    addBounds("left", "Active", "{\"range\":{},\"columns\":[\"a\"]}");
    assertThat(tree().wrong()).isEmpty();
    assertThat(tree().serving()).hasSize(3).noneMatch(Range::ranged);
  }

  @Test
  void endsOfARangeAreNoKeysToSplitItAt() throws IOException {
    add("middle", "Active", "{\"start\":4,\"end\":8}");
    Range range = tree().serving().getFirst();

    assertThat(
            List.of(3L, 4L, 5L, 7L, 8L).stream()
                .filter(key -> range.canBeSplitAt(PartitionKey.of(key))))
        .containsExactly(5L, 7L);
  }
}
