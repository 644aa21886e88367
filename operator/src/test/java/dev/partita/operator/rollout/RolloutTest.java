package dev.partita.operator.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.crd.Approval;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.nodeclient.MemberView.SystemRole;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.nodeclient.PartitionView.ReplicaView;
import dev.partita.operator.nodeclient.PartitionView.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Node ids are `0` and so on, and node `0` leads the system partition.
class RolloutTest {

  private final List<MemberView> members = new ArrayList<>();
  private final List<PartitionView> partitions = new ArrayList<>();
  private final List<RunningPod> pods = new ArrayList<>();
  private Approvals approvals = Approvals.of(Approval.None, null);

  @Test
  void podsOfTheWantedRevisionAreLeftAlone() {
    nodes(3, "new");
    assertThat(next()).isEqualTo(new RolloutStep.Settled());
  }

  @Test
  void learnersGoBeforeFollowersAndLeadersLast() {
    nodes(4, "old");
    members.set(2, member(2, true, SystemRole.LEARNER));
    members.set(3, member(3, true, SystemRole.LEARNER));
    partition("p", "1", "0", "1", "3");
    assertThat(next()).isEqualTo(new RolloutStep.Restart("s-2"));
    pods.set(2, pod(2, "new", true));
    assertThat(next()).isEqualTo(new RolloutStep.Restart("s-3"));
    pods.set(3, pod(3, "new", true));
    assertThat(next()).isInstanceOf(RolloutStep.Transfer.class);
  }

  @Test
  void aLeaderHandsOverBeforeItGoes() {
    nodes(3, "old");
    pods.set(0, pod(0, "new", true));
    pods.set(2, pod(2, "new", true));
    partition("p", "1", "0", "1", "2");
    assertThat(next()).isEqualTo(new RolloutStep.Transfer("p", "1", "0"));
    partitions.clear();
    partition("p", "0", "0", "1", "2");
    assertThat(next()).isEqualTo(new RolloutStep.Restart("s-1"));
  }

  @Test
  void onePodAtATime() {
    nodes(3, "old");
    pods.set(2, pod(2, "new", false));
    partition("p", "0", "0", "1", "2");
    assertThat(next()).isEqualTo(new RolloutStep.Wait("pod s-2 is not ready"));
  }

  @Test
  void noGroupLosesItsQuorum() {
    nodes(3, "old");
    partitions.add(
        new PartitionView(
            "1",
            "p",
            "c",
            1,
            "0",
            List.of(
                new ReplicaView("0", Role.VOTER, true),
                new ReplicaView("1", Role.VOTER, true),
                new ReplicaView("2", Role.VOTER, false)),
            0,
            0,
            0,
            null,
            PartitionView.State.ACTIVE));
    pods.set(2, pod(2, "new", true));
    assertThat(next())
        .isEqualTo(new RolloutStep.Wait("Partition p would lose its quorum without pod s-1"));
  }

  @Test
  void theSystemPartitionKeepsItsQuorum() {
    nodes(3, "old");
    members.set(1, member(1, false, SystemRole.VOTER));
    assertThat(next())
        .isEqualTo(
            new RolloutStep.Wait("the system partition would lose its quorum without pod s-2"));
  }

  @Test
  void aBrokenOldPodIsReplacedAtOnce() {
    nodes(3, "old");
    members.set(1, member(1, false, SystemRole.VOTER));
    pods.set(1, pod(1, "old", false));
    partition("p", "0", "0", "1", "2");
    assertThat(next()).isEqualTo(new RolloutStep.Restart("s-1"));
  }

  @Test
  void anOldPodThatLivesButDoesNotBecomeReadyIsReplacedFirst() {
    nodes(3, "old");
    pods.set(0, pod(0, "old", false));
    partition("p", "1", "0", "1", "2");
    assertThat(next()).isEqualTo(new RolloutStep.Restart("s-0"));
    members.set(1, member(1, false, SystemRole.VOTER));
    assertThat(next())
        .isEqualTo(new RolloutStep.Wait("Partition p would lose its quorum without pod s-0"));
  }

  @Test
  void nothingElseRestartsWhileABrokenNewPodStands() {
    nodes(3, "old");
    pods.set(2, pod(2, "new", false));
    members.set(2, member(2, false, SystemRole.VOTER));
    assertThat(next()).isEqualTo(new RolloutStep.Wait("pod s-2 is not ready"));
  }

  @Test
  void leadersWaitForApprovalAndKeepTheirLeadershipUntilThen() {
    approvals = Approvals.of(Approval.Leaders, null);
    nodes(3, "old");
    partition("p", "1", "0", "1", "2");
    assertThat(next()).isEqualTo(new RolloutStep.Restart("s-2"));
    pods.set(2, pod(2, "new", true));
    assertThat(next()).isEqualTo(new RolloutStep.Approve("s-1", "s-1.new"));
    approvals = Approvals.of(Approval.Leaders, "s-7.new, s-1.new");
    assertThat(next()).isEqualTo(new RolloutStep.Transfer("p", "1", "0"));
  }

  @Test
  void anApprovedPodGoesBeforeOneThatWaits() {
    approvals = Approvals.of(Approval.All, "s-1.new");
    nodes(3, "old");
    partition("p", "1", "0", "1", "2");
    assertThat(next()).isInstanceOf(RolloutStep.Transfer.class);
    pods.set(1, pod(1, "new", true));
    assertThat(next()).isEqualTo(new RolloutStep.Approve("s-2", "s-2.new"));
  }

  @Test
  void anApprovalOfAnEarlierRevisionIsNone() {
    approvals = Approvals.of(Approval.All, "s-2.old");
    nodes(3, "old");
    assertThat(next()).isEqualTo(new RolloutStep.Approve("s-2", "s-2.new"));
  }

  @Test
  void aDeadPodNeedsNoApproval() {
    approvals = Approvals.of(Approval.All, null);
    nodes(3, "old");
    members.set(1, member(1, false, SystemRole.VOTER));
    pods.set(1, pod(1, "old", false));
    assertThat(next()).isEqualTo(new RolloutStep.Restart("s-1"));
  }

  @Test
  void aPodIsSparedOnlyWhenEveryGroupSurvivesIt() {
    nodes(3, "new");
    partition("p", "1", "0", "1", "2");
    assertThat(rollout().isAnyPodSpared()).isTrue();
    members.set(2, member(2, false, SystemRole.VOTER));
    assertThat(rollout().isAnyPodSpared()).isFalse();
  }

  @Test
  void aSingleReplicaCannotBeSpared() {
    nodes(1, "old");
    partition("p", "0", "0");
    assertThat(next()).isEqualTo(new RolloutStep.Restart("s-0"));
  }

  private RolloutStep next() {
    return rollout().next();
  }

  private Rollout rollout() {
    ClusterView cluster =
        new ClusterView(1, "c", "0", members, partitions, List.of(), List.of(), List.of());
    return new Rollout(pods, "new", cluster, approvals);
  }

  private void nodes(int count, String revision) {
    IntStream.range(0, count)
        .forEach(number -> {
          members.add(member(number, true, SystemRole.VOTER));
          pods.add(pod(number, revision, true));
        });
  }

  private void partition(String name, String leader, String... nodes) {
    List<ReplicaView> replicas =
        List.of(nodes).stream().map(node -> new ReplicaView(node, Role.VOTER, true)).toList();
    partitions.add(
        new PartitionView(
            "1", name, "c", 1, leader, replicas, 0, 0, 0, null, PartitionView.State.ACTIVE));
  }

  private static MemberView member(int number, boolean alive, SystemRole role) {
    return new MemberView(
        String.valueOf(number), "s-" + number, "s", "", MemberView.State.ACTIVE, alive, role, 0, 0);
  }

  private static RunningPod pod(int number, String revision, boolean ready) {
    return new RunningPod("s-" + number, number, revision, ready);
  }
}
