package dev.partita.history;

import dev.partita.history.History.End;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What clients have seen of a database of registers: each transaction reads the values of some,
/// and writes to some that it has read values that nobody else writes.
///
/// Who writes has read what it replaces, so the values of a register form a chain. A register is
/// judged as the list of its values: who has read one has read the list up to it, who has written
/// one has appended it. What a chain cannot have, two values in the place of one, is a lost update.
/// Everything else is found by [HistoryChecker].
public final class RegisterHistory {

  /// The value of a register that nobody has written.
  public static final int NOTHING = 0;

  private record Access(
      int process,
      long invokedNanos,
      long completedNanos,
      Map<Integer, Integer> reads,
      Map<Integer, Integer> writes,
      End end) {}

  private final List<Access> accesses = new ArrayList<>();

  /// A transaction under way.
  public final class Begun {
    private final int process;
    private final long invokedNanos = System.nanoTime();
    private final Map<Integer, Integer> reads = new LinkedHashMap<>();
    private final Map<Integer, Integer> writes = new LinkedHashMap<>();

    private Begun(int process) {
      this.process = process;
    }

    public void read(int key, int value) {
      reads.put(key, value);
    }

    /// Notes what is written to a register that was read.
    ///
    /// @throws IllegalArgumentException if it was not read
    public void write(int key, int value) {
      if (!reads.containsKey(key)) {
        throw new IllegalArgumentException("a register is read before it is written: " + key);
      }
      writes.put(key, value);
    }

    public void end(End end) {
      add(process, invokedNanos, System.nanoTime(), reads, writes, end);
    }
  }

  public Begun begin(int process) {
    return new Begun(process);
  }

  /// Adds a transaction as it is.
  public synchronized void add(
      int process,
      long invokedNanos,
      long completedNanos,
      Map<Integer, Integer> reads,
      Map<Integer, Integer> writes,
      End end) {
    accesses.add(
        new Access(
            process, invokedNanos, completedNanos, Map.copyOf(reads), Map.copyOf(writes), end));
  }

  public synchronized int size() {
    return accesses.size();
  }

  /// Everything that is wrong with it; empty if nothing is.
  public synchronized List<String> check() {
    return new Chains(accesses).check();
  }

  /// The values of each register, as far as somebody has seen them.
  private static final class Chains {
    private final List<Access> accesses;
    private final List<String> anomalies = new ArrayList<>();

    /// What each value of a register has replaced, by the transaction that wrote it.
    private final Map<Integer, Map<Integer, Integer>> replaced = new HashMap<>();

    private final Map<Integer, Map<Integer, List<Integer>>> lists = new HashMap<>();

    Chains(List<Access> accesses) {
      this.accesses = accesses;
    }

    List<String> check() {
      for (Access access : accesses) {
        access
            .writes()
            .forEach((key, value) ->
                replaced
                    .computeIfAbsent(key, _ -> new HashMap<>())
                    .put(value, access.reads().getOrDefault(key, NOTHING)));
      }
      findForks();
      var history = new History();
      for (Access access : accesses) {
        Map<Integer, List<Integer>> reads = new HashMap<>();
        access.reads().forEach((key, value) -> reads.put(key, list(key, value)));
        Map<Integer, List<Integer>> appends = new HashMap<>();
        access.writes().forEach((key, value) -> appends.put(key, List.of(value)));
        history.add(
            access.process(),
            access.invokedNanos(),
            access.completedNanos(),
            reads,
            appends,
            access.end());
      }
      anomalies.addAll(HistoryChecker.check(history));
      return anomalies;
    }

    /// Two that are known to have happened cannot have replaced the same value.
    private void findForks() {
      Map<Integer, Map<Integer, Access>> successors = new HashMap<>();
      for (Access access : accesses) {
        if (access.end() != End.COMMITTED) {
          continue;
        }
        access
            .writes()
            .keySet()
            .forEach(key -> {
              int before = access.reads().getOrDefault(key, NOTHING);
              @Nullable Access other =
                  successors.computeIfAbsent(key, _ -> new HashMap<>()).put(before, access);
              if (other != null) {
                anomalies.add(
                    "lost update of register %d: %s and %s".formatted(key, other, access));
              }
            });
      }
    }

    /// The values of a register up to one. A value that nobody has written stands alone, and the
    /// checker says so.
    private List<Integer> list(int key, int value) {
      if (value == NOTHING) {
        return List.of();
      }
      Map<Integer, List<Integer>> known = lists.computeIfAbsent(key, _ -> new HashMap<>());
      var missing = new ArrayList<Integer>();
      int at = value;
      while (at != NOTHING && !known.containsKey(at) && !missing.contains(at)) {
        missing.add(at);
        at = replaced.getOrDefault(key, Map.of()).getOrDefault(at, NOTHING);
      }
      List<Integer> list = new ArrayList<>(known.getOrDefault(at, List.of()));
      for (int next : missing.reversed()) {
        list.add(next);
        known.put(next, List.copyOf(list));
      }
      return known.getOrDefault(value, List.of());
    }
  }
}
