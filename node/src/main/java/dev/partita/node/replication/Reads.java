package dev.partita.node.replication;

import dev.partita.node.raft.ConfirmedRead;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.Raft;
import dev.partita.node.raft.ReadResult;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// Read barriers of one group: first they wait for the proof of leadership, then for the state
/// machine. Owned by the lane.
final class Reads {
  /// Barriers that wait, in each of the two states.
  private static final int WAITING_MAX = 65_536;

  private record Barrier(long readIndex, CompletableFuture<Long> result) {}

  private final Map<Long, List<CompletableFuture<Long>>> unconfirmed = new HashMap<>();
  private final PriorityQueue<Barrier> confirmed =
      new PriorityQueue<>(Comparator.comparingLong(Barrier::readIndex));
  private @Nullable List<CompletableFuture<Long>> collecting;
  private int unconfirmedCount;
  private long nextContextId = 1;

  void ask(Raft raft, CompletableFuture<Long> result, long appliedIndex, long now) {
    if (unconfirmedCount >= WAITING_MAX || confirmed.size() >= WAITING_MAX) {
      result.completeExceptionally(new ReplicationRefusal.Overloaded());
    } else if (raft.leaseValid(now)) {
      await(raft.commitIndex(), result, appliedIndex);
    } else if (collecting != null) {
      // One round of heartbeats proves leadership for all reads of a turn.
      collecting.add(result);
      unconfirmedCount++;
    } else {
      confirm(raft, result, now);
    }
  }

  private void confirm(Raft raft, CompletableFuture<Long> result, long now) {
    long contextId = nextContextId++;
    switch (raft.readIndex(now, contextId)) {
      case ReadResult.Waiting _ -> {
        var together = new ArrayList<CompletableFuture<Long>>();
        together.add(result);
        unconfirmed.put(contextId, together);
        unconfirmedCount++;
        collecting = together;
      }
      case ReadResult.NotLeader(NodeId leader) ->
          result.completeExceptionally(new ReplicationRefusal.NotLeader(leader));
    }
  }

  /// The core's effects are about to be taken: later reads need another round.
  void endTurn() {
    collecting = null;
  }

  private void await(long readIndex, CompletableFuture<Long> result, long appliedIndex) {
    if (readIndex <= appliedIndex) {
      result.complete(appliedIndex);
    } else {
      confirmed.add(new Barrier(readIndex, result));
    }
  }

  void confirmed(List<ConfirmedRead> reads, long appliedIndex) {
    for (ConfirmedRead read : reads) {
      for (CompletableFuture<Long> result : takeUnconfirmed(read.contextId())) {
        await(read.readIndex(), result, appliedIndex);
      }
    }
  }

  void lost(List<Long> contextIds, @Nullable NodeId leader) {
    for (long contextId : contextIds) {
      for (CompletableFuture<Long> result : takeUnconfirmed(contextId)) {
        result.completeExceptionally(new ReplicationRefusal.NotLeader(leader));
      }
    }
  }

  private List<CompletableFuture<Long>> takeUnconfirmed(long contextId) {
    List<CompletableFuture<Long>> results = unconfirmed.remove(contextId);
    if (results == null) {
      return List.of();
    }
    unconfirmedCount -= results.size();
    return results;
  }

  void applied(long appliedIndex) {
    while (!confirmed.isEmpty() && confirmed.element().readIndex() <= appliedIndex) {
      confirmed.remove().result().complete(appliedIndex);
    }
  }

  void stop() {
    var stopped = new ReplicationRefusal.Stopped();
    unconfirmed
        .values()
        .forEach(results -> results.forEach(result -> result.completeExceptionally(stopped)));
    unconfirmed.clear();
    unconfirmedCount = 0;
    confirmed.forEach(barrier -> barrier.result().completeExceptionally(stopped));
    confirmed.clear();
  }
}
