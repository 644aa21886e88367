package dev.partita.node.partition;

import dev.partita.node.partition.PartitionCommand.TimedWrite;
import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.Proposed;
import dev.partita.node.replication.ReplicationGroup;
import dev.partita.node.replication.ReplicationRefusal;
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
import java.util.concurrent.CompletionException;
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

  /// There while a batch has lost its timestamps to a read: completed when it is proposed.
  private @Nullable CompletableFuture<Void> overtaken;

  private @Nullable CompletableFuture<Void> refreshing;

  WritePipeline(
      PartitionSettings settings, ReplicationGroup group, TimestampOracle oracle, Clock clock) {
    this.settings = settings;
    this.group = group;
    this.oracle = oracle;
    this.clock = clock;
  }

  /// Thrown into a future in the place of a response.
  static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final transient Response.Refusal refusal;

    Refused(Response.Refusal refusal) {
      super(refusal.toString(), null, false, false);
      this.refusal = refusal;
    }

    Response.Refusal refusal() {
      return refusal;
    }
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
      refused.addAll(asking);
      refused.removeIf(write -> write.proposed);
      refused.addAll(queue);
      asking = List.of();
      queue.clear();
      queuedBytes = 0;
      // By the time of a new term of this leader they will be applied or lost for good.
      orphans.addAll(inFlight);
      inFlight.clear();
      waiting.add(prepared);
      prepared = new CompletableFuture<>();
      CompletableFuture<Void> gate = overtaken;
      if (gate != null) {
        waiting.add(gate);
        overtaken = null;
      }
    }
    refused.forEach(write -> write.answer.complete(new Response.NotLeader(newLeader)));
    waiting.forEach(future -> future.complete(null));
  }

  /// Queues a write that was checked.
  CompletableFuture<Response> write(Request.Write request, Deadline deadline) {
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
      now = generation;
    }
    askTimestamps(batch, now);
  }

  private List<PendingWrite> takeBatch() {
    var batch = new ArrayList<PendingWrite>();
    long bytes = 0;
    while (!queue.isEmpty() && batch.size() < settings.batchWritesMax()) {
      PendingWrite next = queue.getFirst();
      if (!batch.isEmpty() && bytes + next.sizeBytes > settings.batchBytesMax()) {
        break;
      }
      queue.removeFirst();
      queuedBytes -= next.sizeBytes;
      bytes += next.sizeBytes;
      batch.add(next);
    }
    return batch;
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
        asking = List.of();
        gate = overtaken;
        overtaken = null;
      }
    }
    if (gate != null) {
      gate.complete(null);
    }
    Response none = new Response.Unavailable("No timestamps can be had");
    batch.forEach(write -> write.answer.complete(none));
    pump();
  }

  private void stamp(List<PendingWrite> batch, long ofGeneration, TimestampBlock block) {
    List<PendingWrite> live;
    synchronized (this) {
      if (generation != ofGeneration) {
        return; // refused when the part changed
      }
      newest = Timestamp.later(newest, block.last());
      // From here on a write that runs out of time may have happened.
      live = batch.stream().filter(write -> !write.abandoned).toList();
      live.forEach(write -> write.proposed = true);
    }
    byte[] command = encode(live, block);
    CompletableFuture<Proposed> proposal = null;
    CompletableFuture<Void> gate = null;
    InFlight entry = new InFlight(block.first(), live, new CompletableFuture<>());
    boolean again = false;
    synchronized (this) {
      if (generation != ofGeneration) {
        // Nothing was proposed, and nothing will be.
        gate = null;
      } else if (live.isEmpty()) {
        asking = List.of();
        gate = overtaken;
        overtaken = null;
      } else if (!block.first().isAfter(floor)) {
        live.forEach(write -> write.proposed = false);
        if (overtaken == null) {
          overtaken = new CompletableFuture<>();
        }
        asking = live;
        again = true;
      } else {
        asking = List.of();
        inFlight.add(entry);
        gate = overtaken;
        overtaken = null;
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
      pump();
    }
  }

  private byte[] encode(List<PendingWrite> batch, TimestampBlock block) {
    var writes = new ArrayList<TimedWrite>(batch.size());
    long bytes = 0;
    for (PendingWrite write : batch) {
      Request.Write request = write.request;
      writes.add(
          new TimedWrite(
              block.get(writes.size()), request.epoch(), request.atomic(), request.mutations()));
      bytes += write.sizeBytes;
    }
    return CommandCodec.encode(new PartitionCommand.Writes(writes), Math.toIntExact(bytes));
  }

  /// Applied, or lost: only then may a snapshot read go past it, and only then are its writers
  /// told.
  private void settle(InFlight entry, @Nullable Proposed proposed, @Nullable Throwable failure) {
    synchronized (this) {
      inFlight.remove(entry);
      orphans.remove(entry);
    }
    entry.settled().complete(null);
    if (proposed != null && proposed.result() instanceof List<?> responses) {
      for (int at = 0; at < entry.writes().size(); at++) {
        entry.writes().get(at).answer.complete((Response) responses.get(at));
      }
    } else {
      Response refusal = refusal(failure);
      entry.writes().forEach(write -> write.answer.complete(refusal));
    }
    pump();
  }

  /// What a failed future of a group or of this pipeline means to whoever asked.
  static Response.Refusal refusal(@Nullable Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (cause instanceof Refused refused) {
      return refused.refusal();
    }
    if (!(cause instanceof ReplicationRefusal refusal)) {
      return new Response.OutcomeUnknown("The replica has failed");
    }
    return switch (refusal) {
      case ReplicationRefusal.NotLeader notLeader -> new Response.NotLeader(notLeader.leader());
      case ReplicationRefusal.Overloaded _ ->
          new Response.Overloaded("Too much is waiting to be replicated");
      case ReplicationRefusal.OutcomeUnknown _ ->
          new Response.OutcomeUnknown("The leader changed before the outcome was known");
      case ReplicationRefusal.Stopped _ -> new Response.Unavailable("The replica has stopped");
      case ReplicationRefusal.ChangeRefused _, ReplicationRefusal.TransferFailed _ ->
          throw new IllegalStateException("not an answer to a proposal or read", refusal);
    };
  }

  /// Lets a snapshot read in. The future gives the timestamp to read at, when every write at or
  /// below it is applied here and no other will come; or fails with [Refused]. The caller confirms
  /// the leadership afterwards.
  ///
  /// @param at null for the newest timestamp that needs no waiting and sees all writes answered
  CompletableFuture<Timestamp> snapshot(@Nullable Timestamp at) {
    return snapshot(at, 0);
  }

  private CompletableFuture<Timestamp> snapshot(@Nullable Timestamp at, int refreshes) {
    CompletableFuture<Void> before;
    boolean refreshed = false;
    synchronized (this) {
      if (part == Part.FOLLOWS) {
        return CompletableFuture.failedFuture(new Refused(new Response.NotLeader(leader)));
      }
      CompletableFuture<Void> gate = overtaken;
      Timestamp chosen = at == null ? chooseTimestamp() : at;
      if (part == Part.PREPARES) {
        before = prepared;
      } else if (chosen.isAfter(newest) || (at == null && refreshes == 0 && isStale(chosen))) {
        // One call may have begun before the timestamp was handed out, a second one has not.
        if (refreshes == 2) {
          return CompletableFuture.failedFuture(
              new Refused(new Response.TimestampInFuture(newest)));
        }
        before = refresh();
        refreshed = true;
      } else if (chosen.isAfter(floor) && gate != null) {
        before = gate;
      } else {
        floor = Timestamp.later(floor, chosen);
        return settledUpTo(chosen);
      }
    }
    int refreshesThen = refreshed ? refreshes + 1 : refreshes;
    return before.thenCompose(_ -> snapshot(at, refreshesThen));
  }

  private Timestamp chooseTimestamp() {
    InFlight first = inFlight.peekFirst();
    return first == null ? newest : first.first().previous();
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
                      new Refused(new Response.Unavailable("No timestamps can be had")));
                }
              });
      return begun;
    }
  }

  synchronized Timestamp newest() {
    return newest;
  }

  /// Answers the writes whose deadline has passed.
  void expire() {
    var safe = new ArrayList<PendingWrite>();
    var unknown = new ArrayList<PendingWrite>();
    synchronized (this) {
      queue.removeIf(write -> expire(write, safe));
      asking.forEach(write -> expire(write, write.proposed ? unknown : safe));
      inFlight.forEach(entry -> entry.writes().forEach(write -> expire(write, unknown)));
      orphans.forEach(entry -> entry.writes().forEach(write -> expire(write, unknown)));
      queuedBytes = queue.stream().mapToLong(write -> write.sizeBytes).sum();
    }
    safe.forEach(write -> write.answer.complete(new Response.Unavailable("Time has run out")));
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
