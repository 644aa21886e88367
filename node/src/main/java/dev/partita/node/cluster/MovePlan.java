package dev.partita.node.cluster;

import static java.util.Objects.requireNonNull;

import dev.partita.node.catalog.NodeEntry;
import dev.partita.node.catalog.Operation.MoveReplica;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.cluster.ReportBoard.LedPartition;
import dev.partita.node.raft.ConfigurationChange;
import dev.partita.node.raft.NodeId;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The way of one replica from a node to another: the new one learns, catches up, and then takes
/// the place of the old one in one change of the members, so that the number of voters, and with it
/// the number of failures survived, is the same before and after. Where the old one leads,
/// leadership goes to another voter before.
///
/// A copy at an edge Site never votes. It is there as soon as it learns, and catches up by itself
/// over a line that may be slow; and where its node is not alive, nothing waits for it: the move
/// fails, to be asked for again when the line has come back.
///
/// Voters change only while a quorum of the new ones has caught up: a voter of a Partition that was
/// just split may have nothing yet, and then the one to go may be needed. The leader sees to that
/// too, and here it is told why nothing happens.
///
/// The change of the members is the point of no return: a single entry of the Partition's log.
final class MovePlan {
  static final String WAIT_FOR_LEADER = "WaitForLeader";
  static final String ADD_LEARNER = "AddLearner";
  static final String CATCH_UP = "CatchUp";
  static final String HAND_OVER = "HandOver";
  static final String SWAP = "Swap";
  static final String REMOVE = "Remove";
  static final String PUBLISH = "Publish";
  static final String CLEAN_UP = "CleanUp";

  private final MoveReplica move;
  private final ClusterView view;

  MovePlan(MoveReplica move, ClusterView view) {
    this.move = move;
    this.view = view;
  }

  Action next() {
    Optional<PartitionEntry> entry = view.catalog().partition(move.partition());
    Optional<Action> end = OperationPlan.endOfGroup(entry);
    if (end.isPresent()) {
      return end.get();
    }
    Optional<LedPartition> led = view.led(move.partition());
    if (led.isEmpty()) {
      return new Action.Wait(WAIT_FOR_LEADER, "the partition has no leader");
    }
    PartitionReport report = led.get().report();
    if (report.epoch() == 0) {
      return new Action.Wait(WAIT_FOR_LEADER, "the partition is being created");
    }
    if (report.changing()) {
      return new Action.Wait(SWAP, null);
    }
    if (isPlaced(report) && isRemoved(report)) {
      return report.epoch() > entry.get().epoch()
          ? new Action.Wait(PUBLISH, null)
          : Action.Finish.DONE;
    }
    return isPlaced(report) ? remove(led.get()) : add(led.get());
  }

  /// Whether the new replica is there and plays its part.
  private boolean isPlaced(PartitionReport report) {
    NodeId add = move.add();
    return add == null
        || report.voters().contains(add)
        || (report.learners().contains(add)
            && isEdge(add)
            && (move.remove() == null || report.caughtUp().contains(add)));
  }

  private boolean isRemoved(PartitionReport report) {
    return move.remove() == null || !report.hasMember(move.remove());
  }

  private boolean isEdge(NodeId node) {
    NodeEntry entry = view.catalog().nodes().get(node);
    return entry != null && entry.place().edge();
  }

  private Action add(LedPartition led) {
    NodeId add = requireNonNull(move.add());
    PartitionReport report = led.report();
    if (!view.catalog().hasMember(add)) {
      return report.hasMember(add)
          ? change(CLEAN_UP, led, null, add)
          : Action.Finish.failed("the node to add is unknown or gone");
    }
    if (!report.hasMember(add)) {
      if (move.remove() != null && isRemoved(report)) {
        return Action.Finish.failed("the node to remove has no replica");
      }
      return view.isAlive(add) ? learn(led, add) : awaitNode(ADD_LEARNER, add);
    }
    if (!report.caughtUp().contains(add)) {
      return view.isAlive(add) ? new Action.Wait(CATCH_UP, null) : awaitNode(CATCH_UP, add);
    }
    NodeId remove = move.remove();
    if (remove != null && led.leader().equals(remove)) {
      Optional<NodeId> successor = successor(report, remove);
      // The only voter leads: the new one gets its vote first.
      return successor.isPresent()
          ? new Action.TransferLeader(HAND_OVER, move.partition(), led.leader(), successor.get())
          : change(SWAP, led, add, null);
    }
    return change(SWAP, led, add, remove);
  }

  private Action awaitNode(String step, NodeId add) {
    return isEdge(add)
        ? Action.Finish.failed("the edge node to add is not alive")
        : new Action.Wait(step, "the node to add is not alive");
  }

  private Action remove(LedPartition led) {
    NodeId remove = requireNonNull(move.remove());
    PartitionReport report = led.report();
    if (report.voters().stream().allMatch(remove::equals)) {
      return Action.Finish.failed("the last replica cannot be removed");
    }
    if (led.leader().equals(remove)) {
      Optional<NodeId> successor = successor(report, remove);
      return successor.isPresent()
          ? new Action.TransferLeader(HAND_OVER, move.partition(), led.leader(), successor.get())
          : new Action.Wait(HAND_OVER, "no other voter has caught up");
    }
    return change(REMOVE, led, null, remove);
  }

  private Optional<NodeId> successor(PartitionReport report, NodeId leaving) {
    return report.voters().stream()
        .filter(voter -> !voter.equals(leaving))
        .filter(report.caughtUp()::contains)
        .filter(view::isAlive)
        .findFirst();
  }

  private Action learn(LedPartition led, NodeId node) {
    Set<NodeId> learners = new TreeSet<>(led.report().learners());
    learners.add(node);
    return new Action.ChangeMembers(
        ADD_LEARNER,
        move.partition(),
        led.leader(),
        new ConfigurationChange(new TreeSet<>(led.report().voters()), learners));
  }

  private Action change(
      String step, LedPartition led, @Nullable NodeId promote, @Nullable NodeId remove) {
    Set<NodeId> voters = new TreeSet<>(led.report().voters());
    Set<NodeId> learners = new TreeSet<>(led.report().learners());
    if (promote != null && !isEdge(promote)) {
      voters.add(promote);
      learners.remove(promote);
    }
    if (remove != null) {
      voters.remove(remove);
      learners.remove(remove);
    }
    if (voters.isEmpty()) {
      return Action.Finish.failed("the last replica cannot be removed");
    }
    Set<NodeId> behind = new TreeSet<>(voters);
    behind.removeAll(led.report().caughtUp());
    boolean quorum = voters.size() - behind.size() > voters.size() / 2;
    return quorum || voters.equals(Set.copyOf(led.report().voters()))
        ? new Action.ChangeMembers(
            step, move.partition(), led.leader(), new ConfigurationChange(voters, learners))
        : new Action.Wait(step, "no quorum of the new voters has caught up: not " + names(behind));
  }

  private String names(Set<NodeId> nodes) {
    return nodes.stream().map(this::name).collect(Collectors.joining(", "));
  }

  private String name(NodeId node) {
    NodeEntry entry = view.catalog().nodes().get(node);
    return entry == null ? node.toString() : entry.name();
  }
}
