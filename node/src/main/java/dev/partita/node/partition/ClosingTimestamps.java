package dev.partita.node.partition;

import dev.partita.node.raft.NodeId;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampOracle;
import dev.partita.node.transport.Transport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// Has the members of the Partitions that this node leads know up to which timestamp they can be
/// read without asking the leader: again and again, one message for each member, so that a
/// Partition without writes needs no log entries for it.
///
/// A leader promises no more than what lies a little back, so that no write comes too late for its
/// timestamp because of it.
public final class ClosingTimestamps implements AutoCloseable {

  private static final String SERVICE = "partition.closed";

  /// Whoever does not answer in this time is told the next time.
  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  private final LocalPartitions partitions;
  private final Transport transport;
  private final TimestampOracle oracle;
  private final PartitionSettings settings;
  private final ScheduledExecutorService ticker;
  private final AtomicBoolean underWay = new AtomicBoolean();

  private ClosingTimestamps(
      LocalPartitions partitions,
      Transport transport,
      TimestampOracle oracle,
      PartitionSettings settings) {
    this.partitions = partitions;
    this.transport = transport;
    this.oracle = oracle;
    this.settings = settings;
    this.ticker =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("closing-timestamps").factory());
  }

  /// Begins, and takes the promises of others.
  public static ClosingTimestamps start(
      LocalPartitions partitions,
      Transport transport,
      TimestampOracle oracle,
      PartitionSettings settings) {
    var closing = new ClosingTimestamps(partitions, transport, oracle, settings);
    transport.register(SERVICE, (_, bytes) -> closing.learn(bytes));
    long interval = settings.closingInterval().toMillis();
    var _ =
        closing.ticker.scheduleWithFixedDelay(
            closing::tick, interval, interval, TimeUnit.MILLISECONDS);
    return closing;
  }

  private CompletableFuture<byte[]> learn(byte[] bytes) {
    BinaryReader in = PartitionCodec.begin(bytes);
    for (ClosedTimestamp promise : in.list(ClosedTimestamp::read)) {
      PartitionReplica replica = partitions.replica(promise.partition());
      if (replica != null) {
        replica.promises().learn(promise);
      }
    }
    return CompletableFuture.completedFuture(new byte[0]);
  }

  private void tick() {
    List<PartitionReplica> leading =
        partitions.replicas().stream()
            .filter(PartitionReplica::leads)
            .filter(replica -> replica.group().status().configuration().members().size() > 1)
            .toList();
    // A round that hangs is not followed by others that hang as well.
    if (leading.isEmpty() || !underWay.compareAndSet(false, true)) {
      return;
    }
    var _ =
        oracle
            .next(1)
            .thenCompose(block -> close(leading, block.first()))
            .orTimeout(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
            .whenComplete((_, _) -> underWay.set(false));
  }

  private CompletableFuture<Void> close(List<PartitionReplica> leading, Timestamp now) {
    long millis = now.millis() - settings.closedLag().toMillis();
    if (millis <= 0) {
      return CompletableFuture.completedFuture(null);
    }
    Timestamp at = Timestamp.ofMillis(millis);
    Map<NodeId, List<ClosedTimestamp>> promises = new ConcurrentHashMap<>();
    CompletableFuture<?>[] all =
        leading.stream()
            .map(replica ->
                replica
                    .promises()
                    .close(at, now)
                    .thenAccept(promise -> add(promises, replica, promise))
                    // Not the leader any more, or not sure of it.
                    .exceptionally(_ -> null))
            .toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(all).thenRun(() -> promises.forEach(this::send));
  }

  private void add(
      Map<NodeId, List<ClosedTimestamp>> promises,
      PartitionReplica replica,
      ClosedTimestamp promise) {
    for (NodeId member : replica.group().status().configuration().members()) {
      if (!member.equals(transport.self())) {
        promises.compute(member, (_, list) -> with(list, promise));
      }
    }
  }

  private static List<ClosedTimestamp> with(
      @Nullable List<ClosedTimestamp> list, ClosedTimestamp one) {
    List<ClosedTimestamp> longer = list == null ? new ArrayList<>() : list;
    longer.add(one);
    return longer;
  }

  private void send(NodeId member, List<ClosedTimestamp> promises) {
    BinaryWriter out = PartitionCodec.begin(16 + 24 * promises.size());
    out.list(promises, promises.size(), (o, promise) -> promise.writeTo(o));
    var _ = transport.call(member, SERVICE, out.toByteArray(), TIMEOUT).exceptionally(_ -> null);
  }

  @Override
  public void close() {
    ticker.shutdownNow();
  }
}
