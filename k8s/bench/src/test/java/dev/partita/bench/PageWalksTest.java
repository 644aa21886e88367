package dev.partita.bench;

import static dev.partita.bench.Shown.changed;
import static dev.partita.bench.Shown.json;
import static dev.partita.bench.Shown.list;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// Every fault that is planted in pages is named, and no other.
class PageWalksTest {
  private static final List<JsonNode> DOCUMENTS =
      list(
          """
          [{"id": -2, "kind": "a", "tags": ["x", "x", -1], "v": -10, "w": 1},
           {"id": -1, "kind": "a", "v": -2, "w": 1},
           {"id": 3, "kind": "a", "tags": ["x"], "v": -10, "w": 2},
           {"id": "m", "v": 1},
           {"id": "n", "kind": null, "tags": [], "v": 0.5},
           {"id": "o", "kind": "\\uffee"},
           {"id": "p", "kind": "\\ud83d\\ude00", "w": 1.0},
           {"id": "q", "tags": [null], "v": -1}]\
          """);

  /// As the index of the documents has them: null or missing, then texts; negative tags first;
  /// values from the least, and from the greatest.
  private static final List<JsonNode> ENTRIES =
      list(
          """
          [{"id": "q", "v": -1, "w": null},
             {"id": "n", "v": 0.5, "w": null},
           {"id": -1, "v": -2, "w": 1},
           {"id": -2, "v": -10, "w": 1},
           {"id": 3, "v": -10, "w": 2},
           {"id": -2, "v": -10, "w": 1},
           {"id": "o", "v": null, "w": null},
           {"id": "p", "v": null, "w": 1}]\
          """);

  private static List<String> judge(Consumer<List<JsonNode>> change) {
    return PageWalks.judgeEntries(DOCUMENTS, List.of(), changed(ENTRIES, change));
  }

  private static List<JsonNode> sorted(ArrayNode documents) {
    List<JsonNode> all = new ArrayList<>();
    documents.forEach(all::add);
    Comparator<JsonNode> order = new JsonOrder().ofKeys();
    all.sort((one, other) -> order.compare(one.path("id"), other.path("id")));
    return all;
  }

  @Test
  void entriesThatFollowFromTheDocumentsAreRight() {
    assertThat(judge(_ -> {})).isEmpty();
    assertThat(
            PageWalks.judgeEntries(
                DOCUMENTS, list("[\"a\", \"x\"]"), List.of(ENTRIES.get(4), ENTRIES.get(5))))
        .isEmpty();
  }

  @Test
  void anEntryThatIsMissingIsFound() {
    for (int number = 0; number < ENTRIES.size(); number++) {
      int skipped = number;
      assertThat(judge(entries -> entries.remove(skipped)))
          .singleElement()
          .asString()
          .startsWith("entry missing: " + ENTRIES.get(number).path("id"));
    }
  }

  @Test
  void anEntryThatComesTwiceIsFound() {
    assertThat(judge(entries -> entries.add(4, ENTRIES.get(4))))
        .containsExactly("entry twice: 3 with -10 and 2");
  }

  @Test
  void anEntryOfNoDocumentIsFound() {
    assertThat(judge(entries -> entries.add(json("{\"id\": \"m\", \"v\": 1, \"w\": null}"))))
        .containsExactly("entry of no document: \"m\" with 1 and null");
  }

  @Test
  void anEntryOfAValueOfBeforeIsFound() {
    assertThat(judge(entries -> entries.set(2, json("{\"id\": -1, \"v\": -3, \"w\": 1}"))))
        .containsExactlyInAnyOrder(
            "entry missing: -1 with -2 and 1", "entry of no document: -1 with -3 and 1");
  }

  @Test
  void entriesOutOfOrderAreFound() {
    for (List<Integer> pair :
        Arrays.asList(List.of(0, 1), List.of(2, 3), List.of(4, 5), List.of(6, 7))) {
      assertThat(judge(entries -> Collections.swap(entries, pair.get(0), pair.get(1))))
          .singleElement()
          .asString()
          .startsWith("entries out of order");
    }
  }

  @Test
  void documentsInOrderAreRight() {
    assertThat(PageWalks.judgeDocuments(sorted(PageWalks.constants()))).isEmpty();
  }

  @Test
  void aDocumentThatIsMissingOrChangedIsFound() {
    List<JsonNode> all = sorted(PageWalks.constants());
    for (int number = 0; number < all.size(); number++) {
      int at = number;
      assertThat(PageWalks.judgeDocuments(changed(all, each -> each.remove(at))))
          .singleElement()
          .asString()
          .contains("nobody has changed " + all.get(number));
      ObjectNode other = all.get(number).deepCopy();
      assertThat(PageWalks.judgeDocuments(changed(all, each -> each.set(at, other.put("v", 77)))))
          .hasSize(1);
    }
  }

  @Test
  void aDocumentThatComesTwiceOrOutOfOrderIsFound() {
    List<JsonNode> all = sorted(PageWalks.constants());
    assertThat(PageWalks.judgeDocuments(changed(all, each -> each.add(2, each.get(2)))))
        .containsExactly("document %s twice".formatted(all.get(2).path("id")));
    for (int number = 0; number + 1 < all.size(); number++) {
      int at = number;
      assertThat(PageWalks.judgeDocuments(changed(all, each -> Collections.swap(each, at, at + 1))))
          .containsExactly("document %s out of order".formatted(all.get(at).path("id")));
    }
  }
}
