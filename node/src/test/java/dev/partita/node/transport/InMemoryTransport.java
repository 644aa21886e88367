package dev.partita.node.transport;

import dev.partita.node.raft.NodeId;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// A [Transport] of an [InMemoryNetwork]: what is sent arrives on a thread of the network, unless
/// the network loses it.
public final class InMemoryTransport implements Transport {
  private final InMemoryNetwork network;
  private final NodeId self;
  private final Services services = new Services(1024, 64 << 20, new Traffic());
  private final List<PeerListener> listeners = new CopyOnWriteArrayList<>();
  private volatile boolean closed;

  InMemoryTransport(InMemoryNetwork network, NodeId self) {
    this.network = network;
    this.self = self;
  }

  boolean closed() {
    return closed;
  }

  void connectionLost(NodeId peer) {
    listeners.forEach(listener -> listener.lost(peer));
    listeners.forEach(listener -> listener.unreachable(peer));
  }

  @Override
  public NodeId self() {
    return self;
  }

  @Override
  public void send(NodeId to, byte[] message) {
    if (closed) {
      return;
    }
    network.deliver(() -> {
      InMemoryTransport target = network.reachable(self, to);
      if (target != null) {
        target.services.receive(self, message);
      }
    });
  }

  @Override
  public CompletableFuture<byte[]> call(
      NodeId to, String service, byte[] request, Duration timeout) {
    var result = new CompletableFuture<byte[]>();
    if (closed || network.reachable(self, to) == null) {
      result.completeExceptionally(
          new CallFailure(CallFailure.Kind.NOT_SENT, "The peer cannot be reached"));
      return result;
    }
    network.later(
        timeout,
        () ->
            result.completeExceptionally(
                new CallFailure(CallFailure.Kind.UNKNOWN, "No response in time")));
    network.deliver(() -> {
      InMemoryTransport target = network.reachable(self, to);
      if (target != null) {
        var _ =
            target
                .services
                .execute(self, service, request)
                .whenComplete((response, failure) -> respond(to, result, response, failure));
      }
    });
    return result;
  }

  private void respond(
      NodeId from, CompletableFuture<byte[]> result, byte[] response, @Nullable Throwable failure) {
    network.deliver(() -> {
      if (network.reachable(from, self) == null) {
        return;
      }
      if (failure == null) {
        result.complete(response);
      } else {
        result.completeExceptionally(failure);
      }
    });
  }

  @Override
  public CompletableFuture<byte[]> call(
      PeerAddress address, String service, byte[] request, Duration timeout) {
    NodeId node = network.nodeAt(address);
    return node == null
        ? CompletableFuture.failedFuture(
            new CallFailure(CallFailure.Kind.NOT_SENT, "Nobody is at this address"))
        : call(node, service, request, timeout);
  }

  @Override
  public void register(String service, CallHandler handler) {
    services.register(service, handler);
  }

  @Override
  public void onMessage(MessageHandler handler) {
    services.onMessage(handler);
  }

  @Override
  public void addPeerListener(PeerListener listener) {
    listeners.add(listener);
  }

  @Override
  public void close() {
    closed = true;
  }
}
