package dev.partita.operator.rollout;

import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.nodeclient.PartitionView.ReplicaView;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// The plan of a rolling restart. Immutable: one instance sees one state of pods and cluster.
///
/// A pod of an old revision that does not work is replaced before all others, so that correcting a
/// broken revision always helps; while a pod of the new revision does not work, no other is
/// touched.
public final class Rollout {

  private static final int LEADS = 2;

  private final List<RunningPod> pods;
  private final String revision;
  private final ClusterView cluster;
  private final Approvals approvals;

  /// @param revision the one that all pods shall have
  public Rollout(List<RunningPod> pods, String revision, ClusterView cluster, Approvals approvals) {
    this.pods = List.copyOf(pods);
    this.revision = revision;
    this.cluster = cluster;
    this.approvals = approvals;
  }

  /// The next step.
  public RolloutStep next() {
    List<RunningPod> outdated =
        pods.stream().filter(pod -> !pod.revision().equals(revision)).toList();
    if (outdated.isEmpty()) {
      return new RolloutStep.Settled();
    }
    Optional<RunningPod> dead =
        outdated.stream().filter(pod -> !pod.ready() && !isAlive(pod)).findFirst();
    if (dead.isPresent()) {
      return new RolloutStep.Restart(dead.get().name());
    }
    RunningPod first =
        outdated.stream()
            .min(
                Comparator.comparing(RunningPod::ready)
                    .thenComparing(this::isApprovalMissing)
                    .thenComparingInt(this::rank)
                    .thenComparingInt(pod -> -pod.ordinal()))
            .orElseThrow();
    return pods.stream()
        .filter(pod -> !pod.ready() && !pod.equals(first))
        .findFirst()
        .<RolloutStep>map(pod -> new RolloutStep.Wait("pod " + pod.name() + " is not ready"))
        .orElseGet(() -> restart(first));
  }

  private RolloutStep restart(RunningPod pod) {
    if (pod.ready() && isApprovalMissing(pod)) {
      return new RolloutStep.Approve(pod.name(), Approvals.token(pod.name(), revision));
    }
    return member(pod)
        .map(member -> restart(pod, member))
        .orElseGet(() -> new RolloutStep.Restart(pod.name()));
  }

  private boolean isApprovalMissing(RunningPod pod) {
    return approvals.isMissing(pod, revision, rank(pod) >= LEADS);
  }

  /// Whether a person, or Kubernetes, may take down any one of the pods now.
  public boolean isAnyPodSpared() {
    return pods.stream()
        .flatMap(pod -> member(pod).stream())
        .allMatch(member -> endangeredWithout(member.nodeId()).isEmpty());
  }

  private RolloutStep restart(RunningPod pod, MemberView member) {
    Optional<String> endangered = endangeredWithout(member.nodeId());
    if (endangered.isPresent()) {
      return new RolloutStep.Wait(
          endangered.get() + " would lose its quorum without pod " + pod.name());
    }
    return cluster.partitions().stream()
        .filter(partition -> member.nodeId().equals(partition.leaderNodeId()))
        .flatMap(partition -> transfer(partition, member.nodeId()).stream())
        .findFirst()
        .orElseGet(() -> new RolloutStep.Restart(pod.name()));
  }

  private Optional<RolloutStep> transfer(PartitionView partition, String from) {
    return partition.voters().stream()
        .filter(replica -> !replica.nodeId().equals(from) && isHealthy(replica))
        .map(ReplicaView::nodeId)
        .min(Comparator.comparingInt(this::leadersOn).thenComparing(Comparator.naturalOrder()))
        .map(to -> new RolloutStep.Transfer(partition.name(), from, to));
  }

  /// The first group that would stop if the node were down; a group of one voter cannot be spared
  /// that.
  private Optional<String> endangeredWithout(String nodeId) {
    for (PartitionView partition : cluster.serving()) {
      List<ReplicaView> voters = partition.voters();
      boolean concerned =
          voters.size() > 1 && voters.stream().anyMatch(each -> each.nodeId().equals(nodeId));
      long others =
          voters.stream().filter(each -> !each.nodeId().equals(nodeId) && isHealthy(each)).count();
      if (concerned && others < quorum(voters.size())) {
        return Optional.of("Partition " + partition.name());
      }
    }
    List<MemberView> voters = systemVoters();
    boolean concerned =
        voters.size() > 2 && voters.stream().anyMatch(each -> each.nodeId().equals(nodeId));
    long others =
        voters.stream().filter(each -> !each.nodeId().equals(nodeId) && each.alive()).count();
    return concerned && others < quorum(voters.size())
        ? Optional.of("the system partition")
        : Optional.empty();
  }

  private List<MemberView> systemVoters() {
    return cluster.nodes().stream()
        .filter(node -> node.state() != MemberView.State.GONE)
        .filter(node -> node.systemMember() == MemberView.SystemRole.VOTER)
        .toList();
  }

  /// 0 without a vote anywhere, 1 a follower, [#LEADS] a leader, 3 the leader of the system
  /// partition.
  private int rank(RunningPod pod) {
    Optional<MemberView> member = member(pod);
    if (member.isEmpty()) {
      return 0;
    }
    String nodeId = member.get().nodeId();
    if (nodeId.equals(cluster.leaderNodeId())) {
      return 3;
    }
    if (leadersOn(nodeId) > 0) {
      return LEADS;
    }
    boolean votes =
        cluster.partitions().stream()
            .anyMatch(
                each -> each.voters().stream().anyMatch(voter -> voter.nodeId().equals(nodeId)));
    return votes || member.get().systemMember() == MemberView.SystemRole.VOTER ? 1 : 0;
  }

  private int leadersOn(String nodeId) {
    return (int)
        cluster.partitions().stream().filter(each -> nodeId.equals(each.leaderNodeId())).count();
  }

  private boolean isHealthy(ReplicaView replica) {
    return replica.caughtUp() && cluster.isAlive(replica.nodeId());
  }

  private boolean isAlive(RunningPod pod) {
    return member(pod).map(MemberView::alive).orElse(false);
  }

  /// The pod's present identity: of several members with its name, one that is alive.
  private Optional<MemberView> member(RunningPod pod) {
    return cluster.nodes().stream()
        .filter(node -> node.name().equals(pod.name()) && node.state() != MemberView.State.GONE)
        .max(Comparator.comparing(MemberView::alive));
  }

  private static int quorum(int voters) {
    return voters / 2 + 1;
  }
}
