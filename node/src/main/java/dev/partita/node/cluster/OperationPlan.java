package dev.partita.node.cluster;

import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.NodeEntry;
import dev.partita.node.catalog.Operation;
import dev.partita.node.catalog.OperationEntry;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.cluster.ReportBoard.LedPartition;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// What is to be done next for each running operation. The recorded step is only told to people:
/// what to do follows from what is observed.
final class OperationPlan {
  /// Replicas that are moved at a time in the whole cluster: each reads a whole Partition and sends
  /// it over the network.
  static final int MOVES_MAX = 8;

  static final String MARK = "Mark";
  static final String HAND_OVER = "HandOver";
  static final String DEMOTE = "Demote";
  static final String WAIT_FOR_REPLICAS = "WaitForReplicas";
  static final String FORGET = "Forget";

  private OperationPlan() {}

  /// The next action of every running operation, by operation id. Of several moves, splits and
  /// merges of one Partition one goes on, and the others wait as they are.
  static Map<String, Action> next(ClusterView view) {
    Map<String, Action> actions = new LinkedHashMap<>();
    Map<PartitionId, String> changing = new LinkedHashMap<>();
    Set<String> going = new HashSet<>();
    running(view)
        .filter(entry -> !changed(entry.operation(), view).isEmpty())
        .sorted((one, other) -> Boolean.compare(begun(other), begun(one)))
        .forEach(entry -> {
          List<PartitionId> partitions = changed(entry.operation(), view);
          boolean free = partitions.stream().noneMatch(changing::containsKey);
          if (free && going.size() < MOVES_MAX) {
            partitions.forEach(partition -> changing.put(partition, entry.id()));
            going.add(entry.id());
          }
        });
    running(view)
        .forEach(entry -> {
          boolean waits =
              !changed(entry.operation(), view).isEmpty() && !going.contains(entry.id());
          actions.put(
              entry.id(),
              waits
                  ? new Action.Wait(OperationEntry.RECORDED, "other moves are under way")
                  : next(entry, view));
        });
    return actions;
  }

  /// The Partitions whose members or bounds an operation changes: one operation at a time.
  private static List<PartitionId> changed(Operation operation, ClusterView view) {
    return switch (operation) {
      case Operation.MoveReplica move -> List.of(move.partition());
      case Operation.SplitPartition split -> List.of(split.partition());
      case Operation.MergePartitions(var split) -> {
        var all = new ArrayList<PartitionId>();
        all.add(split);
        view.catalog().children(split).forEach(part -> all.add(part.id()));
        yield all;
      }
      case Operation.TransferLeader _,
          Operation.DrainNode _,
          Operation.CancelDrain _,
          Operation.RemoveNode _ ->
          List.of();
    };
  }

  private static Stream<OperationEntry> running(ClusterView view) {
    return view.catalog().operations().values().stream()
        .filter(entry -> entry.state() == OperationEntry.State.RUNNING);
  }

  private static boolean begun(OperationEntry entry) {
    return !entry.step().equals(OperationEntry.RECORDED);
  }

  private static Action next(OperationEntry entry, ClusterView view) {
    return switch (entry.operation()) {
      case Operation.MoveReplica move -> new MovePlan(move, view).next();
      case Operation.SplitPartition(var partition, var at) ->
          new SplitPlan(partition, at, view).next();
      case Operation.MergePartitions(var partition) ->
          new MergePlan(entry.id(), partition, view).next();
      case Operation.TransferLeader(var partition, var to) -> transfer(partition, to, view);
      case Operation.DrainNode(var node) -> drain(node, view);
      case Operation.CancelDrain(var node) -> cancelDrain(node, view);
      case Operation.RemoveNode(var node) -> remove(node, view);
    };
  }

  /// The end of an operation on the group of a Partition that has no group any more, or will soon
  /// have none; empty if it has one. Nobody leads it then, so it must not be waited for.
  static Optional<Action> endOfGroup(Optional<PartitionEntry> entry) {
    String why =
        switch (entry.map(PartitionEntry::state).orElse(null)) {
          case null -> "the partition was dropped";
          case MERGED -> "the partition was merged into the one that it was split from";
          case SPLIT -> "the partition was split: ask for its children";
          case PENDING, CREATING, ACTIVE, RETAINED -> null;
        };
    return Optional.ofNullable(why).map(Action.Finish::failed);
  }

  private static Action transfer(PartitionId partition, NodeId to, ClusterView view) {
    Optional<Action> end = endOfGroup(view.catalog().partition(partition));
    if (end.isPresent()) {
      return end.get();
    }
    Optional<LedPartition> led = view.led(partition);
    if (led.isEmpty()) {
      return new Action.Wait(HAND_OVER, "the partition has no leader");
    }
    if (led.get().leader().equals(to)) {
      return Action.Finish.DONE;
    }
    if (!led.get().report().voters().contains(to)) {
      return Action.Finish.failed("the node is not a voter of the partition");
    }
    if (!view.isAlive(to)) {
      return Action.Finish.failed("the node is not alive");
    }
    return new Action.TransferLeader(HAND_OVER, partition, led.get().leader(), to);
  }

  private static Action drain(NodeId node, ClusterView view) {
    NodeEntry entry = view.catalog().nodes().get(node);
    if (entry == null || entry.state() == NodeEntry.State.GONE) {
      return Action.Finish.DONE;
    }
    if (entry.state() == NodeEntry.State.ACTIVE) {
      return new Action.Propose(
          MARK, new CatalogCommand.SetNodeState(node, NodeEntry.State.DRAINING));
    }
    if (view.system().isVoter(node)) {
      return new Action.Wait(DEMOTE, "it votes in the system partition");
    }
    // Leadership is taken from every draining node, with or without an operation: see LeaderPlan.
    boolean leads = view.leaders().values().stream().anyMatch(led -> led.leader().equals(node));
    return leads && view.isAlive(node)
        ? new Action.Wait(HAND_OVER, "it leads partitions")
        : Action.Finish.DONE;
  }

  private static Action cancelDrain(NodeId node, ClusterView view) {
    Optional<OperationEntry> drain =
        running(view)
            .filter(entry -> entry.operation().equals(new Operation.DrainNode(node)))
            .findFirst();
    if (drain.isPresent()) {
      return new Action.Propose(
          MARK,
          new CatalogCommand.AdvanceOperation(
              drain.get().id(),
              OperationEntry.FINISHED,
              OperationEntry.State.FAILED,
              "it was cancelled"));
    }
    NodeEntry entry = view.catalog().nodes().get(node);
    if (entry == null || entry.state() == NodeEntry.State.GONE) {
      return Action.Finish.failed("the node is gone");
    }
    return entry.state() == NodeEntry.State.ACTIVE
        ? Action.Finish.DONE
        : new Action.Propose(MARK, new CatalogCommand.SetNodeState(node, NodeEntry.State.ACTIVE));
  }

  private static Action remove(NodeId node, ClusterView view) {
    NodeEntry entry = view.catalog().nodes().get(node);
    if (entry == null) {
      return Action.Finish.DONE;
    }
    if (entry.state() != NodeEntry.State.GONE) {
      Optional<PartitionEntry> placed =
          view.catalog().partitions().all().stream()
              .filter(PartitionEntry::isRouted)
              .filter(partition -> partition.members().contains(node))
              .findFirst();
      return placed.isPresent()
          ? new Action.Wait(WAIT_FOR_REPLICAS, "it has a replica of " + placed.get().name())
          : new Action.Propose(FORGET, new CatalogCommand.SetNodeState(node, NodeEntry.State.GONE));
    }
    return view.system().contains(node)
        ? new Action.Wait(DEMOTE, "it is a member of the system partition")
        : Action.Finish.DONE;
  }
}
