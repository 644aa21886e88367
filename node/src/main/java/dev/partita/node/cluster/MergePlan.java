package dev.partita.node.cluster;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.Operation;
import dev.partita.node.catalog.OperationEntry;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.cluster.PartitionReport.FreezeReport;
import dev.partita.node.cluster.ReportBoard.LedPartition;
import dev.partita.node.partition.IndexReport;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The way of the two parts of a Partition that was split back to one. The one has its id since the
/// recording. Both leaders are told to freeze their Partitions; when every member of both has, the
/// merge is committed in the catalog, which is the point of no return. From then on each member
/// makes the one of its two replicas by itself, and when all have done so durably, the groups of
/// the parts are given up.
///
/// Until it is committed a merge can be given up at any moment, by one entry of the catalog as
/// well, so that only one of the two can happen; what is frozen for a merge that the catalog does
/// not know any more is let go ([#unfreeze]), whoever has ordered it and however late the order
/// came. Nobody is kept waiting for a member that does not come: a merge that does not get on is
/// given up.
///
/// A copy at the edge whose line is cut after that keeps the groups of the parts, as after a split
/// ([SplitPlan]), and not the operation.
final class MergePlan {
  static final String WAIT_FOR_LEADERS = "WaitForLeaders";
  static final String WAIT = "Wait";
  static final String FREEZE = "Freeze";
  static final String COMMIT = "Commit";
  static final String GIVE_UP = "GiveUp";
  static final String CLEAN_UP = "CleanUp";
  static final String UNFREEZE = "Unfreeze";

  /// How long Partitions are frozen at most before a merge is given up: clients wait meanwhile. A
  /// few times what it takes where nothing is in the way.
  static final Duration FROZEN_MAX = Duration.ofSeconds(2);

  private final String id;
  private final PartitionId partition;
  private final ClusterView view;

  private static final String ELSEWHERE =
      "the replicas of its parts are on different nodes; move them to the same ones first";

  /// @param id of the operation
  /// @param partition the one that was split
  MergePlan(String id, PartitionId partition, ClusterView view) {
    this.id = id;
    this.partition = partition;
    this.view = view;
  }

  Action next() {
    Catalog catalog = view.catalog();
    Optional<PartitionEntry> split = catalog.partition(partition);
    if (split.isEmpty()) {
      return catalog
          .answering(partition)
          .map(this::cleanUp)
          .orElse(Action.Finish.failed("the partition was dropped"));
    }
    Optional<PartitionEntry> merged = catalog.pendingMerge(partition);
    return merged.isEmpty()
        ? Action.Finish.failed("it was given up")
        : merge(split.get(), merged.get(), catalog.children(partition));
  }

  private Action merge(PartitionEntry split, PartitionEntry merged, List<PartitionEntry> parts) {
    List<LedPartition> led = parts.stream().flatMap(part -> view.led(part.id()).stream()).toList();
    if (led.stream().anyMatch(MergePlan::frozenTooLong)) {
      return giveUp(merged, "not all replicas could be frozen in time");
    }
    if (led.size() < 2) {
      return new Action.Wait(WAIT_FOR_LEADERS, "a part of the partition has no leader");
    }
    PartitionReport one = led.getFirst().report();
    PartitionReport other = led.getLast().report();
    String obstacle = obstacle(one, other);
    if (obstacle != null) {
      return giveUp(merged, obstacle);
    }
    FreezeReport left = freeze(one, merged);
    FreezeReport right = freeze(other, merged);
    if (left != null && right != null) {
      return frozen(merged, left, right);
    }
    String reason = waitsFor(one, other);
    if (reason != null) {
      return new Action.Wait(WAIT, reason);
    }
    List<Action.Freeze.Side> sides = new ArrayList<>();
    if (left == null) {
      sides.add(side(led.getFirst(), other.partition()));
    }
    if (right == null) {
      sides.add(side(led.getLast(), one.partition()));
    }
    return new Action.Freeze(FREEZE, merged, split.name(), sides);
  }

  private Action frozen(PartitionEntry merged, FreezeReport left, FreezeReport right) {
    if (!left.voters().equals(right.voters()) || !left.learners().equals(right.learners())) {
      return giveUp(merged, ELSEWHERE);
    }
    for (NodeId member : members(left)) {
      for (PartitionEntry part : view.catalog().children(partition)) {
        if (!view.hasFrozen(member, part.id(), merged.id())) {
          return new Action.Wait(FREEZE, "node " + member + " has not frozen its replicas yet");
        }
      }
    }
    return new Action.Propose(
        COMMIT,
        new CatalogCommand.CommitMerge(
            merged.id(),
            Math.max(left.epoch(), right.epoch()) + 1,
            left.voters(),
            left.learners()));
  }

  private static Action.Freeze.Side side(LedPartition led, PartitionId sibling) {
    PartitionReport report = led.report();
    return new Action.Freeze.Side(report.partition(), led.leader(), report.epoch(), sibling);
  }

  private static @Nullable FreezeReport freeze(PartitionReport report, PartitionEntry merged) {
    FreezeReport freeze = report.freeze();
    return freeze != null && freeze.into().equals(merged.id()) ? freeze : null;
  }

  private static boolean frozenTooLong(LedPartition led) {
    FreezeReport freeze = led.report().freeze();
    return freeze != null && freeze.lastingMillis() > FROZEN_MAX.toMillis();
  }

  private static List<NodeId> members(FreezeReport freeze) {
    return Stream.concat(freeze.voters().stream(), freeze.learners().stream()).toList();
  }

  /// Why two Partitions cannot be merged as they are, null if they can.
  private @Nullable String obstacle(PartitionReport left, PartitionReport right) {
    if (left.split() != null || right.split() != null) {
      return "a part of the partition was split";
    }
    boolean settled = !left.changing() && !right.changing();
    if (settled
        && (!left.voters().equals(right.voters()) || !left.learners().equals(right.learners()))) {
      return ELSEWHERE;
    }
    boolean frozen = left.freeze() != null && right.freeze() != null;
    if (frozen && !ids(left).equals(ids(right))) {
      return "an index is being added or dropped";
    }
    return Stream.concat(left.voters().stream(), left.learners().stream())
        .filter(member -> !view.isAlive(member))
        .findFirst()
        .map(node -> "node " + node + ", which has replicas of its parts, is not alive")
        .orElse(null);
  }

  /// What stands in the way of a freeze and passes; null if nothing does.
  private static @Nullable String waitsFor(PartitionReport left, PartitionReport right) {
    if (left.changing() || right.changing()) {
      return "the members of a part are being changed";
    }
    if (left.unsettled() != null || right.unsettled() != null) {
      return left.unsettled() != null ? left.unsettled() : right.unsettled();
    }
    return ids(left).equals(ids(right)) ? null : "an index is being added or dropped";
  }

  private static List<Long> ids(PartitionReport report) {
    return report.indexes().stream().map(IndexReport::id).sorted().toList();
  }

  private Action giveUp(PartitionEntry merged, String reason) {
    return new Action.Propose(GIVE_UP, new CatalogCommand.GiveUpMerge(id, merged.id(), reason));
  }

  private Action cleanUp(PartitionEntry merged) {
    List<PartitionEntry> parts = view.catalog().merged(merged.id());
    if (parts.isEmpty()) {
      return Action.Finish.DONE;
    }
    boolean complete = true;
    for (PartitionEntry part : parts) {
      for (NodeId member : behind(part, merged, view)) {
        if (!SplitPlan.isCutOff(member, part, view)) {
          return new Action.Wait(CLEAN_UP, "node " + member + " has not merged its replicas yet");
        }
        complete = false;
      }
    }
    return complete
        ? new Action.Propose(CLEAN_UP, new CatalogCommand.RetirePartition(parts.getFirst().id()))
        : Action.Finish.DONE;
  }

  /// Whether nobody needs the group any more of a Partition that was merged into another one by an
  /// operation that has ended.
  static boolean isRetirable(PartitionEntry part, ClusterView view) {
    PartitionId into = part.parent();
    PartitionEntry merged =
        into == null || part.state() != PartitionEntry.State.MERGED
            ? null
            : view.catalog().partition(into).orElse(null);
    return merged != null
        && !isBeingMerged(merged, view)
        && view.catalog().merged(merged.id()).stream()
            .allMatch(each -> behind(each, merged, view).isEmpty());
  }

  private static boolean isBeingMerged(PartitionEntry merged, ClusterView view) {
    return view.catalog().operations().values().stream()
        .filter(each -> each.state() == OperationEntry.State.RUNNING)
        .anyMatch(each ->
            each.operation() instanceof Operation.MergePartitions(var split)
                && view.catalog().answering(split).filter(merged::equals).isPresent());
  }

  /// The members that need the group of a part, because they have not made the one of it and have
  /// to. A copy that the one does not have any more is removed with the rows that it has.
  private static List<NodeId> behind(PartitionEntry part, PartitionEntry merged, ClusterView view) {
    return part.members().stream()
        .filter(member -> !view.hasSplit(member, part.id()))
        .filter(member ->
            !part.learners().contains(member)
                || merged.members().contains(member)
                || SplitPlan.hasPart(member, merged, view))
        .toList();
  }

  /// What is frozen for a merge that will not be.
  static List<Action.Unfreeze> unfreeze(ClusterView view) {
    Catalog catalog = view.catalog();
    List<Action.Unfreeze> actions = new ArrayList<>();
    view.leaders()
        .forEach((partition, led) -> {
          FreezeReport freeze = led.report().freeze();
          if (freeze != null
              && view.isAlive(led.leader())
              && isActive(catalog, partition)
              && freeze.into().value() < catalog.nextId()
              && catalog.partition(freeze.into()).isEmpty()) {
            actions.add(new Action.Unfreeze(UNFREEZE, partition, led.leader(), freeze.into()));
          }
        });
    return actions;
  }

  private static boolean isActive(Catalog catalog, PartitionId partition) {
    return catalog
        .partition(partition)
        .filter(entry -> entry.state() == PartitionEntry.State.ACTIVE)
        .isPresent();
  }
}
