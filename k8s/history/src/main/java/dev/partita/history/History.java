package dev.partita.history;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What clients have seen of a database of lists: each transaction reads whole lists and appends to
/// them values that nobody else appends. Filled by many threads, then judged by [HistoryChecker].
public final class History {

  /// How a transaction ended, as its client knows.
  public enum End {
    /// It has happened.
    COMMITTED,
    /// It has not happened.
    ABORTED,
    /// Nobody told its client.
    UNKNOWN
  }

  /// One transaction.
  ///
  /// @param process its client
  /// @param invokedNanos when it began, on one clock for all
  /// @param completedNanos when its client knew how it ended
  /// @param reads the list of each key that it read, before its own appends
  /// @param appends the values that it appended to each key, in order
  public record Txn(
      int number,
      int process,
      long invokedNanos,
      long completedNanos,
      Map<Integer, List<Integer>> reads,
      Map<Integer, List<Integer>> appends,
      End end) {

    /// As one line of JSON.
    public String toJson() {
      return "{\"index\":%d,\"process\":%d,\"invoked\":%d,\"completed\":%d,\"end\":\"%s\",\"reads\":%s,\"appends\":%s}"
          .formatted(
              number, process, invokedNanos, completedNanos, end, lists(reads), lists(appends));
    }

    private static String lists(Map<Integer, List<Integer>> lists) {
      var members = new ArrayList<String>();
      lists.forEach(
          (key, list) -> members.add("\"" + key + "\":" + list.toString().replace(" ", "")));
      return "{" + String.join(",", members) + "}";
    }
  }

  private final List<Txn> txns = new ArrayList<>();

  /// A transaction under way.
  public final class Begun {
    private final int process;
    private final long invokedNanos;
    private final Map<Integer, List<Integer>> reads = new LinkedHashMap<>();
    private final Map<Integer, List<Integer>> appends = new LinkedHashMap<>();

    private Begun(int process, long invokedNanos) {
      this.process = process;
      this.invokedNanos = invokedNanos;
    }

    public void read(int key, List<Integer> list) {
      reads.put(key, List.copyOf(list));
    }

    public void append(int key, int value) {
      appends.computeIfAbsent(key, _ -> new ArrayList<>()).add(value);
    }

    public void end(End end) {
      add(process, invokedNanos, System.nanoTime(), reads, appends, end);
    }
  }

  public Begun begin(int process) {
    return new Begun(process, System.nanoTime());
  }

  /// Adds a transaction as it is.
  public synchronized Txn add(
      int process,
      long invokedNanos,
      long completedNanos,
      Map<Integer, List<Integer>> reads,
      Map<Integer, List<Integer>> appends,
      @Nullable End end) {
    var txn =
        new Txn(
            txns.size(),
            process,
            invokedNanos,
            completedNanos,
            Map.copyOf(reads),
            Map.copyOf(appends),
            end == null ? End.COMMITTED : end);
    txns.add(txn);
    return txn;
  }

  public synchronized List<Txn> txns() {
    return List.copyOf(txns);
  }

  public synchronized int size() {
    return txns.size();
  }
}
