package dev.partita.operator.repartition;

import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.OperationSpec.Kind;
import dev.partita.operator.nodeclient.OperationView;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.nodeclient.PartitionView.ReplicaView;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Decides which of the merges that are due may go on now: their replicas are brought to the same
/// nodes, and then they are merged. Emptying nodes comes first, then repair, then splits, then
/// merges, then balance.
public final class MergeTurn {

  /// Merges at a time in a database: each has index entries built and rows counted anew.
  static final int MERGES_MAX = 2;

  private MergeTurn() {}

  /// Two parts of one split that are to be one again.
  ///
  /// @param whole name of the Partition that was split
  public record Pair(String whole, PartitionView one, PartitionView other) {

    Stream<PartitionView> parts() {
      return Stream.of(one, other);
    }

    /// The one that the other one comes to: less is copied so.
    public PartitionView target() {
      return other.bytes() > one.bytes() ? other : one;
    }

    /// Whether both have voters on the same nodes.
    public boolean hasSameVoters() {
      return apart() == 0;
    }

    /// How many voters have to be moved.
    private long apart() {
      Set<String> there = nodes(other);
      return nodes(one).stream().filter(node -> !there.contains(node)).count();
    }

    private static Set<String> nodes(PartitionView part) {
      return part.voters().stream().map(ReplicaView::nodeId).collect(Collectors.toSet());
    }
  }

  /// The pairs whose turn it is: a few, no two led by the same node, and none that something keeps
  /// from being merged, so that they hold no others up. Those that are nearly together come first:
  /// once chosen, a pair is not pushed aside by another one that has become due.
  public static List<Pair> of(List<Pair> due, ClusterView cluster) {
    if (obstacle(cluster).isPresent()) {
      return List.of();
    }
    List<Pair> chosen = new ArrayList<>();
    List<OperationView> merges =
        SplitTurn.underWay(cluster, Kind.MERGE_PARTITIONS)
            .filter(each -> due.stream().noneMatch(pair -> pair.whole().equals(each.partition())))
            .toList();
    Set<String> busy =
        merges.stream()
            .flatMap(each -> Optional.ofNullable(each.partition()).stream())
            .flatMap(whole -> cluster.partition(whole).stream())
            .flatMap(whole -> cluster.leaves(whole).stream())
            .flatMap(MergeTurn::leader)
            .collect(Collectors.toCollection(HashSet::new));
    List<Pair> ordered =
        due.stream()
            .sorted(
                Comparator.comparing((Pair pair) -> !isUnderWay(pair, cluster))
                    .thenComparingLong(Pair::apart)
                    .thenComparing(Pair::whole))
            .toList();
    for (Pair pair : ordered) {
      List<String> leaders = pair.parts().flatMap(MergeTurn::leader).toList();
      if (chosen.size() + merges.size() < MERGES_MAX
          && isWell(pair, cluster)
          && leaders.stream().noneMatch(busy::contains)) {
        chosen.add(pair);
        busy.addAll(leaders);
      }
    }
    return chosen;
  }

  /// What all merges have to wait for.
  public static Optional<String> obstacle(ClusterView cluster) {
    Optional<String> emptied = SplitTurn.emptied(cluster);
    return emptied.isPresent()
        ? emptied
        : SplitTurn.underWay(cluster, Kind.SPLIT_PARTITION)
            .findAny()
            .map(_ -> "a Partition is being split");
  }

  private static Stream<String> leader(PartitionView part) {
    return Optional.ofNullable(part.leaderNodeId()).stream();
  }

  private static boolean isUnderWay(Pair pair, ClusterView cluster) {
    return SplitTurn.underWay(cluster, Kind.MERGE_PARTITIONS)
        .anyMatch(each -> pair.whole().equals(each.partition()));
  }

  private static boolean isWell(Pair pair, ClusterView cluster) {
    boolean failed =
        cluster.operations().stream()
            .anyMatch(each ->
                each.kind() == Kind.MERGE_PARTITIONS
                    && each.state() == OperationView.State.FAILED
                    && pair.whole().equals(each.partition()));
    return !failed
        && pair.parts()
            .allMatch(part ->
                part.leaderNodeId() != null
                    && part.voters().stream()
                        .allMatch(voter -> voter.caughtUp() && cluster.isAlive(voter.nodeId())));
  }
}
