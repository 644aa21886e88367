package dev.partita.node.cluster;

import dev.partita.node.catalog.NodeEntry;
import dev.partita.node.config.Place;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.ConfigurationChange;
import dev.partita.node.raft.NodeId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// Who votes in the system partition: as many nodes as can, up to five, an odd number, in different
/// places ([VoterChoice]); all others learn. A voter keeps its vote while it is only dead, because
/// it may come back; it loses it when its node drains or is gone, or when another set of voters
/// survives the loss of a cloud, a region or a zone that the present one does not survive.
final class VoterPlan {
  /// More voters cost more than the failures they survive are likely.
  static final int VOTERS_MAX = 5;

  private VoterPlan() {}

  /// What is to be done next.
  sealed interface Step {
    /// Change the members.
    record Change(ConfigurationChange change) implements Step {}

    /// Hand leadership to another voter, because this one is to lose its vote.
    record HandOver(NodeId to) implements Step {}
  }

  /// The next step, if there is one.
  static Optional<Step> next(ClusterView view) {
    Configuration present = view.system();
    if (present.joint() || present.voters().isEmpty()) {
      return Optional.empty();
    }
    Set<NodeId> voters = new TreeSet<>(present.voters());
    Set<NodeId> learners = new TreeSet<>(present.learners());
    forgetGone(view, voters, learners);
    addRegistered(view, voters, learners);
    demoteDraining(view, voters, learners);
    choose(view, voters, learners);
    if (voters.isEmpty()
        || (voters.equals(present.voters()) && learners.equals(present.learners()))) {
      return Optional.empty();
    }
    if (!voters.contains(view.self())) {
      return voters.stream()
          .filter(present.voters()::contains)
          .filter(view::isAlive)
          .filter(view.systemCaughtUp()::contains)
          .findFirst()
          .<Step>map(Step.HandOver::new)
          .or(() -> promotedFirst(present, voters, learners, view.self()));
    }
    return Optional.of(new Step.Change(new ConfigurationChange(voters, learners)));
  }

  /// No voter of now stays: the new ones get their vote before the leader loses its own.
  private static Optional<Step> promotedFirst(
      Configuration present, Set<NodeId> voters, Set<NodeId> learners, NodeId self) {
    if (voters.stream().allMatch(present.voters()::contains)) {
      return Optional.empty();
    }
    Set<NodeId> both = new TreeSet<>(voters);
    both.add(self);
    Set<NodeId> others = new TreeSet<>(learners);
    others.remove(self);
    return Optional.of(new Step.Change(new ConfigurationChange(both, others)));
  }

  private static void forgetGone(ClusterView view, Set<NodeId> voters, Set<NodeId> learners) {
    view.catalog()
        .nodes()
        .values()
        .forEach(node -> {
          if (node.state() == NodeEntry.State.GONE) {
            voters.remove(node.id());
            learners.remove(node.id());
          }
        });
  }

  private static void addRegistered(ClusterView view, Set<NodeId> voters, Set<NodeId> learners) {
    view.catalog().nodes().values().stream()
        .filter(node -> node.state() != NodeEntry.State.GONE)
        .map(NodeEntry::id)
        .filter(node -> !voters.contains(node))
        .forEach(learners::add);
  }

  private static void demoteDraining(ClusterView view, Set<NodeId> voters, Set<NodeId> learners) {
    for (NodeEntry node : view.catalog().nodes().values()) {
      boolean another = voters.stream().anyMatch(v -> !v.equals(node.id()) && view.isAlive(v));
      boolean successor = another || candidates(view, learners).stream().findAny().isPresent();
      if (node.state() == NodeEntry.State.DRAINING && voters.contains(node.id()) && successor) {
        voters.remove(node.id());
        learners.add(node.id());
      }
    }
  }

  /// While a voter is dead nobody loses its vote: each one that is alive may be needed.
  private static void choose(ClusterView view, Set<NodeId> voters, Set<NodeId> learners) {
    List<NodeId> candidates = candidates(view, learners).stream().map(NodeEntry::id).toList();
    int eligible =
        (int)
            view.catalog().nodes().values().stream()
                .filter(node -> node.state() == NodeEntry.State.ACTIVE && !node.place().edge())
                .count();
    int target = odd(Math.min(Math.min(VOTERS_MAX, eligible), voters.size() + candidates.size()));
    Map<NodeId, Place> places =
        view.catalog().nodes().values().stream()
            .collect(Collectors.toMap(NodeEntry::id, NodeEntry::place));
    Set<NodeId> chosen =
        new VoterChoice(places, view.self(), candidates, VOTERS_MAX)
            .best(voters, target, !view.alive().containsAll(voters));
    learners.addAll(voters);
    learners.removeAll(chosen);
    voters.retainAll(chosen);
    voters.addAll(chosen);
  }

  private static int odd(int count) {
    return count % 2 == 0 ? Math.max(1, count - 1) : count;
  }

  /// Learners that could vote at once.
  private static List<NodeEntry> candidates(ClusterView view, Set<NodeId> learners) {
    return view.catalog().nodes().values().stream()
        .filter(node -> node.state() == NodeEntry.State.ACTIVE && !node.place().edge())
        .filter(node -> learners.contains(node.id()))
        .filter(node -> view.isAlive(node.id()) && view.systemCaughtUp().contains(node.id()))
        .toList();
  }
}
