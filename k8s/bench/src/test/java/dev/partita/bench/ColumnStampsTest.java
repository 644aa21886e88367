package dev.partita.bench;

import static dev.partita.bench.Shown.changed;
import static dev.partita.bench.Shown.json;
import static dev.partita.bench.Shown.list;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// Every fault that is planted in documents of several column groups is named, and no other.
class ColumnStampsTest {
  private static final List<String> ALL = List.of("left", "right", "far");
  private static final List<JsonNode> ROWS =
      list(
          "[{\"id\":[0,1,0],\"left\":4,\"right\":4,\"far\":4},{\"id\":[0,1,1],\"note\":3},"
              + "{\"id\":[1,1,0],\"left\":5,\"right\":5,\"far\":5}]");
  private static final List<JsonNode> ENTRIES =
      list("[{\"id\":[0,1,0],\"right\":4,\"far\":4},{\"id\":[1,1,0],\"right\":5,\"far\":5}]");

  private static List<String> judge(Consumer<List<JsonNode>> change) {
    return ColumnStamps.judgeEntries("now", ROWS, changed(ENTRIES, change));
  }

  @Test
  void oneStampEverywhereOrNowhereIsRight() {
    for (JsonNode row : ROWS) {
      assertThat(ColumnStamps.judgeStamps("", row, ALL)).isEmpty();
    }
    assertThat(judge(_ -> {})).isEmpty();
    assertThat(
            ColumnStamps.judgeEnd(
                Map.of("a", 4, "b", ColumnStamps.NONE),
                Map.of("a", Set.of(3, 4), "b", Set.of(ColumnStamps.NONE), "c", Set.of(0, 9))))
        .isEmpty();
  }

  @Test
  void severalStampsAreFound() {
    JsonNode torn = json("{\"left\":4,\"right\":4,\"far\":5}");
    assertThat(ColumnStamps.judgeStamps("", torn, ALL)).hasSize(1);
    assertThat(ColumnStamps.judgeStamps("", torn, List.of("left", "right"))).isEmpty();
    assertThat(ColumnStamps.judgeStamps("", json("{\"left\":4,\"right\":4}"), ALL))
        .singleElement()
        .asString()
        .contains("several stamps");
  }

  @Test
  void aMissingEntryIsFound() {
    assertThat(judge(entries -> entries.remove(0))).containsExactly("no entry of [0,1,0]; now");
  }

  @Test
  void anEntryThatComesTwiceIsFound() {
    assertThat(judge(entries -> entries.add(ENTRIES.getFirst())))
        .singleElement()
        .asString()
        .contains("entry twice");
  }

  @Test
  void anEntryOfAnotherStampOrOfNoDocumentIsFound() {
    assertThat(judge(entries -> entries.set(1, json("{\"id\":[1,1,0],\"right\":5,\"far\":4}"))))
        .singleElement()
        .asString()
        .contains("the document has stamp 5");
    assertThat(judge(entries -> entries.add(json("{\"id\":[0,1,1],\"right\":3,\"far\":3}"))))
        .singleElement()
        .asString()
        .contains("the document has stamp 0");
  }

  @Test
  void aLostOrStrangeDocumentIsFound() {
    assertThat(ColumnStamps.judgeEnd(Map.of(), Map.of("a", Set.of(4))))
        .containsExactly("a has stamp 0 and should have one of [4]");
    assertThat(ColumnStamps.judgeEnd(Map.of("a", 4), Map.of("a", Set.of(0))))
        .containsExactly("a has stamp 4 and should have one of [0]");
    assertThat(ColumnStamps.judgeEnd(Map.of("a", 4), Map.of()))
        .containsExactly("nobody has written a");
  }
}
