package dev.partita.node.cluster;

import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.NodeEntry;
import dev.partita.node.catalog.Operation;
import dev.partita.node.catalog.OperationEntry;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.cluster.ReportBoard.LedPartition;
import dev.partita.node.key.Datum;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The way of a Partition to its two children. Their ids and names are in the catalog from the
/// recording on. The Partition's leader is told to split it until it reports that it has; then the
/// children are published ([CatalogPlan]); and when every member has split durably, the Partition's
/// group is given up.
///
/// The entry of the Partition's log that splits it is the point of no return. Until then nothing
/// has happened but that ids were given away, and nothing but the end of the Partition ends the
/// operation; so no child can come into being that the catalog has forgotten.
///
/// Copies at the edge whose line is cut keep no operation from ending: the group waits for them
/// without one, and is given up as soon as they have split, or are wanted no more ([CatalogPlan]).
final class SplitPlan {
  static final String WAIT_FOR_LEADER = "WaitForLeader";
  static final String SPLIT = "Split";
  static final String PUBLISH = "Publish";
  static final String CLEAN_UP = "CleanUp";

  private final PartitionId partition;
  private final @Nullable Datum at;
  private final ClusterView view;

  SplitPlan(PartitionId partition, @Nullable Datum at, ClusterView view) {
    this.partition = partition;
    this.at = at;
    this.view = view;
  }

  Action next() {
    Optional<PartitionEntry> found = view.catalog().partition(partition);
    if (found.isEmpty()) {
      return Action.Finish.failed("the partition was dropped");
    }
    PartitionEntry entry = found.get();
    return switch (entry.state()) {
      case ACTIVE -> split();
      case SPLIT -> cleanUp(entry);
      case CREATING, PENDING, MERGED, RETAINED ->
          Action.Finish.failed("the partition does not serve");
    };
  }

  private Action split() {
    Optional<LedPartition> led = view.led(partition);
    if (led.isEmpty()) {
      return new Action.Wait(WAIT_FOR_LEADER, "the partition has no leader");
    }
    PartitionReport report = led.get().report();
    if (report.split() != null) {
      return new Action.Wait(PUBLISH, null);
    }
    if (report.changing()) {
      return new Action.Wait(WAIT_FOR_LEADER, "its members are being changed");
    }
    return new Action.Split(
        SPLIT,
        partition,
        led.get().leader(),
        report.epoch(),
        at,
        view.catalog().children(partition));
  }

  private Action cleanUp(PartitionEntry entry) {
    if (entry.members().isEmpty()) {
      return Action.Finish.DONE;
    }
    List<NodeId> behind = behind(entry, view);
    if (behind.isEmpty()) {
      return new Action.Propose(CLEAN_UP, new CatalogCommand.RetirePartition(partition));
    }
    return behind.stream()
        .filter(member -> !isCutOff(member, entry, view))
        .findFirst()
        .<Action>map(member ->
            new Action.Wait(CLEAN_UP, "node " + member + " has not split its replica yet"))
        .orElse(Action.Finish.DONE);
  }

  /// Whether nobody needs the group any more of a Partition that was split by an operation that has
  /// ended.
  static boolean isRetirable(PartitionEntry entry, ClusterView view) {
    return entry.state() == PartitionEntry.State.SPLIT
        && !entry.isFamily()
        && !entry.members().isEmpty()
        && !isBeingSplit(entry, view)
        && behind(entry, view).isEmpty();
  }

  private static boolean isBeingSplit(PartitionEntry entry, ClusterView view) {
    return view.catalog().operations().values().stream()
        .filter(each -> each.state() == OperationEntry.State.RUNNING)
        .anyMatch(each ->
            each.operation() instanceof Operation.SplitPartition(var split, _)
                && split.equals(entry.id()));
  }

  /// The members that need the group, because they have not split their replica and have to.
  private static List<NodeId> behind(PartitionEntry entry, ClusterView view) {
    return entry.members().stream()
        .filter(member -> !view.hasSplit(member, entry.id()) && isNeeded(member, entry, view))
        .toList();
  }

  /// A copy that no part has any more is removed with the rows that it has, split or not.
  private static boolean isNeeded(NodeId member, PartitionEntry entry, ClusterView view) {
    return !entry.learners().contains(member) || hasPart(member, entry, view);
  }

  /// Whether a member has a replica of what a Partition was split into.
  static boolean hasPart(NodeId member, PartitionEntry entry, ClusterView view) {
    return view.catalog().children(entry.id()).stream()
        .anyMatch(part -> part.members().contains(member) || hasPart(member, part, view));
  }

  /// Whether a member has no vote and may be silent for days.
  static boolean isCutOff(NodeId member, PartitionEntry entry, ClusterView view) {
    NodeEntry node = view.catalog().nodes().get(member);
    return entry.learners().contains(member)
        && !view.isAlive(member)
        && node != null
        && node.place().edge();
  }
}
