package dev.partita.operator.partition;

import dev.partita.crd.Approval;
import dev.partita.crd.Partition;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.repartition.MergeFinding;
import dev.partita.operator.repartition.MergePatience;
import dev.partita.operator.repartition.MergePolicy;
import dev.partita.operator.repartition.MergeTurn;
import dev.partita.operator.repartition.PeakHistory;
import dev.partita.operator.repartition.SplitRule;
import dev.partita.operator.rollout.Approvals;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Pure: whether the parts of a Partition that was split are to be one again by its own rule, and
/// whether somebody has to approve that first.
///
/// @param pair the parts; null where they cannot be merged
/// @param approval what an approval says; null where none is needed
/// @param mayBegin whether it is to be done
record MergeDecision(
    MergeFinding finding,
    MergeTurn.@Nullable Pair pair,
    @Nullable String approval,
    boolean mayBegin) {

  /// There is nothing to merge.
  static final MergeDecision NONE =
      new MergeDecision(new MergeFinding.Nothing(), null, null, false);

  /// @param peaks how much a part has been
  static MergeDecision of(
      Partition partition,
      PartitionView view,
      ClusterView cluster,
      Function<PartitionView, PeakHistory> peaks,
      MergePatience patience,
      Instant now) {
    SplitRule rule = SplitRule.of(partition.getSpec().split());
    if (!rule.merge()
        || partition.getSpec().paused()
        || partition.isMarkedForDeletion()
        || !view.isSplit()
        || !view.replicas().isEmpty()) { // not all members have split durably
      return NONE;
    }
    List<PartitionView> parts =
        view.children().stream()
            .flatMap(name -> cluster.partition(name).stream())
            .filter(part -> part.state() == PartitionView.State.ACTIVE)
            .toList();
    if (parts.size() != 2 || view.children().size() != 2) {
      return NONE;
    }
    var pair = new MergeTurn.Pair(view.name(), parts.getFirst(), parts.getLast());
    MergeFinding finding =
        MergePolicy.decide(rule, part(pair.one(), peaks), part(pair.other(), peaks), patience, now);
    if (!(finding instanceof MergeFinding.Due) || rule.automatic()) {
      return new MergeDecision(finding, pair, null, finding instanceof MergeFinding.Due);
    }
    String approval = "merge-%s-%s".formatted(pair.one().id(), pair.other().id());
    return new MergeDecision(finding, pair, approval, isApproved(partition, approval));
  }

  private static MergePolicy.Part part(
      PartitionView part, Function<PartitionView, PeakHistory> peaks) {
    return new MergePolicy.Part(
        part.bytes(), part.operationsPerSecond(), part.splitPoints().measured(), peaks.apply(part));
  }

  private static boolean isApproved(Partition partition, String approval) {
    Map<String, String> annotations = partition.getMetadata().getAnnotations();
    return annotations != null
        && Approvals.of(Approval.All, annotations.get(Approvals.ANNOTATION))
            .given()
            .contains(approval);
  }

  /// Why it is to be done, for people.
  String because() {
    return finding instanceof MergeFinding.Due due ? due.because() : "";
  }
}
