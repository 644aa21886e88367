package dev.partita.operator.partition;

import dev.partita.crd.Partition;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.nodeclient.PartitionView.ReplicaView;
import dev.partita.operator.repartition.MergeFinding;
import dev.partita.operator.repartition.MergeTurn;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Pure: the pairs of parts that are to be merged and whose turn it is. Their replicas are brought
/// together, the second one's to the nodes of the first one, and stay there.
///
/// Copies at edge Sites are not moved. A merge needs every member, so a copy that only one of the
/// two has, or whose node is not heard from, goes before and is made again of the one.
///
/// Immutable: one instance sees one observation.
final class DueMerges {

  /// Nothing is to be merged.
  static final DueMerges NONE = new DueMerges(List.of(), Set.of());

  private final Map<String, MergeTurn.Pair> byName = new HashMap<>();

  /// The Partitions about which something may change by nothing but time.
  private final Set<String> watched;

  private DueMerges(List<MergeTurn.Pair> inTurn, Set<String> watched) {
    for (MergeTurn.Pair pair : inTurn) {
      byName.put(pair.whole(), pair);
      byName.put(pair.one().name(), pair);
      byName.put(pair.other().name(), pair);
    }
    this.watched = Set.copyOf(watched);
  }

  /// @param decide about a Partition that was split
  static DueMerges of(
      ClusterView cluster,
      List<Partition> declared,
      BiFunction<Partition, PartitionView, MergeDecision> decide) {
    Map<String, Partition> byName =
        declared.stream()
            .collect(Collectors.toMap(each -> each.getMetadata().getName(), each -> each));
    List<MergeDecision> decisions =
        cluster.partitions().stream()
            .filter(PartitionView::isSplit)
            .filter(view -> byName.containsKey(view.name()))
            .map(view -> decide.apply(Objects.requireNonNull(byName.get(view.name())), view))
            .toList();
    Set<String> watched = new HashSet<>();
    for (MergeDecision decision : decisions) {
      MergeTurn.Pair pair = decision.pair();
      if (pair != null && !(decision.finding() instanceof MergeFinding.Nothing)) {
        watched.addAll(List.of(pair.whole(), pair.one().name(), pair.other().name()));
      }
    }
    List<MergeTurn.Pair> due =
        decisions.stream()
            .filter(MergeDecision::mayBegin)
            .map(decision -> Objects.requireNonNull(decision.pair()))
            .toList();
    return new DueMerges(MergeTurn.of(due, cluster), watched);
  }

  /// Whether it is the turn of a Partition whose parts are to be merged.
  boolean isInTurn(String whole) {
    MergeTurn.Pair pair = byName.get(whole);
    return pair != null && pair.whole().equals(whole);
  }

  /// Whether time alone may bring a merge of, or with, this Partition.
  boolean isWatched(String partition) {
    return watched.contains(partition);
  }

  /// The Partition on whose nodes one is to be, or itself if another one comes to it; null if it
  /// goes its own way.
  @Nullable String with(String partition) {
    MergeTurn.Pair pair = byName.get(partition);
    return pair == null || pair.whole().equals(partition) ? null : pair.one().name();
  }

  /// Those of the edge Sites on which a Partition may have a copy now.
  Set<String> copySites(String partition, Set<String> wanted, ClusterView cluster) {
    MergeTurn.Pair pair = byName.get(partition);
    if (pair == null || pair.whole().equals(partition)) {
      return wanted;
    }
    Set<String> both = new TreeSet<>(wanted);
    both.retainAll(sharedCopySites(pair, cluster));
    return both;
  }

  private static Set<String> sharedCopySites(MergeTurn.Pair pair, ClusterView cluster) {
    Set<String> other =
        cluster.edgeCopies(pair.other()).stream()
            .map(ReplicaView::nodeId)
            .collect(Collectors.toSet());
    return cluster.edgeCopies(pair.one()).stream()
        .map(ReplicaView::nodeId)
        .filter(other::contains)
        .flatMap(node -> cluster.node(node).stream())
        .filter(node -> node.alive() && node.state() == MemberView.State.ACTIVE)
        .map(MemberView::site)
        .collect(Collectors.toSet());
  }

  /// Whether the two of a pair have their replicas and copies on the same living nodes.
  static boolean areTogether(MergeTurn.Pair pair, ClusterView cluster) {
    return pair.hasSameVoters()
        && Set.copyOf(pair.one().replicaNodeIds()).equals(Set.copyOf(pair.other().replicaNodeIds()))
        && pair.one().replicaNodeIds().stream().allMatch(cluster::isAlive);
  }
}
