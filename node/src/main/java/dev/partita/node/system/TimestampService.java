package dev.partita.node.system;

import dev.partita.node.catalog.CatalogCodec;
import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.CatalogStateMachine;
import dev.partita.node.catalog.TimestampWindow;
import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.Proposed;
import dev.partita.node.replication.ReplicationGroup;
import dev.partita.node.replication.ReplicationRefusal;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampBlock;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Hands out timestamps where the system partition is led. Each request first makes sure that this
/// node leads, after the request came in and with all windows of former leaders applied; then it
/// takes its block from the window, which is extended through the log in good time.
final class TimestampService implements LeaderCalls.LeaderService {
  private final NodeId self;
  private final CatalogStateMachine machine;
  private final Supplier<Optional<ReplicationGroup>> group;
  private final SteadyTime time;

  /// Guarded by itself.
  private final TimestampSource source;

  /// Guarded by `source`: the extension on its way.
  private @Nullable CompletableFuture<Proposed> extension;

  TimestampService(
      NodeId self,
      CatalogStateMachine machine,
      Supplier<Optional<ReplicationGroup>> group,
      Clock clock) {
    this.self = self;
    this.machine = machine;
    this.group = group;
    this.time = new SteadyTime(clock);
    this.source = new TimestampSource(self);
  }

  /// Leadership was won or lost.
  void leaderChanged() {
    synchronized (source) {
      source.reset();
    }
  }

  @Override
  public CompletableFuture<byte[]> execute(byte[] request) {
    int count = ByteBuffer.wrap(request).getInt();
    if (count < 1 || count > SystemOracle.COUNT_MAX) {
      return CompletableFuture.failedFuture(
          new IllegalArgumentException("count out of range: " + count));
    }
    return block(count)
        .thenApply(block ->
            ByteBuffer.allocate(2 * Long.BYTES)
                .putLong(block.first().value())
                .putLong(machine.catalog().revision())
                .array());
  }

  private CompletableFuture<TimestampBlock> block(int count) {
    Optional<ReplicationGroup> system = group.get();
    if (system.isEmpty()) {
      return CompletableFuture.failedFuture(new ReplicationRefusal.Stopped());
    }
    // Another node may have been quicker to apply a change of the catalog, and write by it; then
    // the revision that goes with this timestamp has to have it.
    return system.get().commitBarrier().thenCompose(_ -> take(system.get(), count));
  }

  private CompletableFuture<TimestampBlock> take(ReplicationGroup system, int count) {
    CompletableFuture<Proposed> extended;
    synchronized (source) {
      long now = time.millis();
      TimestampWindow window = machine.catalog().window();
      Optional<TimestampBlock> block = source.take(count, now, window);
      if (block.isEmpty() || source.runsLow(now, window)) {
        extended = extend(system, source.windowFor(count, now));
      } else {
        extended = CompletableFuture.completedFuture(null);
      }
      if (block.isPresent()) {
        return CompletableFuture.completedFuture(block.get());
      }
    }
    // Asked from the beginning: leadership may have been lost while the extension was on its way.
    return extended.thenCompose(_ -> block(count));
  }

  private CompletableFuture<Proposed> extend(ReplicationGroup system, Timestamp end) {
    if (extension == null || extension.isDone()) {
      extension =
          system.propose(
              CatalogCodec.encode(new CatalogCommand.ExtendWindow(new TimestampWindow(end, self))));
    }
    return extension;
  }
}
