package dev.partita.operator.partition;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.crd.Condition;
import dev.partita.crd.Partition;
import dev.partita.crd.PartitionStatus;
import dev.partita.crd.SplitAdvice;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.nodeclient.RecoveryView;
import dev.partita.operator.repartition.Finding;
import dev.partita.operator.resource.StatusWrite;
import dev.partita.operator.resource.Transitions;
import dev.partita.operator.rollout.Approvals;
import dev.partita.operator.status.Conditions;
import dev.partita.operator.status.Figures;
import dev.partita.operator.status.Verdict;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Writes the status of a Partition when it is another than before.
final class PartitionStatusWriter {

  private static final String HOT_KEY = "HotKey";
  private static final String SPLIT_ADVISED = "SplitAdvised";
  private static final String MERGE_ADVISED = "MergeAdvised";
  private static final String INDIVISIBLE = "Indivisible";
  private static final String EDGE_COPY_MISSING = "EdgeCopyMissing";
  private static final String RECOVERED = "Recovered";

  private final Transitions transitions;
  private final InstantSource clock;

  PartitionStatusWriter(Transitions transitions, InstantSource clock) {
    this.transitions = transitions;
    this.clock = clock;
  }

  /// Writes the status unless it is the same.
  ///
  /// @param missingCopy why a copy that belongs at the edge is not there
  /// @return whether the Partition has changed meanwhile, so that it must be looked at again
  boolean write(
      Partition partition,
      Verdict verdict,
      Optional<ClusterView> cluster,
      Decisions decisions,
      Optional<String> missingCopy,
      Context<Partition> context) {
    PartitionStatus before = partition.getStatus();
    PartitionStatus after = after(partition, verdict, cluster, decisions, missingCopy);
    if (Objects.equals(before, after)) {
      return false;
    }
    Partition applied = new Partition();
    applied.setStatus(after);
    boolean changed = StatusWrite.apply(partition, applied, context);
    transitions.report(
        partition,
        before == null ? null : before.conditions(),
        Objects.requireNonNull(after.conditions()),
        verdict.kind() == Verdict.Kind.STALLED);
    List<Condition> then = before == null ? null : before.conditions();
    List<Condition> now = Objects.requireNonNull(after.conditions());
    transitions.warn(partition, HOT_KEY, then, now);
    transitions.warn(partition, INDIVISIBLE, then, now);
    transitions.note(partition, SPLIT_ADVISED, then, now);
    transitions.note(partition, MERGE_ADVISED, then, now);
    transitions.warn(partition, EDGE_COPY_MISSING, then, now);
    transitions.warn(partition, RECOVERED, then, now);
    return changed;
  }

  /// While the cluster is not seen, the figures stay what they were.
  private PartitionStatus after(
      Partition partition,
      Verdict verdict,
      Optional<ClusterView> cluster,
      Decisions decisions,
      Optional<String> missingCopy) {
    @Nullable PartitionStatus before = partition.getStatus();
    long generation = partition.getMetadata().getGeneration();
    List<Condition> conditions =
        Conditions.of(
            verdict, generation, before == null ? null : before.conditions(), clock.instant());
    PartitionView view =
        cluster.flatMap(seen -> seen.partition(partition.getMetadata().getName())).orElse(null);
    if (view == null || cluster.isEmpty()) {
      return before == null
          ? new PartitionStatus(
              verdict.phase(),
              null,
              null,
              null,
              null,
              null,
              null,
              null,
              null,
              null,
              null,
              null,
              null,
              generation,
              conditions)
          : new PartitionStatus(
              verdict.phase(),
              cluster.isPresent() ? null : before.leader(),
              before.epoch(),
              before.replicas(),
              cluster.isPresent() ? null : before.readyReplicas(),
              before.edgeReplicas(),
              before.rows(),
              before.bytes(),
              before.operationsPerSecond(),
              before.cpu(),
              before.parent(),
              before.children(),
              before.splitAdvice(),
              generation,
              conditions);
    }
    if (view.hotKey() != null) {
      conditions =
          Conditions.with(
              conditions,
              HOT_KEY,
              "OneKey",
              hotKeyMessage(view.hotKey()),
              before == null ? null : before.conditions(),
              clock.instant());
    }
    conditions = withSplit(conditions, partition, decisions.split(), before);
    conditions = withMerge(conditions, partition, decisions.merge(), before);
    if (missingCopy.isPresent()) {
      conditions =
          Conditions.with(
              conditions,
              EDGE_COPY_MISSING,
              "NoNode",
              missingCopy.get(),
              before == null ? null : before.conditions(),
              clock.instant());
    }
    Optional<RecoveryView> recovery = cluster.get().recovery(view);
    if (recovery.isPresent()) {
      conditions =
          Conditions.with(
              conditions,
              RECOVERED,
              "QuorumLost",
              recoveryMessage(recovery.get(), view),
              before == null ? null : before.conditions(),
              clock.instant());
    }
    List<PartitionView> leaves = cluster.get().leaves(view);
    return new PartitionStatus(
        verdict.phase(),
        view.isSplit() ? null : leaderName(view, cluster.get()),
        view.epoch(),
        view.isSplit() ? null : cluster.get().replicas(view).size(),
        view.isSplit() ? null : readyReplicas(view, cluster.get()),
        view.isSplit() ? null : edgeReplicas(view, cluster.get()),
        leaves.stream().mapToLong(PartitionView::rows).sum(),
        Figures.bytes(
            before == null ? null : before.bytes(),
            leaves.stream().mapToLong(PartitionView::bytes).sum()),
        Figures.operationsPerSecond(
            before == null ? null : before.operationsPerSecond(),
            leaves.stream().mapToDouble(PartitionView::operationsPerSecond).sum()),
        Figures.cpu(
            before == null ? null : before.cpu(),
            leaves.stream().mapToDouble(PartitionView::cpu).sum()),
        cluster.get().parents().get(view.name()),
        view.children().isEmpty() ? null : view.children(),
        decisions.split().advice(),
        generation,
        conditions);
  }

  private List<Condition> withSplit(
      List<Condition> conditions,
      Partition partition,
      SplitDecision decision,
      @Nullable PartitionStatus before) {
    List<Condition> then = before == null ? null : before.conditions();
    SplitAdvice advice = decision.advice();
    return switch (decision.finding()) {
      case Finding.Indivisible(String reason, String message) ->
          Conditions.with(conditions, INDIVISIBLE, reason, message, then, clock.instant());
      case Finding.Due due when advice != null ->
          Conditions.with(
              conditions,
              SPLIT_ADVISED,
              advice.reason(),
              "it would be split %s, because %s; to have it done: kubectl annotate --overwrite partition %s %s=%s"
                  .formatted(
                      decision.where(),
                      due.because(),
                      partition.getMetadata().getName(),
                      Approvals.ANNOTATION,
                      advice.approval()),
              then,
              clock.instant());
      case Finding.Due _, Finding.Nothing _ -> conditions;
    };
  }

  private List<Condition> withMerge(
      List<Condition> conditions,
      Partition partition,
      MergeDecision decision,
      @Nullable PartitionStatus before) {
    return decision
        .advice()
        .map(approval ->
            Conditions.with(
                conditions,
                MERGE_ADVISED,
                "SmallParts",
                "its parts would be merged, because %s; to have it done: kubectl annotate --overwrite partition %s %s=%s"
                    .formatted(
                        decision.because(),
                        partition.getMetadata().getName(),
                        Approvals.ANNOTATION,
                        approval),
                before == null ? null : before.conditions(),
                clock.instant()))
        .orElse(conditions);
  }

  private static String hotKeyMessage(JsonNode key) {
    return "at least a quarter of the requests go to the key "
        + key
        + ": no split divides them. Spread the writes over several keys, or have clients keep what"
        + " they read";
  }

  private static String recoveryMessage(RecoveryView recovery, PartitionView view) {
    return "its lost quorum was given up at %s: %s. When you have seen to that: ./partita recover acknowledge %s"
        .formatted(recovery.at(), ClusterView.loss(recovery, view).orElse(""), recovery.id());
  }

  private static @Nullable String leaderName(PartitionView view, ClusterView cluster) {
    return view.leaderNodeId() == null
        ? null
        : cluster.node(view.leaderNodeId()).map(MemberView::name).orElse(view.leaderNodeId());
  }

  private static @Nullable Integer edgeReplicas(PartitionView view, ClusterView cluster) {
    int copies = cluster.edgeCopies(view).size();
    return copies == 0 ? null : copies;
  }

  private static int readyReplicas(PartitionView view, ClusterView cluster) {
    return (int)
        cluster.replicas(view).stream()
            .filter(replica -> replica.caughtUp() && cluster.isAlive(replica.nodeId()))
            .count();
  }
}
