package dev.partita.node.transport;

import dev.partita.node.raft.NodeId;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/// Carries messages between the nodes of a database.
///
/// One-way messages may be lost, doubled by nobody, and are delivered in the order of sending per
/// peer as long as a connection lives. Calls end exactly once: with the response or with a
/// [CallFailure] that tells whether the peer may have seen the request.
///
/// All methods may be called from any thread and return at once. Handlers and listeners are
/// registered before traffic is expected; they run on the transport's threads and must not block.
public interface Transport extends AutoCloseable {
  /// The node that this transport speaks for.
  NodeId self();

  /// Sends a one-way message; over the peer's queue bound the oldest queued messages are dropped.
  /// The array belongs to the transport from here on.
  void send(NodeId to, byte[] message);

  /// Asks a service of a peer. The future is completed on a transport thread.
  CompletableFuture<byte[]> call(NodeId to, String service, byte[] request, Duration timeout);

  /// Asks a service of whichever node listens at an address, for peers whose identity is not known
  /// yet.
  CompletableFuture<byte[]> call(
      PeerAddress address, String service, byte[] request, Duration timeout);

  /// Makes a service callable by peers; a name can be registered once.
  ///
  /// @throws IllegalStateException if the name is taken
  void register(String service, CallHandler handler);

  /// Sets the receiver of one-way messages; there is one per transport.
  void onMessage(MessageHandler handler);

  /// Adds a listener of connections coming and going.
  void addPeerListener(PeerListener listener);

  /// Closes all connections; calls that are open fail.
  @Override
  void close();
}
