package dev.partita.node.replication;

import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.log.DiskFiles;
import dev.partita.node.replication.log.LogListener;
import dev.partita.node.replication.log.SharedLog;
import dev.partita.node.transport.Transport;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The Raft host of a node: one shared log, one timer, and the replicas of this node on top of
/// them.
///
/// All methods may be called from any thread. [#open] and [#close] block.
public final class ReplicationHost implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ReplicationHost.class.getName());
  private static final Duration CLOSE_MAX = Duration.ofSeconds(5);
  private static final long WRITER_WAIT_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final HostCore core;
  private final SharedLog log;
  private final NodeId self;
  private final ExecutorService applyPool;
  private final ExecutorService io;
  private final ScheduledExecutorService timer;
  private final List<Thread> laneThreads = new ArrayList<>();
  private final Thread writer;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean running = true;

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
    if (!self.equals(transport.self())) {
      throw new IllegalArgumentException("The transport speaks for another node");
    }
    this.self = self;
    this.log = SharedLog.open(settings.log(), new DiskFiles(directory.resolve("log")));
    this.applyPool =
        Executors.newFixedThreadPool(
            settings.applyThreads(), Thread.ofPlatform().daemon().name("apply-", 0).factory());
    this.io = Executors.newVirtualThreadPerTaskExecutor();
    this.timer =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("replication-timer").factory());
    var runtime =
        new HostRuntime(
            monotonicNanos,
            applyPool,
            io,
            this::schedule,
            new SplittableRandom(new SecureRandom().nextLong()));
    this.core =
        new HostCore(settings, directory.resolve("snapshots"), transport, log, runtime, listener);
    this.writer = Thread.ofPlatform().daemon().name("log-writer").start(this::writeLog);
    for (Lane lane : core.lanes()) {
      laneThreads.add(
          Thread.ofPlatform().daemon().name("lane-" + laneThreads.size()).start(() -> drive(lane)));
    }
    prepareSpare();
  }

  private void schedule(Duration delay, Runnable task) {
    if (running) {
      var _ = timer.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  private void drive(Lane lane) {
    try {
      while (running) {
        lane.awaitEvents();
        lane.turn();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      LOG.log(System.Logger.Level.ERROR, "A replication lane has failed", e);
      core.fail(e);
      drainFailed(lane);
    }
  }

  /// A lane whose state is not known any more answers nobody but ends its replicas.
  private void drainFailed(Lane lane) {
    try {
      var _ = lane.stop(core.failure());
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "A failed replication lane could not be stopped", e);
    }
  }

  private void writeLog() {
    try {
      int segments = -1;
      while (log.awaitWork(WRITER_WAIT_NANOS)) {
        log.writeQueued();
        int now = log.segmentsMade();
        if (now != segments) {
          segments = now;
          prepareSpare();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      LOG.log(System.Logger.Level.ERROR, "The log's writer has failed", e);
      core.fail(e);
    }
  }

  private void prepareSpare() {
    io.execute(() -> {
      try {
        log.prepareSpare();
      } catch (IOException e) {
        LOG.log(
            System.Logger.Level.WARNING,
            "The next log segment cannot be prepared; the node stops when it is needed",
            e);
      }
    });
  }

  /// The node that this host belongs to.
  public NodeId self() {
    return self;
  }

  /// Groups that the log knows and that have not been removed; after a restart the node opens each
  /// of them or removes it.
  public Collection<GroupId> knownGroups() {
    return core.knownGroups();
  }

  /// Whether the replica of a group was removed, and there has been none since. A state machine's
  /// data that is found at the start is then what a crash left behind after [#remove], and is to be
  /// deleted before any replica is opened.
  public boolean isRemoved(GroupId group) {
    return core.isRemoved(group);
  }

  /// Starts this node's replica of a group, from what the log holds of it. A group that the log
  /// does not hold yet begins with `bootstrap` as its members or, without it, empty, waiting for a
  /// leader's snapshot.
  ///
  /// @throws IllegalStateException if the group is open or being removed, or the state machine's
  ///   data and the log do not belong together
  /// @throws ReplicationRefusal if the host has stopped
  public ReplicationGroup open(
      GroupId group, StateMachine machine, @Nullable Configuration bootstrap) {
    return await(core.open(group, machine, bootstrap));
  }

  private static <T> T await(CompletableFuture<T> future) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ReplicationRefusal.Stopped();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ReplicationRefusal refusal) {
        throw refusal;
      }
      throw new IllegalStateException("The replica could not be opened", e.getCause());
    }
  }

  /// The open replica of a group, or null.
  public @Nullable ReplicationGroup group(GroupId group) {
    return core.replica(group);
  }

  /// Ends the replica of a group and forgets its log, for good. Completes when this is durable and
  /// the state machine is closed; the state machine's data is its owner's to delete, after that.
  ///
  /// @throws IllegalStateException if the group is being opened or removed
  public CompletableFuture<Void> remove(GroupId group) {
    return core.remove(group);
  }

  /// Whether a node that shares groups with this one has been heard of lately; true for this node.
  public boolean alive(NodeId node) {
    return node.equals(self) || core.alive(node);
  }

  /// Why all groups have stopped, or null while the log works.
  public @Nullable Throwable failure() {
    return core.failure();
  }

  /// Stops all groups for good, as a failure of the log does.
  public void giveUp(Throwable why) {
    var _ = core.giveUp(why);
  }

  /// The size of the shared log.
  public long logBytes() {
    return log.sizeBytes();
  }

  /// Segment files of the shared log.
  public int logSegments() {
    return log.segmentCount();
  }

  /// Bytes that wait to be written to the shared log.
  public long logQueuedBytes() {
    return log.queuedBytes();
  }

  /// Has a listener hear of every batch that becomes durable, for histograms; there is one.
  public void onLogWrite(LogListener listener) {
    log.listen(listener);
  }

  /// How often the log was made durable, since the start.
  public long logSyncs() {
    return log.syncs();
  }

  /// Snapshots of replicas that were sent to other nodes and taken there, since the start.
  public long snapshotsDelivered() {
    return core.snapshots().delivered();
  }

  /// Bytes of snapshots sent to other nodes, since the start; those too of snapshots that were not
  /// taken in the end.
  public long snapshotBytesSent() {
    return core.snapshots().sentBytes();
  }

  /// Snapshots that replaced the state of a replica here, since the start.
  public long snapshotsInstalled() {
    return core.installedSnapshots();
  }

  /// Hands over leadership where it can, then stops all groups, closes their state machines and the
  /// log.
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    awaitQuietly(
        CompletableFuture.allOf(
            core.replicas().stream().map(Replica::handOver).toArray(CompletableFuture[]::new)));
    awaitQuietly(core.stop());
    running = false;
    laneThreads.forEach(Thread::interrupt);
    log.beginClose();
    try {
      for (Thread thread : laneThreads) {
        thread.join(CLOSE_MAX);
      }
      writer.join(CLOSE_MAX);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    timer.shutdownNow();
    applyPool.shutdown();
    io.shutdown();
    try {
      log.close();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "The log could not be closed", e);
    }
  }

  private static void awaitQuietly(CompletableFuture<Void> future) {
    try {
      future.get(CLOSE_MAX.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException e) {
      // Leadership that could not be handed over is elected anew.
      LOG.log(System.Logger.Level.DEBUG, "Not all of it went in order", e);
    }
  }
}
