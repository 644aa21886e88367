package dev.partita.node.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.Operation;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.cluster.Origins.Here;
import dev.partita.node.key.Datum;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OriginsTest {
  private static final List<NodeId> MEMBERS = List.of(Views.node(1), Views.node(2));

  private final Views cluster = new Views();
  private final Map<PartitionId, Here> here = new HashMap<>();
  private int operations;

  @BeforeEach
  void declare() {
    cluster.registerAll(2);
    cluster.apply(
        new CatalogCommand.CreatePartition(
            "p", "things", new Bounds.Range(Datum.of(0), Datum.of(100)), MEMBERS));
    cluster.apply(new CatalogCommand.ActivatePartition(entry("p").id()));
  }

  private PartitionEntry entry(String name) {
    return cluster.catalog.partitions().named(name).orElseThrow();
  }

  private List<PartitionEntry> split(String name, long at) {
    PartitionId id = entry(name).id();
    cluster.apply(
        new CatalogCommand.PutOperation(
            "o-" + operations++, new Operation.SplitPartition(id, Datum.of(at))));
    cluster.apply(new CatalogCommand.PublishSplit(id, entry(name).epoch() + 1, MEMBERS, List.of()));
    return cluster.catalog.children(id);
  }

  private boolean mayOpen(PartitionEntry entry) {
    return Origins.haveSplit(cluster.catalog, entry, id -> here.getOrDefault(id, Here.NOTHING));
  }

  @Test
  void aPartWaitsForItsPartitionToBeSplitHere() {
    PartitionEntry part = split("p", 50).getFirst();
    assertThat(mayOpen(part)).as("a node without the partition").isTrue();

    here.put(entry("p").id(), Here.REPLICA);
    assertThat(mayOpen(part)).isFalse();
    here.put(entry("p").id(), Here.SPLIT);
    assertThat(mayOpen(part)).isTrue();
  }

  /// The node was away while the Partition was split, and a part of it as well.
  @Test
  void aPartOfAPartWaitsForWhatItsPartitionComesFrom() {
    PartitionEntry part = split("p", 50).getFirst();
    PartitionEntry small = split(part.name(), 25).getFirst();

    here.put(entry("p").id(), Here.REPLICA);
    assertThat(mayOpen(small)).isFalse();
    here.put(entry("p").id(), Here.SPLIT);
    here.put(part.id(), Here.STORED);
    assertThat(mayOpen(small)).as("the part is about to be opened").isFalse();
    here.put(part.id(), Here.REPLICA);
    assertThat(mayOpen(small)).isFalse();
    here.put(part.id(), Here.SPLIT);
    assertThat(mayOpen(small)).isTrue();
    here.remove(part.id());
    assertThat(mayOpen(small)).as("the part was given up").isTrue();
  }

  @Test
  void whatNobodyOpensIsNotWaitedFor() {
    PartitionEntry part = split("p", 50).getFirst();
    PartitionEntry small = split(part.name(), 25).getFirst();

    here.put(part.id(), Here.STORED);

    assertThat(mayOpen(small)).isTrue();
  }
}
