package dev.partita.node.cluster;

import dev.partita.node.catalog.CatalogCodec;
import dev.partita.node.partition.LocalPartitions;
import dev.partita.node.partition.PartitionReplica;
import dev.partita.node.partition.ReplicaReport;
import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.ReplicationHost;
import dev.partita.node.system.SystemPartition;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.transport.Transport;
import java.util.List;

/// A node's part in running the cluster: the loops that keep replicas, report and drive, started
/// and stopped together.
public final class Cluster implements AutoCloseable {
  private final SystemPartition system;
  private final LocalPartitions partitions;
  private final ClusterDriver driver;
  private final Reporter reporter;
  private final ReplicaKeeper keeper;

  /// Starts the loops.
  ///
  /// @param removed called when the cluster says that this node was removed from it
  public Cluster(
      NodeId self,
      SystemPartition system,
      ReplicationHost host,
      LocalPartitions partitions,
      Transport transport,
      Clock clock,
      Runnable removed) {
    this.system = system;
    this.partitions = partitions;
    this.driver =
        new ClusterDriver(
            self,
            system,
            new ReportBoard(self, clock),
            new PartitionOrders(transport, host, partitions),
            clock);
    this.reporter = new Reporter(self, this::reports, system.leaderCalls(), clock, removed);
    this.keeper = new ReplicaKeeper(self, system, host, partitions, reporter::wake);
    system.addCatalogListener(_ -> driver.wake());
    system.addLeaderListener(this::leaderChanged);
  }

  private void leaderChanged() {
    driver.wake();
    reporter.wake();
  }

  private List<ReplicaReport> reports() {
    return partitions.replicas().stream().map(PartitionReplica::report).toList();
  }

  /// Whether this node has opened the replicas that it is to have.
  public boolean isSettled() {
    return keeper.isSettled();
  }

  /// What the leader of the system partition knows beside the catalog.
  ///
  /// @throws dev.partita.node.error.DatabaseException when no leader can be reached before the
  ///   deadline
  public ClusterFigures figures(Deadline deadline) {
    return CatalogCodec.decode(
        system.leaderCalls().call(ClusterFigures.SERVICE, new byte[0], deadline),
        ClusterFigures.class);
  }

  @Override
  public void close() {
    driver.close();
    keeper.close();
    reporter.close();
  }
}
