package dev.partita.node.cluster;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.ClaimPartitions;
import dev.partita.node.catalog.IndexEntry;
import dev.partita.node.catalog.JointPartitions;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.cluster.ReportBoard.LedPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What the catalog should say, by what the leaders report: members and epochs, which Partitions
/// serve, whose groups nobody needs any more, which indexes are ready.
final class CatalogPlan {
  private CatalogPlan() {}

  static List<CatalogCommand> next(ClusterView view) {
    List<CatalogCommand> commands = new ArrayList<>();
    view.catalog().partitions().all().forEach(entry -> partition(view, entry, commands));
    view.catalog().indexes().values().forEach(entry -> index(view, entry, commands));
    return commands;
  }

  private static void partition(
      ClusterView view, PartitionEntry entry, List<CatalogCommand> commands) {
    if (SplitPlan.isRetirable(entry, view) || MergePlan.isRetirable(entry, view)) {
      commands.add(new CatalogCommand.RetirePartition(entry.id()));
    }
    Optional<LedPartition> led = view.led(entry.id());
    if (led.isEmpty()
        || entry.state() == PartitionEntry.State.PENDING
        || entry.state() == PartitionEntry.State.SPLIT
        || entry.state() == PartitionEntry.State.MERGED) {
      return;
    }
    PartitionReport report = led.get().report();
    PartitionReport.SplitReport split = report.split();
    if (split != null) {
      if (entry.state() == PartitionEntry.State.ACTIVE) {
        commands.add(
            new CatalogCommand.PublishSplit(
                entry.id(), report.epoch(), split.voters(), split.learners()));
      }
      return;
    }
    if (report.epoch() > entry.epoch() && !report.changing() && report.freeze() == null) {
      commands.add(
          new CatalogCommand.ObservePartition(
              entry.id(), report.epoch(), report.voters(), report.learners()));
    }
    if (entry.state() == PartitionEntry.State.CREATING && hasIndexes(view.catalog(), report)) {
      commands.add(new CatalogCommand.ActivatePartition(entry.id()));
    }
  }

  private static boolean hasIndexes(Catalog catalog, PartitionReport report) {
    Optional<PartitionEntry> entry = catalog.partition(report.partition());
    return entry.isPresent()
        && catalog.indexesOf(entry.get().collection()).stream()
            .filter(index -> index.state() != IndexEntry.State.FAILED)
            .filter(index ->
                entry.get().bounds().hasFieldsOf(index.definition())
                    || entry.get().bounds().divides(index.definition()))
            .allMatch(index -> isReady(report, index));
  }

  private static boolean isReady(PartitionReport report, IndexEntry index) {
    return report
        .index(index.definition().id())
        .filter(reported -> reported.ready() || reported.failure() != null)
        .isPresent();
  }

  private static void index(ClusterView view, IndexEntry entry, List<CatalogCommand> commands) {
    if (entry.state() == IndexEntry.State.FAILED) {
      return;
    }
    boolean unplaced =
        entry.definition().claims()
            && !ClaimPartitions.arePlaced(view.catalog(), entry.definition());
    if (unplaced && !partitions(view, entry).isEmpty()) {
      commands.add(new CatalogCommand.PlaceClaims(entry.definition().id()));
      return;
    }
    if (entry.state().isBeforeBuilding()) {
      if (entry.state() == IndexEntry.State.ANNOUNCED && isKnownToGroups(view, entry)) {
        commands.add(
            new CatalogCommand.SetIndexState(
                entry.definition().id(), IndexEntry.State.GATHERING, null));
      }
      return;
    }
    String failure = failure(view, entry);
    if (failure != null) {
      commands.add(
          new CatalogCommand.SetIndexState(
              entry.definition().id(), IndexEntry.State.FAILED, failure));
    } else if (entry.state() == IndexEntry.State.BUILDING && isReadyEverywhere(view, entry)) {
      commands.add(
          new CatalogCommand.SetIndexState(
              entry.definition().id(),
              entry.definition().claims() && !unplaced
                  ? IndexEntry.State.CLAIMING
                  : IndexEntry.State.READY,
              null));
    }
  }

  private static @Nullable String failure(ClusterView view, IndexEntry entry) {
    for (PartitionEntry partition : partitions(view, entry)) {
      Optional<String> failure =
          view.led(partition.id())
              .flatMap(led -> led.report().index(entry.definition().id()))
              .flatMap(index -> Optional.ofNullable(index.failure()));
      if (failure.isPresent()) {
        return failure.get() + " (partition " + partition.name() + ")";
      }
    }
    return null;
  }

  private static boolean isReadyEverywhere(ClusterView view, IndexEntry entry) {
    return isReady(view, partitions(view, entry), entry);
  }

  /// Whether no row of a column group that has fields of the index can be written any more by
  /// somebody who does not know of it.
  private static boolean isKnownToGroups(ClusterView view, IndexEntry entry) {
    return JointPartitions.serve(view.catalog(), entry.definition())
        && isReady(view, JointPartitions.groups(view.catalog(), entry.definition()), entry);
  }

  private static boolean isReady(
      ClusterView view, List<PartitionEntry> partitions, IndexEntry entry) {
    return partitions.stream()
        .allMatch(partition ->
            view.led(partition.id()).filter(led -> isReady(led.report(), entry)).isPresent());
  }

  private static List<PartitionEntry> partitions(ClusterView view, IndexEntry entry) {
    return view.catalog().partitionsOf(entry.definition());
  }
}
