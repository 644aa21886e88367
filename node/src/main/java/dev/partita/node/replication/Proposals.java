package dev.partita.node.replication;

import dev.partita.node.raft.Entry;
import dev.partita.node.raft.ProposeResult;
import dev.partita.node.raft.Raft;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// The proposals of one group on this node, from the call to the result. [#admit] may be called
/// from any thread, the rest belongs to the lane.
final class Proposals {
  private final HostSettings settings;
  private final AtomicInteger count = new AtomicInteger();
  private final AtomicLong bytes = new AtomicLong();
  private ArrayList<PendingProposal> queued = new ArrayList<>();
  private final ArrayDeque<PendingProposal> appended = new ArrayDeque<>();

  Proposals(HostSettings settings) {
    this.settings = settings;
  }

  /// Counts a new proposal, until it has its result.
  ///
  /// @return whether the bounds allow it
  boolean admit(PendingProposal proposal) {
    int length = proposal.command.length;
    int newCount = count.incrementAndGet();
    long newBytes = bytes.addAndGet(length);
    if (newCount > settings.queuedProposalsMax() || newBytes > settings.queuedBytesMax()) {
      release(length);
      return false;
    }
    var _ = proposal.result.whenComplete((_, _) -> release(length));
    return true;
  }

  private void release(int length) {
    count.decrementAndGet();
    bytes.addAndGet(-length);
  }

  void queue(PendingProposal proposal) {
    queued.add(proposal);
  }

  /// Hands everything queued to the core, together.
  void proposeQueued(Raft raft) {
    if (queued.isEmpty()) {
      return;
    }
    List<PendingProposal> batch = queued;
    queued = new ArrayList<>();
    List<byte[]> commands = new ArrayList<>(batch.size());
    batch.forEach(proposal -> commands.add(proposal.command));
    switch (raft.propose(commands)) {
      case ProposeResult.Accepted(long term, long firstIndex) -> {
        long index = firstIndex;
        for (PendingProposal proposal : batch) {
          proposal.index = index++;
          proposal.term = term;
          appended.add(proposal);
        }
      }
      case ProposeResult.NotLeader notLeader ->
          fail(batch, new ReplicationRefusal.NotLeader(notLeader.leader()));
      case ProposeResult.Busy _ -> fail(batch, new ReplicationRefusal.Overloaded());
    }
  }

  /// Takes out the proposals that are among committed entries; those whose place was taken by
  /// another entry are failed.
  List<PendingProposal> take(List<Entry> committed) {
    if (appended.isEmpty()) {
      return List.of();
    }
    var taken = new ArrayList<PendingProposal>();
    for (Entry entry : committed) {
      while (!appended.isEmpty() && appended.element().index <= entry.index()) {
        PendingProposal proposal = appended.remove();
        if (proposal.index == entry.index() && proposal.term == entry.term()) {
          taken.add(proposal);
        } else {
          proposal.result.completeExceptionally(new ReplicationRefusal.OutcomeUnknown());
        }
      }
    }
    return taken;
  }

  /// Leadership was lost: what was appended may be committed by the next leader or not.
  void leadershipLost() {
    var unknown = new ReplicationRefusal.OutcomeUnknown();
    appended.forEach(proposal -> proposal.result.completeExceptionally(unknown));
    appended.clear();
  }

  void stop() {
    fail(queued, new ReplicationRefusal.Stopped());
    queued = new ArrayList<>();
    leadershipLost();
  }

  private static void fail(List<PendingProposal> proposals, ReplicationRefusal refusal) {
    for (PendingProposal proposal : proposals) {
      CompletableFuture<Proposed> result = proposal.result;
      result.completeExceptionally(refusal);
    }
  }
}
