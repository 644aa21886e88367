package dev.partita.bench;

import static dev.partita.bench.Shown.changed;
import static dev.partita.bench.Shown.json;
import static dev.partita.bench.Shown.list;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.bench.FollowedChanges.Page;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// Every fault that is planted in changes is named, and no other.
class FollowedChangesTest {
  private static final Map<String, JsonNode> COPY =
      Map.of("1", json("{\"id\":1,\"n\":10}"), "\"a\"", json("{\"id\":\"a\",\"n\":20}"));

  private static final List<JsonNode> CHANGES =
      list(
          """
          [{"key": 1, "ts": "11", "action": "put", "document": {"id": 1, "n": 9}, "before": {"id": 1, "n": 10}},
           {"key": "a", "ts": "11", "action": "put", "document": {"id": "a", "n": 21}, "before": {"id": "a", "n": 20}},
           {"key": 2, "ts": "12", "action": "put", "document": {"id": 2, "n": 5}, "before": null},
           {"key": 1, "ts": "14", "action": "delete", "before": {"id": 1, "n": 9}}]\
          """);

  private static Page page(List<JsonNode> changes) {
    return new Page("token", 10, changes, 15, false, "next");
  }

  private static List<String> judge(Consumer<List<JsonNode>> change) {
    return FollowedChanges.judgePage(COPY, Set.of(), page(changed(CHANGES, change)));
  }

  @Test
  void changesInTheirOrderAreRight() {
    assertThat(judge(_ -> {})).isEmpty();
    assertThat(
            FollowedChanges.judgePage(
                COPY, Set.of(), new Page("token", 10, List.of(), 10, false, "next")))
        .isEmpty();
  }

  @Test
  void aMissingChangeIsFoundByWhatTheNextOneSaysOfTheDocument() {
    assertThat(judge(changes -> changes.removeFirst()))
        .singleElement()
        .asString()
        .startsWith("before it there was {\"id\":1,\"n\":10}");
  }

  @Test
  void aDeletionOfNothingIsFoundWithoutWhatWasBefore() {
    JsonNode deletion = json("{\"key\": 3, \"ts\": \"14\", \"action\": \"delete\"}");
    assertThat(judge(changes -> changes.add(deletion)))
        .singleElement()
        .asString()
        .startsWith("there was nothing to delete");
  }

  @Test
  void aChangeThatComesTwiceIsFound() {
    assertThat(judge(changes -> changes.add(2, changes.get(1))))
        .anySatisfy(wrong -> assertThat(wrong).startsWith("twice"));
  }

  @Test
  void changesOutOfOrderAreFound() {
    assertThat(judge(changes -> changes.add(changes.remove(0))))
        .anySatisfy(wrong -> assertThat(wrong).startsWith("out of order"));
    assertThat(judge(changes -> changes.add(0, changes.remove(1))))
        .as("by key, at one timestamp")
        .singleElement()
        .asString()
        .startsWith("out of order");
  }

  @Test
  void changesOutsideOfTheirPageAreFound() {
    assertThat(
            FollowedChanges.judgePage(
                COPY, Set.of(), new Page("token", 10, CHANGES, 13, false, "next")))
        .singleElement()
        .asString()
        .startsWith("outside of its page");
    assertThat(
            FollowedChanges.judgePage(
                COPY, Set.of(), new Page("token", 11, CHANGES, 15, false, "next")))
        .hasSize(2)
        .allSatisfy(wrong -> assertThat(wrong).startsWith("outside of its page"));
  }

  @Test
  void onlyAFullPageMayDivideATransaction() {
    List<JsonNode> half = CHANGES.subList(0, 1);
    assertThat(
            FollowedChanges.judgePage(COPY, Set.of(), new Page("token", 9, half, 10, true, "next")))
        .isEmpty();
    assertThat(
            FollowedChanges.judgePage(
                COPY, Set.of(), new Page("token", 9, half, 10, false, "next")))
        .singleElement()
        .asString()
        .startsWith("outside of its page");
    assertThat(
            FollowedChanges.judgePage(
                COPY, Set.of("11 1"), new Page("token", 10, half, 11, false, "next")))
        .as("its first half once more")
        .singleElement()
        .asString()
        .startsWith("twice");
  }

  @Test
  void aMarkThatGoesBackIsFound() {
    assertThat(
            FollowedChanges.judgePage(
                COPY, Set.of(), new Page("token", 10, List.of(), 9, false, "next")))
        .singleElement()
        .asString()
        .startsWith("the mark goes back");
  }

  @Test
  void aPageThatIsAskedForAgainTellsTheSame() {
    Page shorter = new Page("token", 10, CHANGES.subList(0, 2), 11, false, "other");
    assertThat(FollowedChanges.judgeAgain(page(CHANGES), shorter)).isEmpty();
    assertThat(FollowedChanges.judgeAgain(shorter, page(CHANGES))).isEmpty();
    assertThat(
            FollowedChanges.judgeAgain(
                page(CHANGES), page(changed(CHANGES, changes -> changes.remove(2)))))
        .hasSize(1);
  }

  @Test
  void aCopyThatDiffersIsFound() {
    List<JsonNode> rows = list("[{\"id\":1,\"n\":10},{\"id\":\"a\",\"n\":20}]");
    assertThat(FollowedChanges.judgeCopy("now", COPY, rows)).isEmpty();
    assertThat(FollowedChanges.judgeCopy("now", COPY, rows.subList(0, 1)))
        .containsExactly("the copy still has {\"id\":\"a\",\"n\":20}; now");
    assertThat(FollowedChanges.judgeCopy("now", Map.of(), rows.subList(0, 1)))
        .containsExactly("the copy lacks {\"id\":1,\"n\":10}; now");
    assertThat(
            FollowedChanges.judgeCopy(
                "now", COPY, changed(rows, all -> all.set(0, json("{\"id\":1,\"n\":1}")))))
        .containsExactly("the copy has {\"id\":1,\"n\":10} instead of {\"id\":1,\"n\":1}; now");
  }
}
