package dev.partita.node.admin;

import dev.partita.node.time.Deadline;
import java.util.Optional;

/// The administration API of a node, as Java methods. Any node answers any call; what only the
/// leader of the system partition may decide is forwarded to it.
///
/// Every method that changes something is idempotent: asked again with the same content it answers
/// as the first time. Each blocks until its effect is recorded in the catalog and applied on this
/// node, so a following [#state()] on the same node shows it.
///
/// @see dev.partita.node.error.DatabaseException for how all of them refuse: a missing object, a
///   conflict with what exists, or a system partition that cannot be reached in time
public interface AdminService {

  /// This node itself; answers also before it belongs to a cluster.
  NodeView node();

  /// Makes this node a founding member of the system partition of a cluster. Every member that the
  /// request names gets the same request; a node that already has that system partition answers as
  /// if it had just made it.
  ///
  /// @throws dev.partita.node.error.DatabaseException when this node belongs to another cluster, or
  ///   the cluster was founded by other members
  NodeView bootstrap(BootstrapRequest request);

  /// The whole observed state: one consistent catalog, with the volatile figures of the leaders
  /// added.
  StateView state(Deadline deadline);

  /// Creates a Partition.
  ///
  /// @throws dev.partita.node.error.DatabaseException when its bounds overlap those of another
  ///   Partition of the collection (context `with` names it), or when the name is taken by another
  ///   Partition
  PartitionView putPartition(String name, PartitionSpec spec, Deadline deadline);

  /// Drops a Partition. Does nothing when it does not exist.
  void deletePartition(String name, RowsPolicy rows, Deadline deadline);

  /// Creates an Index; its entries are then built in the background.
  IndexView putIndex(String name, IndexSpec spec, Deadline deadline);

  /// Drops an Index and its entries. Does nothing when it does not exist.
  void deleteIndex(String name, Deadline deadline);

  /// Starts an operation, or answers the state of the one that has this id already.
  OperationView putOperation(String id, OperationSpec spec, Deadline deadline);

  /// Forgets a finished operation. Does nothing when it does not exist.
  ///
  /// @throws dev.partita.node.error.DatabaseException while it is still running
  void deleteOperation(String id, Deadline deadline);

  /// The operator's answer to a resource request.
  void answerRequest(String id, RequestAnswer answer, Deadline deadline);

  /// Asks for a Partition on behalf of a client and waits until it serves. In a cluster the
  /// operator makes the custom resource; a node of the `dev` profile creates it itself.
  ///
  /// @param name the name as the client wrote it; see [dev.partita.node.catalog.ResourceName]
  /// @return nothing where the wish is a custom resource that is paused: it is there, and nobody
  ///   makes the Partition before that changes
  /// @throws dev.partita.node.error.DatabaseException when the operator refuses, or nothing came of
  ///   it before the deadline
  Optional<PartitionView> requestPartition(String name, PartitionWish wish, Deadline deadline);

  /// Asks on behalf of a client that a Partition be dropped, and waits until it is gone.
  void requestPartitionDeletion(String name, Deadline deadline);

  /// Asks for an Index on behalf of a client and waits until it is [IndexView.State#READY].
  IndexView requestIndex(String name, IndexSpec spec, Deadline deadline);

  /// Asks on behalf of a client that an Index be dropped, and waits until it is gone.
  void requestIndexDeletion(String name, Deadline deadline);
}
