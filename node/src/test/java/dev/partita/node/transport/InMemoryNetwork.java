package dev.partita.node.transport;

import dev.partita.node.raft.NodeId;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Connects [InMemoryTransport]s of one test, and can be told to lose or delay what they send.
/// Thread-safe.
public final class InMemoryNetwork implements AutoCloseable {
  private record Link(NodeId from, NodeId to) {}

  private final ScheduledExecutorService executor =
      Executors.newScheduledThreadPool(
          2, Thread.ofPlatform().daemon().name("network-", 0).factory());
  private final Map<NodeId, InMemoryTransport> transports = new HashMap<>();
  private final Map<PeerAddress, NodeId> addresses = new HashMap<>();
  private final Set<Link> cuts = new HashSet<>();
  private Duration delay = Duration.ZERO;

  /// A transport for a node; replaces the one it had, as after a restart.
  public synchronized InMemoryTransport transport(NodeId node) {
    InMemoryTransport former = transports.get(node);
    if (former != null) {
      former.close();
    }
    var transport = new InMemoryTransport(this, node);
    transports.put(node, transport);
    return transport;
  }

  /// Makes a node reachable by an address.
  public synchronized void addressOf(NodeId node, PeerAddress address) {
    addresses.put(address, node);
  }

  /// Loses everything from one node to another, in this direction only.
  public void cutOneWay(NodeId from, NodeId to) {
    synchronized (this) {
      cuts.add(new Link(from, to));
    }
    executor.execute(() -> tell(from, to));
  }

  /// Loses everything between two nodes.
  public void cut(NodeId one, NodeId other) {
    cutOneWay(one, other);
    cutOneWay(other, one);
  }

  /// Loses everything between a node and all others.
  public void isolate(NodeId node) {
    Set<NodeId> others;
    synchronized (this) {
      others = new HashSet<>(transports.keySet());
    }
    others.remove(node);
    others.forEach(other -> cut(node, other));
  }

  /// Ends all cuts.
  public synchronized void heal() {
    cuts.clear();
  }

  /// Delivers everything this much later from now on.
  public synchronized void delay(Duration newDelay) {
    delay = newDelay;
  }

  private void tell(NodeId from, NodeId to) {
    InMemoryTransport transport;
    synchronized (this) {
      transport = transports.get(from);
    }
    if (transport != null) {
      transport.connectionLost(to);
    }
  }

  synchronized @Nullable NodeId nodeAt(PeerAddress address) {
    return addresses.get(address);
  }

  /// The transport of a node if what `from` sends reaches it now.
  synchronized @Nullable InMemoryTransport reachable(NodeId from, NodeId to) {
    InMemoryTransport target = transports.get(to);
    return cuts.contains(new Link(from, to)) || target == null || target.closed() ? null : target;
  }

  /// Runs a delivery later.
  void deliver(Runnable delivery) {
    long nanos;
    synchronized (this) {
      nanos = delay.toNanos();
    }
    if (!executor.isShutdown()) {
      var _ = executor.schedule(delivery, nanos, TimeUnit.NANOSECONDS);
    }
  }

  void later(Duration time, Runnable task) {
    if (!executor.isShutdown()) {
      var _ = executor.schedule(task, time.toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
