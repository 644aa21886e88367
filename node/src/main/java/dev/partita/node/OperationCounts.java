package dev.partita.node;

import dev.partita.node.partition.OperationListener;
import dev.partita.node.partition.PartitionId;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;

/// Counts the requests that the replicas of a node answer and refuse, and passes them on to
/// listeners that come later.
final class OperationCounts implements OperationListener {
  private final Map<PartitionId, Counts> byPartition = new ConcurrentHashMap<>();
  private final Map<Bound, LongAdder> overloaded = new EnumMap<>(Bound.class);
  private final List<OperationListener> listeners = new CopyOnWriteArrayList<>();

  private static final class Counts {
    final Map<Operation, LongAdder> answered = new EnumMap<>(Operation.class);
    final LongAdder refused = new LongAdder();

    Counts() {
      for (Operation operation : Operation.values()) {
        answered.put(operation, new LongAdder());
      }
    }
  }

  OperationCounts() {
    for (Bound bound : Bound.values()) {
      overloaded.put(bound, new LongAdder());
    }
  }

  void add(OperationListener listener) {
    listeners.add(listener);
  }

  @Override
  public void answered(PartitionId partition, Operation operation, long nanos, boolean refused) {
    Counts counts = byPartition.computeIfAbsent(partition, _ -> new Counts());
    Objects.requireNonNull(counts.answered.get(operation)).increment();
    if (refused) {
      counts.refused.increment();
    }
    for (OperationListener listener : listeners) {
      listener.answered(partition, operation, nanos, refused);
    }
  }

  @Override
  public void paused(Division division, long nanos) {
    listeners.forEach(listener -> listener.paused(division, nanos));
  }

  @Override
  public void overloaded(Bound bound) {
    Objects.requireNonNull(overloaded.get(bound)).increment();
  }

  /// Requests that were answered, refused ones included.
  long answered(PartitionId partition, Operation operation) {
    Counts counts = byPartition.get(partition);
    return counts == null ? 0 : Objects.requireNonNull(counts.answered.get(operation)).sum();
  }

  long refused(PartitionId partition) {
    Counts counts = byPartition.get(partition);
    return counts == null ? 0 : counts.refused.sum();
  }

  long overloads(Bound bound) {
    return Objects.requireNonNull(overloaded.get(bound)).sum();
  }
}
