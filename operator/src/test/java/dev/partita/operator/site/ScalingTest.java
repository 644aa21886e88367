package dev.partita.operator.site;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.nodeclient.MemberView.State;
import dev.partita.operator.nodeclient.MemberView.SystemRole;
import dev.partita.operator.nodeclient.OperationSpec;
import dev.partita.operator.nodeclient.OperationSpec.Kind;
import dev.partita.operator.nodeclient.OperationView;
import dev.partita.operator.nodeclient.PartitionView;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The id of a node is that of its pod's ordinal unless a test says otherwise.
class ScalingTest {

  private final List<MemberView> members = new ArrayList<>();
  private final List<OperationView> operations = new ArrayList<>();

  @Test
  void podsAreNeverTakenWhileTheClusterIsNotSeen() {
    assertThat(Scaling.unobserved(3, 5).replicas()).isEqualTo(5);
    assertThat(Scaling.unobserved(5, 3).replicas()).isEqualTo(5);
  }

  @Test
  void surplusNodesAreDrainedAndTheirPodsKept() {
    member("0", 0, State.ACTIVE, true, 1);
    member("1", 1, State.ACTIVE, true, 1);
    member("2", 2, State.ACTIVE, true, 1);
    Scaling scaling = plan(1);
    assertThat(scaling.replicas()).isEqualTo(3);
    assertThat(scaling.operations())
        .containsOnly(
            Map.entry("drain-1-7", OperationSpec.ofNode(Kind.DRAIN_NODE, "1")),
            Map.entry("drain-2-7", OperationSpec.ofNode(Kind.DRAIN_NODE, "2")));
  }

  @Test
  void anEmptyDrainedNodeIsRemovedAndItsPodGoesAfterwards() {
    member("0", 0, State.ACTIVE, true, 1);
    member("1", 1, State.DRAINING, true, 0);
    assertThat(plan(1).operations()).containsOnlyKeys("remove-1");
    assertThat(plan(1).replicas()).isEqualTo(2);
    members.removeLast();
    member("1", 1, State.GONE, true, 0);
    assertThat(plan(1).replicas()).isEqualTo(1);
    assertThat(plan(1).operations()).isEmpty();
  }

  @Test
  void thePodStaysWhileTheRemovalOfItsNodeRuns() {
    member("0", 0, State.ACTIVE, true, 1);
    member("1", 1, State.GONE, true, 0);
    operations.add(
        new OperationView(
            "remove-1", Kind.REMOVE_NODE, null, "demote", OperationView.State.RUNNING, null));
    assertThat(plan(1).replicas()).isEqualTo(2);
    assertThat(plan(2).forgotten()).isEmpty();
    operations.clear();
    assertThat(plan(1).replicas()).isEqualTo(1);
  }

  @Test
  void aLowerPodWaitsForAHigherOne() {
    member("0", 0, State.ACTIVE, true, 1);
    member("1", 1, State.GONE, true, 0);
    member("2", 2, State.DRAINING, true, 1);
    assertThat(plan(1).replicas()).isEqualTo(3);
    assertThat(plan(1).forgotten()).isEmpty();
  }

  @Test
  void anEmptyNodeThatIsDownIsNotStartedAgain() {
    member("0", 0, State.ACTIVE, true, 1);
    members.add(
        new MemberView("1", "main-1", "main", "", State.ACTIVE, false, SystemRole.LEARNER, 0, 0));
    assertThat(plan(1).replicas()).isEqualTo(1);
    assertThat(plan(1).operations()).containsOnlyKeys("drain-1-7");
  }

  @Test
  void scalingUpAgainCancels() {
    member("0", 0, State.ACTIVE, true, 1);
    member("1", 1, State.DRAINING, true, 1);
    assertThat(plan(2).operations())
        .containsOnly(Map.entry("cancel-1-7", OperationSpec.ofNode(Kind.CANCEL_DRAIN, "1")));
  }

  @Test
  void aForgottenNodeBelowTheWantedNumberNeedsANewIdentity() {
    member("0", 0, State.ACTIVE, true, 1);
    member("1", 1, State.GONE, true, 0);
    assertThat(plan(2).forgotten()).containsExactly("main-1");
    member("9", 1, State.ACTIVE, true, 0);
    assertThat(plan(2).forgotten()).isEmpty();
  }

  @Test
  void aSupersededIdentityIsRemovedOnceItIsEmpty() {
    member("0", 0, State.ACTIVE, false, 1);
    member("9", 0, State.ACTIVE, true, 0);
    assertThat(plan(1).operations()).isEmpty();
    members.clear();
    member("0", 0, State.ACTIVE, false, 0);
    member("9", 0, State.ACTIVE, true, 1);
    assertThat(plan(1).operations()).containsOnlyKeys("remove-0");
  }

  @Test
  void nodesOfOtherSitesAreNotTouched() {
    members.add(
        new MemberView(
            "5", "other-5", "other", "", State.DRAINING, true, SystemRole.LEARNER, 0, 0));
    assertThat(plan(1).operations()).isEmpty();
    assertThat(plan(1).replicas()).isEqualTo(1);
  }

  @Test
  void anEdgeNodeCannotTakeOverWhatVotes() {
    member("0", 0, State.ACTIVE, true, 1);
    member("1", 1, State.DRAINING, true, 1);
    members.add(edge("5"));
    PartitionView partition = partition(List.of("0", "1"), List.of());
    assertThat(plan(1, partition).obstacle()).contains("Partition p has 2 replicas", "only 1");
  }

  @Test
  void aCopyAtTheEdgeHoldsNoNodeBack() {
    member("0", 0, State.ACTIVE, true, 1);
    member("1", 1, State.DRAINING, true, 1);
    PartitionView partition = partition(List.of("0", "7", "8"), List.of("1"));
    assertThat(plan(1, partition).obstacle()).isNull();
  }

  private static MemberView edge(String id) {
    return new MemberView(
        id, "edge-0", "edge", "", "", "", true, State.ACTIVE, true, SystemRole.LEARNER, 1, 0);
  }

  private static PartitionView partition(List<String> voters, List<String> learners) {
    List<PartitionView.ReplicaView> replicas = new ArrayList<>();
    voters.forEach(
        id -> replicas.add(new PartitionView.ReplicaView(id, PartitionView.Role.VOTER, true)));
    learners.forEach(
        id -> replicas.add(new PartitionView.ReplicaView(id, PartitionView.Role.LEARNER, true)));
    return new PartitionView(
        "1", "p", "c", 1, "0", replicas, 0, 0, 0, null, PartitionView.State.ACTIVE);
  }

  private Scaling plan(int wanted, PartitionView partition) {
    return Scaling.plan(
        "main",
        wanted,
        7,
        new ClusterView(
            1, "c", "0", members, List.of(partition), List.of(), operations, List.of()));
  }

  private Scaling plan(int wanted) {
    return Scaling.plan(
        "main",
        wanted,
        7,
        new ClusterView(1, "c", "0", members, List.of(), List.of(), operations, List.of()));
  }

  private void member(String id, int ordinal, State state, boolean alive, int replicas) {
    members.add(
        new MemberView(
            id, "main-" + ordinal, "main", "", state, alive, SystemRole.VOTER, replicas, 0));
  }
}
