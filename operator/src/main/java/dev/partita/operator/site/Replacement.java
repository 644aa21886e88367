package dev.partita.operator.site;

import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.nodeclient.PartitionView.ReplicaView;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// Pure: which lost node is given up, so that its pod comes back with an empty volume, as a new
/// node.
///
/// A node is lost when its volume is, or when its pod cannot run where its volume is and nothing
/// says that this will change: not when its process fails, for another volume would not heal that.
/// It is given up after a deadline, one at a time, and only when every group that it belongs to has
/// a quorum of caught-up replicas without it. The only copy of anything is never given up.
///
/// Giving up is safe even if the server only seems to be gone: who the node is, is kept on its
/// volume, and whatever comes back from the old volume is no member any more.
final class Replacement {

  /// A pod whose node is lost.
  ///
  /// @param since when it was lost
  /// @param reason what was lost, for people
  record Loss(String pod, Instant since, String reason) {}

  /// What to do about losses.
  sealed interface Step {

    /// Nothing is lost.
    record Nothing() implements Step {}

    /// It may come back.
    record Wait(Loss loss, Instant until) implements Step {}

    /// It is time, but without it something would be lost for good.
    record Impossible(Loss loss, String obstacle) implements Step {}

    /// Delete its pod and its claim.
    record Replace(Loss loss) implements Step {}
  }

  private Replacement() {}

  /// What to do next.
  ///
  /// @param losses of one Site
  /// @param deadline after which a lost node is given up; nothing means never
  static Step plan(
      List<Loss> losses, Optional<Duration> deadline, Instant now, ClusterView cluster) {
    Optional<Loss> first =
        losses.stream().min(Comparator.comparing(Loss::since).thenComparing(Loss::pod));
    if (first.isEmpty()) {
      return new Step.Nothing();
    }
    Loss loss = first.get();
    if (deadline.isEmpty()) {
      return new Step.Impossible(loss, "spec.replaceAfter is Never");
    }
    Instant until = loss.since().plus(deadline.get());
    if (now.isBefore(until)) {
      return new Step.Wait(loss, until);
    }
    return obstacle(loss, cluster)
        .<Step>map(obstacle -> new Step.Impossible(loss, obstacle))
        .orElseGet(() -> new Step.Replace(loss));
  }

  private static Optional<String> obstacle(Loss loss, ClusterView cluster) {
    List<MemberView> lost =
        cluster.nodes().stream()
            .filter(node -> node.name().equals(loss.pod()))
            .filter(node -> node.state() != MemberView.State.GONE)
            .toList();
    if (lost.stream().anyMatch(MemberView::alive)) {
      return Optional.of("the cluster still hears from it");
    }
    return lost.stream().flatMap(node -> dependent(node, cluster).stream()).findFirst();
  }

  private static Optional<String> dependent(MemberView lost, ClusterView cluster) {
    for (PartitionView partition : cluster.serving()) {
      List<ReplicaView> voters = partition.voters();
      long others =
          voters.stream()
              .filter(each -> !each.nodeId().equals(lost.nodeId()))
              .filter(each -> each.caughtUp() && cluster.isAlive(each.nodeId()))
              .count();
      boolean concerned = voters.stream().anyMatch(each -> each.nodeId().equals(lost.nodeId()));
      if (concerned && others < voters.size() / 2 + 1) {
        return Optional.of("Partition %s has no quorum without it".formatted(partition.name()));
      }
    }
    List<MemberView> voters =
        cluster.nodes().stream()
            .filter(node -> node.state() != MemberView.State.GONE)
            .filter(node -> node.systemMember() == MemberView.SystemRole.VOTER)
            .toList();
    long others = voters.stream().filter(node -> !node.equals(lost) && node.alive()).count();
    return voters.contains(lost) && others < voters.size() / 2 + 1
        ? Optional.of("the system partition has no quorum without it")
        : Optional.empty();
  }
}
