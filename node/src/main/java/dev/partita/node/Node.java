package dev.partita.node;

import dev.partita.node.admin.AdminService;
import dev.partita.node.catalog.Catalog;
import dev.partita.node.config.NodeSettings;
import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.ReplicationHost;
import dev.partita.node.routing.Router;
import dev.partita.node.storage.Storage;
import dev.partita.node.time.Clock;
import dev.partita.node.time.TimestampOracle;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// A node of a cluster, without its protocol edges: storage, transport, consensus, the catalog, the
/// replicas of Partitions that are placed here, and the ways to reach everything else. Wired in one
/// place, by [#start].
@SuppressWarnings("DoNotCallSuggester") // the bodies follow
public final class Node implements AutoCloseable {

  private Node() {}

  /// Starts a node on its directory. It serves as soon as it is [#ready()]: at once if it has the
  /// catalog of a cluster already, else after it was bootstrapped or has joined.
  ///
  /// @throws IOException if its directory or its port cannot be used, or its log is damaged
  public static Node start(NodeSettings settings) throws IOException {
    throw new IOException("not wired: " + settings);
  }

  /// Its identity.
  public NodeId id() {
    throw new UnsupportedOperationException();
  }

  public NodeSettings settings() {
    throw new UnsupportedOperationException();
  }

  /// The administration API.
  public AdminService admin() {
    throw new UnsupportedOperationException();
  }

  /// The way to every Partition: a [dev.partita.node.partition.PartitionDirectory] and
  /// [dev.partita.node.partition.PartitionCaller].
  public Router router() {
    throw new UnsupportedOperationException();
  }

  /// The timestamps of the database.
  public TimestampOracle oracle() {
    throw new UnsupportedOperationException();
  }

  /// The newest catalog on this node.
  public Catalog catalog() {
    throw new UnsupportedOperationException();
  }

  public Clock clock() {
    throw new UnsupportedOperationException();
  }

  public Storage storage() {
    throw new UnsupportedOperationException();
  }

  public ReplicationHost replicationHost() {
    throw new UnsupportedOperationException();
  }

  /// Figures of the replicas on this node, for metrics.
  public List<ReplicaFigures> replicas() {
    throw new UnsupportedOperationException();
  }

  /// Why the node can never serve again and must be restarted: the log or the storage has failed,
  /// or the node was removed from its cluster.
  public Optional<String> failure() {
    throw new UnsupportedOperationException();
  }

  /// Has a listener called once when the node fails for good; at once if it has.
  public void onFailure(Runnable listener) {
    throw new UnsupportedOperationException();
  }

  /// Whether it can serve: it has the catalog, the system partition has a leader, and its replicas
  /// are open.
  public boolean ready() {
    throw new UnsupportedOperationException();
  }

  /// Hands leadership over, then stops everything. Its directory can be started again.
  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
