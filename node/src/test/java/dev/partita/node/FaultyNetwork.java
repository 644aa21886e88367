package dev.partita.node;

import dev.partita.node.raft.NodeId;
import dev.partita.node.transport.CallFailure;
import dev.partita.node.transport.CallHandler;
import dev.partita.node.transport.MessageHandler;
import dev.partita.node.transport.PeerAddress;
import dev.partita.node.transport.PeerListener;
import dev.partita.node.transport.Transport;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/// A network between nodes of one test that can be cut: stands between each node and its real
/// transport. What is sent over a cut disappears, as in a network that drops packets: nobody is
/// told.
final class FaultyNetwork {
  private record Direction(NodeId from, NodeId to) {}

  private record Service(Direction direction, String name) {}

  private final Set<Direction> cuts = ConcurrentHashMap.newKeySet();
  private final Set<Service> lost = ConcurrentHashMap.newKeySet();
  private final Set<NodeId> nodes = ConcurrentHashMap.newKeySet();

  /// Cuts both directions between two nodes.
  void cut(NodeId one, NodeId other) {
    cuts.add(new Direction(one, other));
    cuts.add(new Direction(other, one));
  }

  /// Cuts a node off from all others.
  void isolate(NodeId node) {
    nodes.stream().filter(other -> !other.equals(node)).forEach(other -> cut(node, other));
  }

  /// Loses the calls of one service, in one direction.
  void lose(NodeId from, NodeId to, String service) {
    lost.add(new Service(new Direction(from, to), service));
  }

  /// Removes all cuts.
  void heal() {
    cuts.clear();
    lost.clear();
  }

  private boolean isCut(NodeId from, NodeId to) {
    return cuts.contains(new Direction(from, to));
  }

  /// The network as one node sees it.
  Transport attach(Transport real) {
    nodes.add(real.self());
    return new Attached(real);
  }

  private final class Attached implements Transport {
    private final Transport real;

    Attached(Transport real) {
      this.real = real;
    }

    @Override
    public NodeId self() {
      return real.self();
    }

    @Override
    public void send(NodeId to, byte[] message) {
      if (!isCut(self(), to)) {
        real.send(to, message);
      }
    }

    @Override
    public CompletableFuture<byte[]> call(
        NodeId to, String service, byte[] request, Duration timeout) {
      return isCut(self(), to) || lost.contains(new Service(new Direction(self(), to), service))
          ? lost(timeout)
          : real.call(to, service, request, timeout);
    }

    @Override
    public CompletableFuture<byte[]> call(
        PeerAddress address, String service, byte[] request, Duration timeout) {
      return real.call(address, service, request, timeout);
    }

    private static CompletableFuture<byte[]> lost(Duration timeout) {
      CompletableFuture<byte[]> call = new CompletableFuture<>();
      CompletableFuture.delayedExecutor(timeout.toNanos(), TimeUnit.NANOSECONDS)
          .execute(() ->
              call.completeExceptionally(
                  new CallFailure(CallFailure.Kind.UNKNOWN, "time ran out")));
      return call;
    }

    @Override
    public void register(String service, CallHandler handler) {
      real.register(
          service,
          (from, request) ->
              isCut(from, self())
                  ? new CompletableFuture<>()
                  : handler
                      .handle(from, request)
                      .thenCompose(answer ->
                          isCut(self(), from)
                              ? new CompletableFuture<>()
                              : CompletableFuture.completedFuture(answer)));
    }

    @Override
    public void onMessage(MessageHandler handler) {
      real.onMessage((from, message) -> {
        if (!isCut(from, self())) {
          handler.receive(from, message);
        }
      });
    }

    @Override
    public void addPeerListener(PeerListener listener) {
      real.addPeerListener(listener);
    }

    @Override
    public void close() {
      real.close();
    }
  }
}
