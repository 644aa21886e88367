package dev.partita.node.partition;

import dev.partita.node.key.PrimaryKey;
import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.Proposed;
import dev.partita.node.replication.ReplicationGroup;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampBlock;
import dev.partita.node.time.TimestampOracle;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// A leader's writes on their way into the log, and the promises it has made to snapshot reads.
///
/// Writes gather in a queue. One batch at a time gets a block of timestamps and becomes one log
/// entry; several entries may be in flight. So timestamps rise in log order, and writes that arrive
/// while the oracle is asked share the next entry.
///
/// The read floor is the highest timestamp that a snapshot read was let in at: no write is proposed
/// at or below it. A block of timestamps that a read has overtaken is thrown away for a new one;
/// the reads that come until that one is proposed wait for it, so that reads cannot starve writes.
///
/// A read of now, of one row or of many, waits for the writes of what it reads that have asked for
/// their timestamps before it came: [WritesUnderWay] tells why.
///
/// A new leader begins with a fresh timestamp as its floor, which is above everything that its
/// predecessors have promised or written.
///
/// All state is guarded by this object's lock. With it held only the group and the oracle are
/// called, which return at once, and no answer is given.
final class WritePipeline {

  private final PartitionSettings settings;
  private final ReplicationGroup group;
  private final TimestampOracle oracle;
  private final Clock clock;
  private final Extent.Watch watch;

  private enum Part {
    FOLLOWS,
    PREPARES,
    LEADS
  }

  /// A log entry that was proposed and is not applied yet.
  private record InFlight(
      Timestamp first, List<PendingWrite> writes, CompletableFuture<Void> settled) {
    @Override
    public boolean equals(@Nullable Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(this);
    }
  }

  private Part part = Part.FOLLOWS;
  private @Nullable NodeId leader;

  /// Changes with every change of the part; what was begun before is stale.
  private long generation;

  private CompletableFuture<Void> prepared = new CompletableFuture<>();
  private Timestamp floor = Timestamp.MIN;

  /// The highest timestamp known to have been handed out.
  private Timestamp newest = Timestamp.MIN;

  private final Deque<PendingWrite> queue = new ArrayDeque<>();
  private long queuedBytes;

  /// The batch that timestamps were asked for, empty if none.
  private List<PendingWrite> asking = List.of();

  private final Deque<InFlight> inFlight = new ArrayDeque<>();

  /// Entries of former terms whose outcome is not known yet.
  private final List<InFlight> orphans = new ArrayList<>();

  /// There while a batch asks for timestamps: completed when it is proposed or given up.
  private @Nullable CompletableFuture<Void> stamping;

  /// Whether that batch has lost its timestamps to a read and asks again.
  private boolean overtaken;

  private final WritesUnderWay underWay = new WritesUnderWay();

  private @Nullable CompletableFuture<Void> refreshing;

  WritePipeline(ReplicationGroup group, PartitionReplica.Surroundings node) {
    this.group = group;
    this.settings = node.settings();
    this.oracle = node.oracle();
    this.clock = node.clock();
    this.watch = node.watch();
  }

  /// Begins a term as leader: writes and reads queue until [#lead]. Answers the generation to give
  /// there.
  long prepare() {
    leave(Part.PREPARES, null);
    synchronized (this) {
      return generation;
    }
  }

  /// Begins to serve, with a timestamp that was asked for in this term.
  void lead(long ofGeneration, Timestamp fresh) {
    CompletableFuture<Void> waiting;
    synchronized (this) {
      if (generation != ofGeneration || part != Part.PREPARES) {
        return;
      }
      part = Part.LEADS;
      floor = Timestamp.later(floor, fresh);
      newest = Timestamp.later(newest, fresh);
      waiting = prepared;
    }
    waiting.complete(null);
    pump();
  }

  synchronized boolean isPreparing(long ofGeneration) {
    return generation == ofGeneration && part == Part.PREPARES;
  }

  synchronized boolean leads() {
    return part == Part.LEADS;
  }

  /// Ends a term: what was not proposed is refused.
  void follow(@Nullable NodeId newLeader) {
    leave(Part.FOLLOWS, newLeader);
  }

  private void leave(Part next, @Nullable NodeId newLeader) {
    List<PendingWrite> refused = new ArrayList<>();
    List<CompletableFuture<Void>> waiting = new ArrayList<>();
    synchronized (this) {
      part = next;
      leader = newLeader;
      generation++;
      asking.forEach(underWay::remove);
      asking.forEach(write -> waiting.add(write.settled));
      refused.addAll(asking);
      refused.removeIf(write -> write.proposed);
      refused.addAll(queue);
      queue.forEach(write -> waiting.add(write.settled));
      queue.clear();
      queuedBytes = 0;
      // By the time of a new term of this leader they will be applied or lost for good.
      orphans.addAll(inFlight);
      inFlight.clear();
      waiting.add(prepared);
      prepared = new CompletableFuture<>();
      CompletableFuture<Void> gate = stamped();
      if (gate != null) {
        waiting.add(gate);
      }
    }
    refused.forEach(write -> write.answer.complete(new Response.NotLeader(newLeader)));
    waiting.forEach(future -> future.complete(null));
  }

  /// The end of asking for timestamps: gives what to complete.
  private @Nullable CompletableFuture<Void> stamped() {
    CompletableFuture<Void> gate = stamping;
    asking = List.of();
    stamping = null;
    overtaken = false;
    return gate;
  }

  /// Queues a write that was checked.
  CompletableFuture<Response> write(Request.Stamped request, Deadline deadline) {
    var write = new PendingWrite(request, deadline);
    synchronized (this) {
      if (part == Part.FOLLOWS) {
        return CompletableFuture.completedFuture(new Response.NotLeader(leader));
      }
      if (queue.size() >= settings.queueWritesMax()
          || queuedBytes + write.sizeBytes > settings.queueBytesMax()) {
        return CompletableFuture.completedFuture(
            new Response.Overloaded("Too many writes are waiting"));
      }
      queue.add(write);
      queuedBytes += write.sizeBytes;
    }
    pump();
    return write.answer;
  }

  /// Asks for timestamps for the next batch, if it is time.
  private void pump() {
    List<PendingWrite> batch;
    long now;
    synchronized (this) {
      if (part != Part.LEADS
          || !asking.isEmpty()
          || queue.isEmpty()
          || inFlight.size() >= settings.entriesInFlightMax()) {
        return;
      }
      batch = takeBatch();
      asking = batch;
      stamping = new CompletableFuture<>();
      batch.forEach(underWay::add);
      now = generation;
    }
    askTimestamps(batch, now);
  }

  private List<PendingWrite> takeBatch() {
    var batch = new ArrayList<PendingWrite>();
    long bytes = 0;
    while (!queue.isEmpty() && batch.size() < settings.batchWritesMax()) {
      PendingWrite next = queue.getFirst();
      boolean alone = readsRanges(next);
      if (!batch.isEmpty() && (alone || bytes + next.sizeBytes > settings.batchBytesMax())) {
        break;
      }
      queue.removeFirst();
      queuedBytes -= next.sizeBytes;
      bytes += next.sizeBytes;
      batch.add(next);
      if (alone) {
        break;
      }
    }
    return batch;
  }

  private static boolean readsRanges(PendingWrite write) {
    return write.request instanceof Request.Prepare prepare && !prepare.reads().ranges().isEmpty();
  }

  private void askTimestamps(List<PendingWrite> batch, long ofGeneration) {
    var _ =
        oracle
            .next(batch.size())
            .whenComplete((block, failure) -> {
              if (failure != null) {
                withoutTimestamps(batch, ofGeneration);
              } else {
                stamp(batch, ofGeneration, block);
              }
            });
  }

  private void withoutTimestamps(List<PendingWrite> batch, long ofGeneration) {
    CompletableFuture<Void> gate = null;
    synchronized (this) {
      if (generation == ofGeneration) {
        gate = stamped();
      }
      batch.forEach(underWay::remove);
    }
    if (gate != null) {
      gate.complete(null);
    }
    Response none = new Response.Unavailable("No timestamps can be had");
    batch.forEach(write -> write.answer.complete(none));
    batch.forEach(write -> write.settled.complete(null));
    pump();
  }

  private void stamp(List<PendingWrite> batch, long ofGeneration, TimestampBlock block) {
    List<PendingWrite> live;
    List<PendingWrite> dropped;
    synchronized (this) {
      if (generation != ofGeneration) {
        return; // refused when the part changed
      }
      newest = Timestamp.later(newest, block.last());
      // From here on a write that runs out of time may have happened.
      live = batch.stream().filter(write -> !write.abandoned).toList();
      live.forEach(write -> write.proposed = true);
      dropped = batch.stream().filter(write -> write.abandoned).toList();
      dropped.forEach(underWay::remove);
    }
    dropped.forEach(write -> write.settled.complete(null));
    byte[] command = PendingWrite.command(live, block, watch);
    CompletableFuture<Proposed> proposal = null;
    CompletableFuture<Void> gate = null;
    InFlight entry = new InFlight(block.first(), live, new CompletableFuture<>());
    boolean again = false;
    synchronized (this) {
      if (generation != ofGeneration) {
        // Nothing was proposed, and nothing will be.
        live.forEach(underWay::remove);
      } else if (live.isEmpty()) {
        gate = stamped();
      } else if (!block.first().isAfter(floor)) {
        live.forEach(write -> write.proposed = false);
        overtaken = true;
        asking = live;
        again = true;
      } else {
        gate = stamped();
        inFlight.add(entry);
        proposal = group.propose(command);
      }
    }
    if (gate != null) {
      gate.complete(null);
    }
    if (again) {
      askTimestamps(live, ofGeneration);
    } else if (proposal != null) {
      var _ = proposal.whenComplete((proposed, failure) -> settle(entry, proposed, failure));
      pump();
    } else {
      live.forEach(write -> write.answer.complete(new Response.NotLeader(null)));
      live.forEach(write -> write.settled.complete(null));
      pump();
    }
  }

  /// Applied, or lost: only then may a snapshot read go past it, and only then are its writers
  /// told.
  private void settle(InFlight entry, @Nullable Proposed proposed, @Nullable Throwable failure) {
    synchronized (this) {
      inFlight.remove(entry);
      orphans.remove(entry);
      entry.writes().forEach(underWay::remove);
    }
    entry.writes().forEach(write -> write.settled.complete(null));
    entry.settled().complete(null);
    if (proposed != null && proposed.result() instanceof List<?> responses) {
      for (int at = 0; at < entry.writes().size(); at++) {
        entry.writes().get(at).answer.complete((Response) responses.get(at));
      }
    } else {
      Response refusal = Refusals.of(failure);
      entry.writes().forEach(write -> write.answer.complete(refusal));
    }
    pump();
  }

  /// Lets a snapshot read in. The future gives the timestamp to read at, when every write at or
  /// below it is applied here and no other will come; or fails with [Refused]. The caller confirms
  /// the leadership afterwards.
  ///
  /// @param at null for the newest timestamp that was handed out for a write here, or later
  CompletableFuture<Timestamp> snapshot(@Nullable Timestamp at) {
    return snapshot(at, 0, at == null);
  }

  /// @param stampingFirst whether to wait for the batch that asks for timestamps: they may have
  ///   been handed out already, before a later write was answered elsewhere
  private CompletableFuture<Timestamp> snapshot(
      @Nullable Timestamp at, int refreshes, boolean stampingFirst) {
    CompletableFuture<Void> before;
    boolean refreshed = false;
    synchronized (this) {
      if (part == Part.FOLLOWS) {
        return CompletableFuture.failedFuture(new Refusals.Refused(new Response.NotLeader(leader)));
      }
      CompletableFuture<Void> gate = stamping;
      Timestamp chosen = at == null ? newest : at;
      if (part == Part.PREPARES) {
        before = prepared;
      } else if (stampingFirst && gate != null) {
        before = gate;
      } else if (chosen.isAfter(newest) || (at == null && refreshes == 0 && isStale(chosen))) {
        // One call may have begun before the timestamp was handed out, a second one has not.
        if (refreshes == 2) {
          return CompletableFuture.failedFuture(
              new Refusals.Refused(new Response.TimestampInFuture(newest)));
        }
        before = refresh();
        refreshed = true;
      } else if (chosen.isAfter(floor) && overtaken && gate != null) {
        before = gate;
      } else {
        floor = Timestamp.later(floor, chosen);
        return settledUpTo(chosen);
      }
    }
    int refreshesThen = refreshed ? refreshes + 1 : refreshes;
    return before.thenCompose(_ -> snapshot(at, refreshesThen, false));
  }

  /// Completes when the write of a row that has asked for its timestamp is applied or lost; null if
  /// there is none.
  @Nullable CompletableFuture<Void> underWay(PrimaryKey key) {
    synchronized (this) {
      return underWay.of(key);
    }
  }

  /// Completes when all writes of a row that are here are applied or lost, those too that have not
  /// asked for their timestamps yet.
  CompletableFuture<Void> settled(PrimaryKey key) {
    synchronized (this) {
      CompletableFuture<Void> last = underWay.of(key);
      for (PendingWrite write : queue) {
        last = write.writes(key) ? write.settled : last;
      }
      return last == null ? CompletableFuture.completedFuture(null) : last;
    }
  }

  /// Proposes a command of the leader that has no timestamp of its own but may let a commit become
  /// visible: what is written after it in the log has a later timestamp.
  ///
  /// @param commit the highest timestamp of what becomes visible
  CompletableFuture<Proposed> proposeAbove(Timestamp commit, byte[] command) {
    synchronized (this) {
      if (part == Part.FOLLOWS) {
        return CompletableFuture.failedFuture(new Refusals.Refused(new Response.NotLeader(leader)));
      }
      if (part == Part.PREPARES) {
        return CompletableFuture.failedFuture(
            new Refusals.Refused(new Response.Unavailable("The leader is taking up its term")));
      }
      floor = Timestamp.later(floor, commit);
      newest = Timestamp.later(newest, commit);
      return group.propose(command);
    }
  }

  /// Whether a snapshot would be so old that its pages could soon not be read on.
  private boolean isStale(Timestamp timestamp) {
    return timestamp.millis() < clock.wallMillis() - settings.safePointInterval().toMillis();
  }

  private CompletableFuture<Timestamp> settledUpTo(Timestamp at) {
    var waits =
        inFlight.stream()
            .filter(entry -> !entry.first().isAfter(at))
            .map(InFlight::settled)
            .toArray(CompletableFuture<?>[]::new);
    return waits.length == 0
        ? CompletableFuture.completedFuture(at)
        : CompletableFuture.allOf(waits).thenApply(_ -> at);
  }

  /// Learns a timestamp that is newer than all handed out before; calls at once share one answer.
  CompletableFuture<Void> refresh() {
    synchronized (this) {
      CompletableFuture<Void> running = refreshing;
      if (running != null) {
        return running;
      }
      var begun = new CompletableFuture<Void>();
      refreshing = begun;
      var _ =
          oracle
              .next(1)
              .whenComplete((block, failure) -> {
                synchronized (this) {
                  if (failure == null) {
                    newest = Timestamp.later(newest, block.first());
                  }
                  refreshing = null;
                }
                if (failure == null) {
                  begun.complete(null);
                } else {
                  begun.completeExceptionally(
                      new Refusals.Refused(new Response.Unavailable("No timestamps can be had")));
                }
              });
      return begun;
    }
  }

  synchronized Timestamp newest() {
    return newest;
  }

  /// Learns a timestamp that was handed out to somebody.
  synchronized void note(Timestamp handedOut) {
    newest = Timestamp.later(newest, handedOut);
  }

  /// Answers the writes whose deadline has passed.
  void expire() {
    var safe = new ArrayList<PendingWrite>();
    var unknown = new ArrayList<PendingWrite>();
    List<PendingWrite> dropped;
    synchronized (this) {
      queue.removeIf(write -> expire(write, safe));
      dropped = List.copyOf(safe);
      asking.forEach(write -> expire(write, write.proposed ? unknown : safe));
      inFlight.forEach(entry -> entry.writes().forEach(write -> expire(write, unknown)));
      orphans.forEach(entry -> entry.writes().forEach(write -> expire(write, unknown)));
      queuedBytes = queue.stream().mapToLong(write -> write.sizeBytes).sum();
    }
    safe.forEach(write -> write.answer.complete(new Response.Unavailable("Time has run out")));
    dropped.forEach(write -> write.settled.complete(null));
    unknown.forEach(write ->
        write.answer.complete(
            new Response.OutcomeUnknown("Time has run out before the outcome was known")));
  }

  private boolean expire(PendingWrite write, List<PendingWrite> expired) {
    if (!write.deadline.isExpired(clock)) {
      return false;
    }
    write.abandoned = true;
    expired.add(write);
    return true;
  }
}
