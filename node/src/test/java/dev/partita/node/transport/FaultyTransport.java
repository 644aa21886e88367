package dev.partita.node.transport;

import dev.partita.node.raft.NodeId;
import java.time.Duration;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/// Any [Transport], made worse: what this node sends may be lost, delayed, or cut off for some
/// peers. What comes in is left alone; for both directions the peers' transports are wrapped too.
public final class FaultyTransport implements Transport {
  private static final int PERCENT = 100;

  private final Transport real;
  private final SplittableRandom random;
  private final Set<NodeId> cut = ConcurrentHashMap.newKeySet();
  private volatile int lossPercent;
  private volatile Duration delay = Duration.ZERO;

  /// Wraps a transport; the seed decides what is lost.
  public FaultyTransport(Transport real, long seed) {
    this.real = real;
    this.random = new SplittableRandom(seed);
  }

  /// Loses all that is sent to a peer, and fails calls to it.
  public void cut(NodeId peer) {
    cut.add(peer);
  }

  /// Ends all faults.
  public void heal() {
    cut.clear();
    lossPercent = 0;
    delay = Duration.ZERO;
  }

  /// Loses this share of one-way messages and requests.
  public void lose(int percent) {
    lossPercent = percent;
  }

  /// Sends everything this much later.
  public void delay(Duration newDelay) {
    delay = newDelay;
  }

  private boolean loses(NodeId to) {
    synchronized (random) {
      return cut.contains(to) || random.nextInt(PERCENT) < lossPercent;
    }
  }

  private Executor sender() {
    Duration time = delay;
    return time.isZero()
        ? Runnable::run
        : CompletableFuture.delayedExecutor(time.toNanos(), TimeUnit.NANOSECONDS);
  }

  @Override
  public NodeId self() {
    return real.self();
  }

  @Override
  public void send(NodeId to, byte[] message) {
    if (!loses(to)) {
      sender().execute(() -> real.send(to, message));
    }
  }

  @Override
  public CompletableFuture<byte[]> call(
      NodeId to, String service, byte[] request, Duration timeout) {
    if (loses(to)) {
      var lost = new CompletableFuture<byte[]>();
      CompletableFuture.delayedExecutor(timeout.toNanos(), TimeUnit.NANOSECONDS)
          .execute(() ->
              lost.completeExceptionally(
                  new CallFailure(CallFailure.Kind.UNKNOWN, "No response in time")));
      return lost;
    }
    var result = new CompletableFuture<byte[]>();
    sender()
        .execute(() -> {
          var _ =
              real.call(to, service, request, timeout)
                  .whenComplete((response, failure) -> {
                    if (failure == null) {
                      result.complete(response);
                    } else {
                      result.completeExceptionally(failure);
                    }
                  });
        });
    return result;
  }

  @Override
  public CompletableFuture<byte[]> call(
      PeerAddress address, String service, byte[] request, Duration timeout) {
    return real.call(address, service, request, timeout);
  }

  @Override
  public void register(String service, CallHandler handler) {
    real.register(service, handler);
  }

  @Override
  public void onMessage(MessageHandler handler) {
    real.onMessage(handler);
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
