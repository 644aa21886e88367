package dev.partita.operator.site;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.nodeclient.MemberView.State;
import dev.partita.operator.nodeclient.MemberView.SystemRole;
import dev.partita.operator.nodeclient.OperationSpec;
import dev.partita.operator.nodeclient.OperationSpec.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The id of a node is that of its pod's ordinal unless a test says otherwise.
class ScalingTest {

  private final List<MemberView> members = new ArrayList<>();

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
  void aLowerPodWaitsForAHigherOne() {
    member("0", 0, State.ACTIVE, true, 1);
    member("1", 1, State.GONE, true, 0);
    member("2", 2, State.DRAINING, true, 1);
    assertThat(plan(1).replicas()).isEqualTo(3);
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

  private Scaling plan(int wanted) {
    return Scaling.plan(
        "main",
        wanted,
        7,
        new ClusterView(1, "c", "0", members, List.of(), List.of(), List.of(), List.of()));
  }

  private void member(String id, int ordinal, State state, boolean alive, int replicas) {
    members.add(
        new MemberView(
            id, "main-" + ordinal, "main", "", state, alive, SystemRole.VOTER, replicas, 0));
  }
}
