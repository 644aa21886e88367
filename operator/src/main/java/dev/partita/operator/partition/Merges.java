package dev.partita.operator.partition;

import dev.partita.crd.Partition;
import dev.partita.operator.nodeclient.Answer;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.OperationSpec;
import dev.partita.operator.nodeclient.OperationView;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.repartition.MergeFinding;
import dev.partita.operator.repartition.MergePatience;
import dev.partita.operator.repartition.MergeTurn;
import dev.partita.operator.repartition.SplitTurn;
import dev.partita.operator.resource.Backoff;
import dev.partita.operator.resource.Transitions;
import dev.partita.operator.status.Verdict;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Has the parts of Partitions merged that are to be, when it is their turn and their replicas are
/// on the same nodes.
final class Merges {

  /// What merges are for, in the words of metrics.
  private static final String REASON = "SmallParts";

  private final Asking asking;
  private final Transitions transitions;
  private final Backoff backoff;
  private final MergePatience patience;

  Merges(Asking asking, Transitions transitions, Backoff backoff, MergePatience patience) {
    this.asking = asking;
    this.transitions = transitions;
    this.backoff = backoff;
    this.patience = patience;
  }

  /// What the nodes have said to the merge of a pair, if they have refused it lately.
  @Nullable String refusal(Partition partition, MergeTurn.@Nullable Pair pair) {
    return pair == null ? null : backoff.refusal(id(partition, pair)).orElse(null);
  }

  private static String id(Partition partition, MergeTurn.Pair pair) {
    return OperationSpec.mergeId(
        partition.getMetadata().getUid(), pair.one().id(), pair.other().id());
  }

  /// Asks for the merge of the parts of a Partition that are well and that no operation changes.
  ///
  /// @return what is to be said about it; empty if it is to stay as it is
  Optional<Verdict> begin(
      Partition partition,
      MergeDecision decision,
      DueMerges merges,
      ClusterView cluster,
      DataPlane dataPlane) {
    MergeTurn.Pair pair = decision.pair();
    if (!decision.mayBegin()
        || pair == null
        || !(decision.finding() instanceof MergeFinding.Due due)) {
      return Optional.empty();
    }
    String id = id(partition, pair);
    Optional<String> refused = backoff.refusal(id);
    if (refused.isPresent()) {
      return Optional.of(refused(due, refused.get()));
    }
    Optional<String> obstacle =
        dataPlane.isRolling()
            ? Optional.of("pods are being restarted")
            : obstacle(pair, merges, cluster);
    if (obstacle.isPresent()) {
      return Optional.of(
          Verdict.serving(
              "Split",
              "MergeWaits",
              "its parts are to be merged, because %s; that waits, because %s"
                  .formatted(due.because(), obstacle.get())));
    }
    Asking.Asked asked =
        asking.ask(id, OperationSpec.mergePartitions(pair.whole()), REASON, dataPlane);
    String what =
        "a merge of its parts %s and %s, because %s"
            .formatted(pair.one().name(), pair.other().name(), due.because());
    if (asked.isNew()) {
      transitions.tell(
          partition,
          "Merging",
          decision.approval() == null
              ? "asked for %s (%s)".formatted(what, due.figure())
              : "asked for %s, as it was approved".formatted(what));
    }
    return Optional.of(
        switch (asked.answer()) {
          case Answer.Done<OperationView> _ -> Verdict.serving("Merging", "Merging", what);
          case Answer.Refused<OperationView> answer -> {
            backoff.refused(id, answer.detail(), patience.retryFirst(), MergePatience.RETRY_MAX);
            yield refused(due, answer.detail());
          }
          case Answer.Unreachable<OperationView>(String reason) ->
              Verdict.serving("Split", "MergeWaits", "no node takes on " + what + ": " + reason);
        });
  }

  private static Verdict refused(MergeFinding.Due due, String why) {
    return Verdict.serving(
        "Split",
        "MergeRefused",
        "its parts are to be merged, because %s; the nodes refuse that, and will be asked again: %s"
            .formatted(due.because(), why));
  }

  private static Optional<String> obstacle(
      MergeTurn.Pair pair, DueMerges merges, ClusterView cluster) {
    Optional<String> obstacle = MergeTurn.obstacle(cluster).or(() -> merges.obstacle(pair.whole()));
    if (obstacle.isPresent()) {
      return obstacle;
    }
    if (!merges.isInTurn(pair.whole())) {
      return Optional.of("other Partitions are being merged, or a part of it is not well");
    }
    if (SplitTurn.isMoving(cluster)) {
      return Optional.of("a replica is being moved");
    }
    return DueMerges.areTogether(pair, cluster)
        ? Optional.empty()
        : Optional.of("the replicas of both are brought to the same nodes first");
  }
}
