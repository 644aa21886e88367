package dev.partita.node.admin;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// The observed state of a cluster (`GET /admin/v1/state`): one consistent catalog revision, with
/// volatile figures (leaders, rows, bytes, liveness) as the leaders last reported them.
///
/// @param revision grows with every change of the catalog
/// @param leaderNodeId the leader of the system partition as this node knows it
public record StateView(
    long revision,
    @Nullable String clusterId,
    @Nullable String leaderNodeId,
    List<MemberView> nodes,
    List<PartitionView> partitions,
    List<IndexView> indexes,
    List<OperationView> operations,
    List<RequestView> requests,
    List<RecoveryView> recoveries) {
  public StateView {
    nodes = List.copyOf(nodes);
    partitions = List.copyOf(partitions);
    indexes = List.copyOf(indexes);
    operations = List.copyOf(operations);
    requests = List.copyOf(requests);
    recoveries = List.copyOf(recoveries);
  }
}
