package dev.partita.node.replication;

import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.NodeId;
import dev.partita.node.transport.Transport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The Raft host of a node: one shared log, one timer, and the replicas of this node on top of
/// them.
///
/// All methods may be called from any thread. [#open] and [#close] block.
@SuppressWarnings("DoNotCallSuggester") // the bodies follow
public final class ReplicationHost implements AutoCloseable {
  /// Opens the log under `directory` (made if absent) and begins to listen to the transport.
  ///
  /// @param monotonicNanos the clock, for example `System::nanoTime`
  /// @throws IOException if the log cannot be read, or is damaged elsewhere than in its torn tail
  public ReplicationHost(
      HostSettings settings,
      Path directory,
      NodeId self,
      Transport transport,
      LongSupplier monotonicNanos,
      HostListener listener)
      throws IOException {
    throw new UnsupportedOperationException();
  }

  /// Groups that the log knows and that have not been removed; after a restart the node opens each
  /// of them or removes it.
  public Collection<GroupId> knownGroups() {
    throw new UnsupportedOperationException();
  }

  /// Starts this node's replica of a group, from what the log holds of it. A group that the log
  /// does not hold yet begins with `bootstrap` as its members or, without it, empty, waiting for a
  /// leader's snapshot.
  ///
  /// @throws IllegalStateException if the group is open, or the state machine's data and the log do
  ///   not belong together
  public ReplicationGroup open(
      GroupId group, StateMachine machine, @Nullable Configuration bootstrap) {
    throw new UnsupportedOperationException();
  }

  /// The open replica of a group, or null.
  public @Nullable ReplicationGroup group(GroupId group) {
    throw new UnsupportedOperationException();
  }

  /// Ends the replica of a group and forgets its log, for good. Completes when this is durable and
  /// the state machine is closed; the state machine's data is its owner's to delete, after that.
  public CompletableFuture<Void> remove(GroupId group) {
    throw new UnsupportedOperationException();
  }

  /// Whether a node that shares groups with this one has been heard of lately; true for this node.
  public boolean alive(NodeId node) {
    throw new UnsupportedOperationException();
  }

  /// Why all groups have stopped, or null while the log works.
  public @Nullable Throwable failure() {
    throw new UnsupportedOperationException();
  }

  /// Hands over leadership where it can, then stops all groups, closes their state machines and the
  /// log.
  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
