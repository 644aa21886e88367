package dev.partita.operator.nodeclient;

import dev.partita.crd.DeletionPolicy;
import dev.partita.crd.IndexSpec;

/// The administration API of a node. All changes are idempotent: asked again, they answer as the
/// first time.
public interface NodeAdmin {

  /// Value of calls that answer nothing.
  enum Nothing {
    /// The only one.
    NOTHING
  }

  /// The node itself; answers also before it belongs to a cluster.
  Answer<NodeView> node(Endpoint endpoint);

  /// Makes the node a founding member of a cluster.
  Answer<Nothing> bootstrap(Endpoint endpoint, Bootstrap bootstrap);

  /// The whole observed state, as this node has it.
  Answer<ClusterView> state(Endpoint endpoint);

  /// Creates a Partition; refused with code `OVERLAP` when its bounds overlap those of another.
  Answer<PartitionView> putPartition(Endpoint endpoint, String name, PartitionRequest request);

  /// Drops a Partition; does nothing when there is none.
  Answer<Nothing> deletePartition(Endpoint endpoint, String name, DeletionPolicy policy);

  /// Creates an Index, which is then built in the background.
  Answer<IndexView> putIndex(Endpoint endpoint, String name, IndexSpec spec);

  /// Drops an Index; does nothing when there is none.
  Answer<Nothing> deleteIndex(Endpoint endpoint, String name);

  /// Starts an operation, or answers the state of the one with that id.
  Answer<OperationView> putOperation(Endpoint endpoint, String id, OperationSpec spec);

  /// Forgets a finished operation.
  Answer<Nothing> deleteOperation(Endpoint endpoint, String id);

  /// Answers a resource request.
  Answer<Nothing> answerRequest(Endpoint endpoint, String id, RequestAnswer answer);
}
