package dev.partita.node.raft;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Sequences of troubles that random ones seldom line up, each known to have broken
/// implementations. Only the order is planned; the times are drawn.
final class SimAmbush {

  /// What to do when the next leader begins.
  private interface Trap {
    void spring(SimReplica newLeader);
  }

  private final Simulation simulation;
  private final SimFaults faults;
  private @Nullable Trap trap;

  SimAmbush(Simulation simulation, SimFaults faults) {
    this.simulation = simulation;
    this.faults = faults;
  }

  void sawNewLeader() {
    Trap set = trap;
    trap = null;
    SimReplica leader = simulation.leader();
    if (set != null && leader != null) {
      set.spring(leader);
    }
  }

  void disarm() {
    trap = null;
  }

  /// Lays an ambush for the replica that leads: the one that goes with the run's focus, or any.
  void lay(SimReplica leader) {
    switch (simulation.focus) {
      case LEFTOVERS -> leaveEntriesOfTwoTerms(leader);
      case LEASES -> restartWhoPromised(leader);
      case MEMBERS -> changeOnBothSides(leader);
      case ANYTHING, ELECTIONS, SNAPSHOTS, BEGINNINGS -> {
        switch (simulation.random.nextInt(3)) {
          case 0 -> leaveEntriesOfTwoTerms(leader);
          case 1 -> restartWhoPromised(leader);
          default -> changeOnBothSides(leader);
        }
      }
    }
  }

  /// The leader that the group begins with crashes when others have what it has sent and its own
  /// disk has little of it or nothing.
  void loseWhatTheFirstLeaderWrites(SimReplica first) {
    first.slowDisk(50);
    faults.later(
        simulation.between(3_000_000, 40_000_000),
        () -> {
          first.crash();
          first.slowDisk(1);
          faults.later(simulation.between(300_000, 5_000_000), first::restart);
        });
  }

  /// Raft thesis, figure 3.7: two leaders leave different entries behind, then the first comes back
  /// and is lost again before it has committed in its new term.
  private void leaveEntriesOfTwoTerms(SimReplica first) {
    isolate(first.id);
    faults.later(
        simulation.between(10_000_000, 60_000_000),
        () -> {
          first.crash();
          simulation.network.heal();
          trap =
              second -> {
                isolate(second.id);
                faults.later(simulation.between(1_000_000, 20_000_000), first::restart);
                trap =
                    third ->
                        faults.later(
                            simulation.between(1_000_000, 12_000_000), () -> swap(third, second));
              };
        });
    faults.later(1_000_000_000, first::restart);
  }

  private void swap(SimReplica down, SimReplica back) {
    down.crash();
    simulation.network.heal();
    trap = _ -> faults.later(simulation.between(1_000_000, 100_000_000), down::restart);
    back.resume();
    faults.later(500_000_000, down::restart);
  }

  /// All who have promised the leader to keep still restart just as it is cut off.
  private void restartWhoPromised(SimReplica leader) {
    isolate(leader.id);
    for (NodeId other : others(leader.id)) {
      SimReplica replica = simulation.replica(other);
      replica.crash();
      faults.later(simulation.between(300_000, 3_000_000), replica::restart);
    }
    faults.later(simulation.between(50_000_000, 300_000_000), simulation.network::heal);
  }

  /// Two leaders change the members without knowing of each other: one adds a voter, the other
  /// removes that one's leader, each with what it takes for a majority.
  private void changeOnBothSides(SimReplica leader) {
    Configuration current = leader.raft().configuration();
    if (current.learners().isEmpty() || current.voters().size() < 2) {
      return;
    }
    NodeId added = current.learners().iterator().next();
    var rest = new TreeSet<>(current.voters());
    rest.remove(leader.id);
    leader.changeConfiguration(ConfigurationChange.promote(current, added));
    simulation.network.cut(List.of(leader.id, added), List.copyOf(rest));
    trap =
        second -> {
          if (second == leader
              || second.raft().configuration().voters().equals(Set.of(leader.id))) {
            return;
          }
          second.changeConfiguration(
              ConfigurationChange.remove(second.raft().configuration(), leader.id));
          rest.remove(second.id);
          if (!rest.isEmpty()) {
            NodeId undecided = rest.first();
            var decided = new ArrayList<>(rest);
            decided.add(second.id);
            decided.remove(undecided);
            simulation.network.cut(List.of(undecided), decided);
            faults.later(
                simulation.between(20_000_000, 100_000_000),
                () -> {
                  simulation.network.heal();
                  simulation.network.cut(List.of(leader.id, added, undecided), decided);
                });
          }
        };
  }

  private void isolate(NodeId node) {
    simulation.network.cut(List.of(node), others(node));
  }

  private List<NodeId> others(NodeId node) {
    return simulation.replicas().stream()
        .map(replica -> replica.id)
        .filter(other -> !other.equals(node))
        .toList();
  }
}
