package dev.partita.node.raft;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What goes wrong in a simulation, and what its administrator does to the group meanwhile.
final class SimFaults {

  private static final int VOTERS_MAX = 5;
  private static final double STALLED = 10_000;
  private static final long UNSETTLED_NANOS = 20_000_000;

  private final Simulation simulation;
  private final SimProfile profile;
  private final SimAmbush ambush;
  private boolean stopped;
  private long newLeaderNanos;

  SimFaults(Simulation simulation, SimProfile profile) {
    this.simulation = simulation;
    this.profile = profile;
    ambush = new SimAmbush(simulation, this);
  }

  void begin() {
    simulation.network.setRates(profile.lossRate(), profile.doubleRate(), profile.slowRate());
    if (profile.totalWeight() > 0) {
      next();
    }
    if (simulation.focus == SimProfile.Focus.BEGINNINGS && simulation.random.nextBoolean()) {
      ambush.loseWhatTheFirstLeaderWrites(simulation.replica(new NodeId(1)));
    }
  }

  /// Ends all trouble.
  void stop() {
    stopped = true;
    ambush.disarm();
    simulation.network.setRates(0, 0, 0);
    simulation.network.heal();
    for (SimReplica replica : simulation.replicas()) {
      replica.slowDisk(1);
      replica.resume();
      replica.restart();
    }
  }

  /// An administrator who waits for a leader asks it before it has settled.
  void sawNewLeader() {
    newLeaderNanos = simulation.nowNanos();
    // Not at once: the leader is still handling its effects.
    later(0, ambush::sawNewLeader);
    if (!stopped && profile.changes() > 0 && simulation.random.nextInt(3) == 0) {
      later(simulation.between(0, 3_000_000), this::changeMembers);
    }
  }

  /// Some crashes come at the worst moment: when something was just told, or a new leader just
  /// begun.
  void sawEffects(SimReplica replica, Effects effects) {
    if (stopped || profile.crashes() == 0 || !effects.sync()) {
      return;
    }
    boolean votes =
        effects.hardState() != null
            && effects.hardState().vote() != null
            && effects.entries().isEmpty();
    boolean unsettled =
        effects.role() == Role.LEADER && simulation.nowNanos() - newLeaderNanos < UNSETTLED_NANOS;
    if (simulation.random.nextInt(votes || unsettled ? 20 : 400) == 0) {
      later(
          simulation.between(0, 2_000_000),
          () -> {
            replica.crash();
            later(during(300_000, 30_000_000), replica::restart);
          });
    }
  }

  private void next() {
    later(
        during(5_000_000, 300_000_000),
        () -> {
          happen();
          next();
        });
  }

  /// Does something later unless all trouble has ended by then.
  void later(long delayNanos, Runnable action) {
    simulation.after(
        delayNanos,
        () -> {
          if (!stopped) {
            action.run();
          }
        });
  }

  /// A time at the pace of this run.
  private long during(long leastNanos, long mostNanos) {
    return (long) (simulation.between(leastNanos, mostNanos) * profile.pace());
  }

  private void happen() {
    SimReplica leader = simulation.leader();
    if (leader != null && leader.responsive() && simulation.random.nextInt(8) == 0) {
      ambush.lay(leader);
      return;
    }
    int choice = simulation.random.nextInt(profile.totalWeight());
    if ((choice -= profile.crashes()) < 0) {
      crash();
    } else if ((choice -= profile.pauses()) < 0) {
      pause();
    } else if ((choice -= profile.cuts()) < 0) {
      cut();
    } else if ((choice -= profile.slowDisks()) < 0) {
      slowDisk();
    } else if ((choice -= profile.changes()) < 0) {
      changeMembers();
    } else if ((choice -= profile.transfers()) < 0) {
      transfer();
    } else {
      victim().compact();
    }
  }

  /// Any replica, more often the one that leads.
  private SimReplica victim() {
    SimReplica leader = simulation.leader();
    List<SimReplica> all = simulation.replicas();
    return leader != null && simulation.random.nextInt(3) == 0
        ? leader
        : all.get(simulation.random.nextInt(all.size()));
  }

  private void crash() {
    int count =
        simulation.random.nextInt(5) == 0
            ? simulation.random.nextInt(1, simulation.replicas().size() + 1)
            : 1;
    boolean quick = simulation.random.nextBoolean();
    for (int i = 0; i < count; i++) {
      SimReplica victim = victim();
      // A disk that stalls before the crash makes it likely that something told is lost.
      long stallNanos = simulation.random.nextBoolean() ? during(5_000_000, 150_000_000) : 0;
      victim.slowDisk(stallNanos > 0 ? STALLED : 1);
      later(
          stallNanos,
          () -> {
            victim.crash();
            victim.slowDisk(1);
            later(
                quick ? during(1_000_000, 30_000_000) : during(1_000_000, 600_000_000),
                victim::restart);
          });
    }
  }

  private void pause() {
    SimReplica victim = victim();
    victim.pause();
    later(during(10_000_000, 900_000_000), victim::resume);
  }

  private void slowDisk() {
    SimReplica victim = victim();
    victim.slowDisk(simulation.random.nextDouble(10, 400));
    later(during(50_000_000, 1_000_000_000), () -> victim.slowDisk(1));
  }

  private void transfer() {
    SimReplica leader = simulation.leader();
    if (leader != null) {
      leader.transferLeadership(victim().id);
      if (simulation.random.nextInt(3) == 0) {
        leader.transferLeadership(victim().id);
      }
    }
  }

  private void cut() {
    List<NodeId> nodes = shuffled();
    int half = simulation.random.nextInt(1, nodes.size());
    switch (simulation.random.nextInt(7)) {
      case 0 -> simulation.network.cut(nodes.subList(0, half), nodes.subList(half, nodes.size()));
      case 1 -> simulation.network.cut(List.of(victim().id), nodes);
      // A bridge: only the middle one sees both sides.
      case 2 ->
          simulation.network.cut(
              nodes.subList(0, half),
              nodes.subList(Math.min(half + 1, nodes.size()), nodes.size()));
      case 3 -> {
        NodeId deaf = victim().id;
        nodes.forEach(node -> simulation.network.cut(node, deaf));
      }
      case 4 -> abandonLeader(nodes);
      case 5 -> {
        NodeId far = victim().id;
        boolean both = simulation.random.nextBoolean();
        for (NodeId node : nodes) {
          simulation.network.slow(node, far);
          if (both) {
            simulation.network.slow(far, node);
          }
        }
      }
      default ->
          nodes.forEach(node ->
              simulation.network.cut(node, nodes.get(simulation.random.nextInt(nodes.size()))));
    }
    simulation.note(() -> "cut");
    later(
        during(20_000_000, 1_200_000_000),
        () -> {
          simulation.note(() -> "healed");
          simulation.network.heal();
        });
    SimReplica leader = simulation.leader();
    if (leader != null && simulation.random.nextInt(3) == 0) {
      leader.loseContactTo(victim().id);
    }
  }

  /// The leader keeps only one follower for a while, then crashes: entries are left on few
  /// replicas.
  private void abandonLeader(List<NodeId> nodes) {
    SimReplica leader = simulation.leader();
    if (leader == null) {
      return;
    }
    simulation.network.cut(List.of(leader.id), nodes.subList(1, nodes.size()));
    later(
        during(5_000_000, 200_000_000),
        () -> {
          leader.crash();
          simulation.network.heal();
          later(during(1_000_000, 300_000_000), leader::restart);
        });
  }

  private List<NodeId> shuffled() {
    var nodes = new ArrayList<NodeId>();
    for (SimReplica replica : simulation.replicas()) {
      nodes.add(simulation.random.nextInt(nodes.size() + 1), replica.id);
    }
    return nodes;
  }

  /// Asks for new members, or deletes a replica that is none. Only who has caught up becomes a
  /// voter.
  private void changeMembers() {
    SimReplica leader = simulation.leader();
    if (leader == null || !leader.responsive()) {
      return;
    }
    Configuration current = leader.raft().configuration();
    NodeId someone =
        simulation.replicas().get(simulation.random.nextInt(simulation.replicas().size())).id;
    if (!current.contains(someone)) {
      if (simulation.random.nextBoolean() && isDecided(leader.raft())) {
        simulation.note(() -> someone + " is deleted");
        simulation.replica(someone).bury();
      } else {
        leader.changeConfiguration(ConfigurationChange.addLearner(current, someone));
      }
      return;
    }
    ConfigurationChange change =
        simulation.random.nextInt(3) == 0
            ? exchange(current, leader.raft())
            : changeOne(current, leader.raft(), someone);
    if (change != null) {
      leader.changeConfiguration(change);
    }
  }

  private static boolean isDecided(Raft leader) {
    return !leader.configuration().joint()
        && leader.configuration().equals(leader.configurationAt(leader.appliedIndex()));
  }

  private @Nullable ConfigurationChange changeOne(
      Configuration current, Raft leader, NodeId someone) {
    if (current.voters().contains(someone)) {
      if (current.voters().size() == 1) {
        return null;
      }
      return simulation.random.nextBoolean()
          ? ConfigurationChange.remove(current, someone)
          : ConfigurationChange.addLearner(current, someone);
    }
    boolean mayVote = current.voters().size() < VOTERS_MAX && isCaughtUp(leader, someone);
    return mayVote ? ConfigurationChange.promote(current, someone) : null;
  }

  /// Several voters at once, by way of a joint configuration.
  private @Nullable ConfigurationChange exchange(Configuration current, Raft leader) {
    Set<NodeId> voters = new TreeSet<>();
    Set<NodeId> learners = new TreeSet<>();
    for (NodeId node : current.members()) {
      boolean mayVote = current.voters().contains(node) || isCaughtUp(leader, node);
      if (mayVote && voters.size() < VOTERS_MAX && simulation.random.nextInt(3) > 0) {
        voters.add(node);
      } else if (simulation.random.nextBoolean()) {
        learners.add(node);
      }
    }
    return voters.isEmpty() ? null : new ConfigurationChange(voters, learners);
  }

  private static boolean isCaughtUp(Raft leader, NodeId node) {
    return leader.peers().stream()
        .anyMatch(peer -> peer.node().equals(node) && peer.matchIndex() >= leader.commitIndex());
  }
}
