package dev.partita.node.routing;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.partition.Bounds;
import dev.partita.node.system.SystemPartition;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import java.time.Duration;
import java.util.Collection;

/// Waits for column groups that have been declared and do not serve yet. Safe for any thread; calls
/// block.
final class NewColumns {

  /// How long a Partition may take from its declaration until it serves; whoever asks for one that
  /// cannot be made is told after that that it is not there.
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final SystemPartition system;
  private final Clock clock;

  NewColumns(SystemPartition system, Clock clock) {
    this.system = system;
    this.clock = clock;
  }

  /// Waits until no group with one of these columns is only being made.
  void await(String collection, Collection<String> columns, Deadline deadline) {
    boolean _ =
        system.await(
            newest -> !areBeingMade(newest, collection, columns), deadline.atMost(PATIENCE, clock));
  }

  private static boolean areBeingMade(
      Catalog catalog, String collection, Collection<String> columns) {
    return catalog.partitions().of(collection).stream()
        .filter(entry -> entry.state() == PartitionEntry.State.CREATING)
        .anyMatch(entry ->
            entry.bounds() instanceof Bounds.Columns(var group)
                && group.stream().anyMatch(columns::contains));
  }
}
