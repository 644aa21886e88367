package dev.partita.history;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.history.History.End;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HistoryFilesTest {
  @TempDir Path directory;

  private static History history() {
    History history = new History();
    history.add(0, 100, 300, Map.of(), Map.of(1, List.of(7)), End.COMMITTED);
    history.add(1, 200, 400, Map.of(1, List.of(7)), Map.of(), End.COMMITTED);
    history.add(0, 300, 500, Map.of(), Map.of(1, List.of(8)), End.UNKNOWN);
    history.add(1, 450, 600, Map.of(), Map.of(2, List.of(9)), End.ABORTED);
    history.add(0, 700, 800, Map.of(2, List.of()), Map.of(), End.COMMITTED);
    return history;
  }

  @Test
  void ednHasInvocationsAndCompletionsInTheOrderOfTime() throws IOException {
    Path file = directory.resolve("history.edn");

    HistoryFiles.writeEdn(history(), file);

    assertThat(Files.readAllLines(file))
        .containsExactly(
            "{:index 0, :time 0, :process 0, :type :invoke, :f :txn, :value [[:append 1 7]]}",
            "{:index 1, :time 100, :process 1, :type :invoke, :f :txn, :value [[:r 1 nil]]}",
            "{:index 2, :time 200, :process 0, :type :ok, :f :txn, :value [[:append 1 7]]}",
            "{:index 3, :time 200, :process 0, :type :invoke, :f :txn, :value [[:append 1 8]]}",
            "{:index 4, :time 300, :process 1, :type :ok, :f :txn, :value [[:r 1 [7]]]}",
            "{:index 5, :time 350, :process 1, :type :invoke, :f :txn, :value [[:append 2 9]]}",
            "{:index 6, :time 400, :process 0, :type :info, :f :txn, :value [[:append 1 8]]}",
            "{:index 7, :time 500, :process 1, :type :fail, :f :txn, :value [[:append 2 9]]}",
            // What the first client did not learn may still go on: it is another process now.
            "{:index 8, :time 600, :process 3, :type :invoke, :f :txn, :value [[:r 2 nil]]}",
            "{:index 9, :time 700, :process 3, :type :ok, :f :txn, :value [[:r 2 []]]}");
  }

  @Test
  void jsonHasALineForEachTransaction() throws IOException {
    Path file = directory.resolve("history.jsonl");

    HistoryFiles.writeJsonLines(history(), file);

    List<String> lines = Files.readAllLines(file);
    assertThat(lines).hasSize(5);
    assertThat(lines.get(1))
        .isEqualTo(
            "{\"index\":1,\"process\":1,\"invoked\":200,\"completed\":400,\"end\":\"COMMITTED\","
                + "\"reads\":{\"1\":[7]},\"appends\":{}}");
  }
}
