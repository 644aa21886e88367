package dev.partita.node.cluster;

import static dev.partita.node.cluster.Views.node;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.NodeEntry;
import dev.partita.node.config.Place;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.NodeId;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class VoterPlanTest {
  private static final int STEPS_MAX = 10;

  private final Views cluster = new Views();

  private static Configuration members(Set<NodeId> voters) {
    return Configuration.of(voters, Set.of());
  }

  /// Does what the plan says until it says nothing.
  private void settle() {
    for (int i = 0; i < STEPS_MAX; i++) {
      Optional<VoterPlan.Step> step = VoterPlan.next(cluster.view());
      if (step.isEmpty()) {
        return;
      }
      switch (step.get()) {
        case VoterPlan.Step.Change(var change) -> {
          assertThat(change.voters()).as("the leader keeps its vote").contains(cluster.self);
          cluster.system = Configuration.of(change.voters(), change.learners());
        }
        case VoterPlan.Step.HandOver(var to) -> {
          assertThat(cluster.system.voters()).contains(to);
          cluster.self = to;
        }
      }
    }
    throw new AssertionError("no end: " + cluster.system);
  }

  private void setState(int number, NodeEntry.State state) {
    cluster.apply(new CatalogCommand.SetNodeState(node(number), state));
  }

  @Test
  void votersGrowInOddNumbersUpToFive() {
    cluster.system = members(Set.of(node(1)));
    int[] expected = {1, 1, 3, 3, 5, 5, 5};
    for (int number = 1; number <= expected.length; number++) {
      cluster.register(number, false);
      settle();
      assertThat(cluster.system.voters()).hasSize(expected[number - 1]);
      assertThat(cluster.system.members()).hasSize(number);
    }
  }

  @Test
  void edgeNodesOnlyLearn() {
    cluster.registerAll(1).register(2, true).register(3, true);
    cluster.system = members(Set.of(node(1)));
    settle();
    assertThat(cluster.system.voters()).containsExactly(node(1));
    assertThat(cluster.system.learners()).containsExactly(node(2), node(3));
  }

  @Test
  void aDeadVoterKeepsItsVoteAndAGoneOneIsReplaced() {
    cluster.registerAll(4);
    cluster.system = members(Set.of(node(1), node(2), node(3)));
    cluster.alive.remove(node(3));
    settle();
    assertThat(cluster.system.voters()).contains(node(3));
    setState(3, NodeEntry.State.GONE);
    settle();
    assertThat(cluster.system.members()).containsExactly(node(1), node(2), node(4));
    assertThat(cluster.system.voters()).hasSize(3);
  }

  @Test
  void aDrainingLeaderHandsOverAndLearns() {
    cluster.registerAll(4);
    cluster.system = members(Set.of(node(1), node(2), node(3)));
    setState(1, NodeEntry.State.DRAINING);
    settle();
    assertThat(cluster.self).isNotEqualTo(node(1));
    assertThat(cluster.system.voters()).containsExactly(node(2), node(3), node(4));
    assertThat(cluster.system.learners()).containsExactly(node(1));
  }

  @Test
  void theOnlyVoterIsReplacedWhenItDrains() {
    cluster.registerAll(2);
    cluster.system = members(Set.of(node(1)));
    settle();
    setState(1, NodeEntry.State.DRAINING);
    settle();
    assertThat(cluster.system.voters()).containsExactly(node(2));
    assertThat(cluster.self).isEqualTo(node(2));
  }

  @Test
  void theLastNodeKeepsItsVoteWhateverHappens() {
    cluster.registerAll(1);
    cluster.system = members(Set.of(node(1)));
    setState(1, NodeEntry.State.DRAINING);
    settle();
    assertThat(cluster.system.voters()).containsExactly(node(1));
  }

  private void register(int number, String cloud, String zone) {
    cluster.register(number, false);
    NodeEntry entry = requireNonNull(cluster.catalog.nodes().get(node(number)));
    cluster.apply(
        new CatalogCommand.RegisterNode(
            new NodeEntry(
                entry.id(),
                entry.name(),
                new Place("site", cloud, "", zone, false),
                entry.peer(),
                entry.http(),
                entry.state())));
  }

  /// Nodes from 1 on in these clouds.
  private void clouds(String... clouds) {
    for (int number = 1; number <= clouds.length; number++) {
      register(number, clouds[number - 1], "");
    }
  }

  private Set<NodeId> voters() {
    return new TreeSet<>(cluster.system.voters());
  }

  @Test
  void votersAreSpreadOverPlaces() {
    cluster.registerAll(3);
    cluster.system = members(Set.of(node(1), node(2), node(3)));
    settle();
    // Two in the zone of a voter, two elsewhere: the others are chosen.
    for (int number = 4; number <= 7; number++) {
      register(number, "", number < 6 ? "zone-1" : "zone-" + number);
    }
    settle();
    assertThat(voters()).containsExactly(node(1), node(2), node(3), node(6), node(7));
  }

  @Test
  void aThirdCloudTakesAVoteFromTheOneThatHasTwo() {
    clouds("a", "a", "b");
    cluster.system = members(Set.of(node(1), node(2), node(3)));
    settle();
    assertThat(voters()).containsExactly(node(1), node(2), node(3));
    register(4, "c", "");
    settle();
    assertThat(voters()).containsExactly(node(1), node(3), node(4));
    assertThat(cluster.system.learners()).containsExactly(node(2));
  }

  @Test
  void threeCloudsWithAVoteEachAreBetterThanFiveVotes() {
    clouds("a", "a", "a", "b", "c");
    cluster.system = members(Set.of(node(2)));
    cluster.self = node(2);
    settle();
    assertThat(voters()).containsExactly(node(2), node(4), node(5));
    register(6, "b", "");
    settle();
    assertThat(voters()).containsExactly(node(1), node(2), node(4), node(5), node(6));
  }

  @Test
  void fiveVotesOfOneCloudBecomeThreeWhereTwoMoreComeAndTheLeaderKeepsItsOwn() {
    clouds("a", "a", "a", "a", "a");
    cluster.self = node(5);
    cluster.system = members(Set.of(node(1), node(2), node(3), node(4), node(5)));
    settle();
    assertThat(voters()).hasSize(5);
    register(6, "b", "");
    settle();
    assertThat(voters()).as("one cloud has most whatever is done").hasSize(5);
    register(7, "c", "");
    settle();
    assertThat(voters()).containsExactly(node(5), node(6), node(7));
    assertThat(cluster.self).isEqualTo(node(5));
  }

  @Test
  void whileAVoterIsDeadNobodyLosesAVoteAndNoCloudGetsMost() {
    clouds("a", "a", "a", "b");
    cluster.system = members(Set.of(node(1), node(2), node(4)));
    cluster.alive.remove(node(4));
    register(5, "c", "");
    settle();
    assertThat(voters()).contains(node(1), node(2), node(4));
    cluster.alive.add(node(4));
    settle();
    assertThat(voters()).containsExactly(node(1), node(4), node(5));
    cluster.alive.remove(node(5));
    settle();
    assertThat(voters()).as("five would be three of one cloud").hasSize(3);
  }

  @Test
  void aZoneWithMostNodesHasNotMostVotes() {
    for (int number = 1; number <= 5; number++) {
      register(number, "", number < 4 ? "zone-1" : "zone-" + number);
    }
    cluster.system = members(Set.of(node(1)));
    settle();
    assertThat(voters()).containsExactly(node(1), node(4), node(5));
    setState(4, NodeEntry.State.GONE);
    settle();
    assertThat(voters()).as("two zones: the more the better").hasSize(3).contains(node(5));
  }
}
