package dev.partita.node.raft;

import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/// A wish to change the members of a group, stated as the members it shall have. The leader takes
/// the shortest safe way: one entry when at most one voter differs, else a joint configuration that
/// it leaves by itself once it is committed.
public record ConfigurationChange(Set<NodeId> voters, Set<NodeId> learners) {

  public ConfigurationChange {
    var target = Configuration.of(voters, learners);
    if (target.voters().isEmpty()) {
      throw new IllegalArgumentException("a group needs a voter");
    }
    voters = target.voters();
    learners = target.learners();
  }

  /// Adds `node` as a learner, or demotes it to one.
  public static ConfigurationChange addLearner(Configuration current, NodeId node) {
    return edit(current, voters -> voters.remove(node), learners -> learners.add(node));
  }

  /// Makes `node` a voter, whether it was a learner or unknown.
  public static ConfigurationChange promote(Configuration current, NodeId node) {
    return edit(current, voters -> voters.add(node), learners -> learners.remove(node));
  }

  /// Removes `node`, whatever it was.
  public static ConfigurationChange remove(Configuration current, NodeId node) {
    return edit(current, voters -> voters.remove(node), learners -> learners.remove(node));
  }

  private static ConfigurationChange edit(
      Configuration current, Consumer<Set<NodeId>> editVoters, Consumer<Set<NodeId>> editLearners) {
    var voters = new TreeSet<>(current.voters());
    var learners = new TreeSet<>(current.learners());
    editVoters.accept(voters);
    editLearners.accept(learners);
    return new ConfigurationChange(voters, learners);
  }

  /// The next configuration on the way from `current`, which is not joint.
  Configuration firstStepFrom(Configuration current) {
    var changed = new TreeSet<>(voters);
    changed.removeAll(current.voters());
    current.voters().stream().filter(voter -> !voters.contains(voter)).forEach(changed::add);
    return new Configuration(voters, changed.size() > 1 ? current.voters() : Set.of(), learners);
  }
}
