package dev.partita.node;

import dev.partita.node.partition.OperationListener;
import dev.partita.node.partition.PartitionId;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;

/// Counts the requests that the replicas of a node answer, and passes them on to listeners that
/// come later.
final class OperationCounts implements OperationListener {
  private final Map<PartitionId, Counts> byPartition = new ConcurrentHashMap<>();
  private final List<OperationListener> listeners = new CopyOnWriteArrayList<>();

  private record Counts(LongAdder reads, LongAdder writes) {}

  void add(OperationListener listener) {
    listeners.add(listener);
  }

  @Override
  public void answered(PartitionId partition, Operation operation, long nanos, boolean refused) {
    Counts counts = counts(partition);
    switch (operation) {
      case READ, SCAN, INDEX_SCAN -> counts.reads().increment();
      case WRITE, PREPARE -> counts.writes().increment();
      case FINISH -> {} // belongs to a write that was counted
    }
    for (OperationListener listener : listeners) {
      listener.answered(partition, operation, nanos, refused);
    }
  }

  private Counts counts(PartitionId partition) {
    return byPartition.computeIfAbsent(
        partition, _ -> new Counts(new LongAdder(), new LongAdder()));
  }

  long reads(PartitionId partition) {
    return counts(partition).reads().sum();
  }

  long writes(PartitionId partition) {
    return counts(partition).writes().sum();
  }
}
