package dev.partita.operator.repartition;

import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.nodeclient.OperationSpec.Kind;
import dev.partita.operator.nodeclient.OperationView;
import dev.partita.operator.nodeclient.PartitionView;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/// Decides whether a split may begin now. Emptying nodes comes first, then repair, then splits,
/// then balance: replicas that are on their way would only be more of them after a split.
public final class SplitTurn {

  /// Splits at a time in a database: each has the rows of its parts counted anew and their index
  /// entries built.
  static final int SPLITS_MAX = 4;

  /// Splits at a time that one node leads.
  static final int SPLITS_PER_NODE_MAX = 1;

  /// The last step of a split or merge, which waits for every member.
  private static final String CLEAN_UP = "CleanUp";

  private SplitTurn() {}

  /// What a split has to wait for; empty if it may begin.
  ///
  /// @param partition is well itself, and no operation changes it
  public static Optional<String> obstacle(PartitionView partition, ClusterView cluster) {
    Optional<String> emptied = emptied(cluster);
    if (emptied.isPresent()) {
      return emptied;
    }
    if (isMoving(cluster)) {
      return Optional.of("a replica is being moved");
    }
    List<OperationView> splits = underWay(cluster, Kind.SPLIT_PARTITION).toList();
    if (splits.size() >= SPLITS_MAX) {
      return Optional.of(SPLITS_MAX + " other Partitions are being split");
    }
    long sameLeader =
        splits.stream()
            .flatMap(split -> Optional.ofNullable(split.partition()).stream())
            .flatMap(name -> cluster.partition(name).stream())
            .filter(other -> Objects.equals(other.leaderNodeId(), partition.leaderNodeId()))
            .count();
    return sameLeader >= SPLITS_PER_NODE_MAX
        ? Optional.of("its leader's node splits another Partition")
        : Optional.empty();
  }

  /// That a node is being emptied.
  static Optional<String> emptied(ClusterView cluster) {
    return cluster.nodes().stream()
        .filter(node -> node.state() == MemberView.State.DRAINING)
        .filter(node -> cluster.replicasOn(node.nodeId()) > 0)
        .findFirst()
        .map(node -> "node " + node.name() + " is being emptied");
  }

  /// Whether a replica is on its way.
  public static boolean isMoving(ClusterView cluster) {
    return running(cluster, Kind.MOVE_REPLICA).findAny().isPresent();
  }

  /// The splits or merges that go on, without those that only wait for a member that is away.
  static Stream<OperationView> underWay(ClusterView cluster, Kind kind) {
    return running(cluster, kind).filter(each -> !onlyWaits(each, cluster));
  }

  /// Whether an operation waits for nothing but a member that is not heard from, as long as that
  /// lasts.
  private static boolean onlyWaits(OperationView operation, ClusterView cluster) {
    return operation.step().equals(CLEAN_UP)
        && Optional.ofNullable(operation.partition()).stream()
            .flatMap(name -> cluster.partition(name).stream())
            .flatMap(parent -> parent.replicaNodeIds().stream())
            .anyMatch(node -> !cluster.isAlive(node));
  }

  private static Stream<OperationView> running(ClusterView cluster, Kind kind) {
    return cluster.operations().stream().filter(each -> each.kind() == kind && each.isRunning());
  }
}
