package dev.partita.operator.partition;

import dev.partita.crd.Approval;
import dev.partita.crd.Partition;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.repartition.Load;
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
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Pure: whether the parts of a Partition that was split are to be one again by its own rule, and
/// whether somebody has to approve that first.
///
/// @param pair the parts; null where they cannot be merged
/// @param approval what an approval of the merge says; null where none is needed
/// @param isWanted by the rule or an approval, if only their rows were counted
record MergeDecision(
    MergeFinding finding,
    MergeTurn.@Nullable Pair pair,
    @Nullable String approval,
    boolean isWanted) {

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
        || view.isFamily() // its intervals stay apart
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
    return switch (finding) {
      case MergeFinding.Nothing _, MergeFinding.Waits _ ->
          new MergeDecision(finding, pair, null, false);
      case MergeFinding.Uncounted _, MergeFinding.Due _ -> {
        String approval =
            rule.automatic() ? null : "merge-%s-%s".formatted(pair.one().id(), pair.other().id());
        yield new MergeDecision(
            finding, pair, approval, approval == null || isApproved(partition, approval));
      }
    };
  }

  private static MergePolicy.Part part(
      PartitionView part, Function<PartitionView, PeakHistory> peaks) {
    return new MergePolicy.Part(
        part.bytes(), Load.of(part), part.splitPoints().measured(), peaks.apply(part));
  }

  private static boolean isApproved(Partition partition, String approval) {
    Map<String, String> annotations = partition.getMetadata().getAnnotations();
    return annotations != null
        && Approvals.of(Approval.All, annotations.get(Approvals.ANNOTATION))
            .given()
            .contains(approval);
  }

  /// Whether it is to be done.
  boolean mayBegin() {
    return isWanted && finding instanceof MergeFinding.Due;
  }

  /// What an approval would have to say that is waited for, or that was given.
  Optional<String> advice() {
    return finding instanceof MergeFinding.Due ? Optional.ofNullable(approval) : Optional.empty();
  }

  /// Why it is to be done, for people.
  String because() {
    return finding instanceof MergeFinding.Due due ? due.because() : "";
  }
}
