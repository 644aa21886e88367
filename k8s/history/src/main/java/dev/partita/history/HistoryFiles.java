package dev.partita.history;

import dev.partita.history.History.End;
import dev.partita.history.History.Txn;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Writes histories for checkers other than ours. The two formats are described in
/// `k8s/docs/histories.md`.
public final class HistoryFiles {
  private HistoryFiles() {}

  /// An invocation or a completion, in the order of time.
  private record Event(long nanos, Txn txn, boolean completes) {}

  /// Transactions as lines of JSON, one each, in the order in which they were completed.
  public static void writeJsonLines(History history, Path file) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (Txn txn : history.txns()) {
        out.write(txn.toJson());
        out.newLine();
      }
    }
  }

  /// Invocations and completions as EDN, one to a line, in the order of time: a list-append history
  /// as Jepsen writes it and Elle reads it. Whoever did not learn how a transaction ended (`:info`)
  /// goes on as another process, since for all we know the transaction still goes on.
  public static void writeEdn(History history, Path file) throws IOException {
    List<Event> events = new ArrayList<>();
    for (Txn txn : history.txns()) {
      events.add(new Event(txn.invokedNanos(), txn, false));
      events.add(new Event(txn.completedNanos(), txn, true));
    }
    // Completions first, so that a process that goes on at once has one transaction at a time.
    events.sort(Comparator.comparingLong(Event::nanos).thenComparing(event -> !event.completes()));
    long start = events.isEmpty() ? 0 : events.getFirst().nanos();
    int strangers = 1 + history.txns().stream().mapToInt(Txn::process).max().orElse(0);
    Map<Integer, Integer> incarnations = new HashMap<>();
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      int index = 0;
      for (Event event : events) {
        Txn txn = event.txn();
        // The last reader of all has no number of its own.
        int client = txn.process() < 0 ? strangers : txn.process();
        int process = client + incarnations.getOrDefault(client, 0) * (strangers + 1);
        out.write(
            "{:index %d, :time %d, :process %d, :type :%s, :f :txn, :value %s}"
                .formatted(index++, event.nanos() - start, process, type(event), value(event)));
        out.newLine();
        if (event.completes() && txn.end() == End.UNKNOWN) {
          incarnations.merge(client, 1, Integer::sum);
        }
      }
    }
  }

  private static String type(Event event) {
    if (!event.completes()) {
      return "invoke";
    }
    return switch (event.txn().end()) {
      case COMMITTED -> "ok";
      case ABORTED -> "fail";
      case UNKNOWN -> "info";
    };
  }

  private static String value(Event event) {
    boolean known = event.completes() && event.txn().end() == End.COMMITTED;
    List<String> operations = new ArrayList<>();
    event
        .txn()
        .reads()
        .forEach(
            (key, list) -> operations.add("[:r " + key + " " + (known ? edn(list) : "nil") + "]"));
    event
        .txn()
        .appends()
        .forEach((key, values) ->
            values.forEach(value -> operations.add("[:append " + key + " " + value + "]")));
    return "[" + String.join(" ", operations) + "]";
  }

  private static String edn(List<Integer> list) {
    return list.toString().replace(",", "");
  }
}
