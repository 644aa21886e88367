package dev.partita.node.replication;

import dev.partita.node.raft.Message;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.PeerStatus;
import dev.partita.node.raft.Raft;
import dev.partita.node.raft.Role;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/// When a replica tries to take over from a leader whose node is gone: as soon as its promise to
/// that leader has run out, the voters one after the other, so that they do not get into each
/// other's way. Owned by the lane.
final class Succession {
  /// Attempts after a node has gone; then the ordinary election timeout is enough.
  private static final int ATTEMPTS_MAX = 10;

  private final Raft raft;
  private final Lane.HostContext host;
  private long heardNanos;
  private long campaignNanos;
  private int attemptsLeft;

  Succession(Raft raft, Lane.HostContext host) {
    this.raft = raft;
    this.host = host;
    this.heardNanos = host.now();
  }

  /// A message was handed to the core.
  void heard(Message message, long now) {
    if (message.from().equals(raft.leader())) {
      heardNanos = now;
      attemptsLeft = 0;
    }
  }

  void nodeGone(NodeId node, long now) {
    if (!node.equals(raft.leader()) || !raft.configuration().isVoter(host.self())) {
      return;
    }
    raft.wake();
    attemptsLeft = ATTEMPTS_MAX;
    long promiseNanos = heardNanos + tickNanos() * host.settings().raft().electionTicks() + 1;
    campaignNanos = Math.max(now, promiseNanos) + rank(node) * tickNanos();
  }

  void tick(long now) {
    if (attemptsLeft == 0 || now - campaignNanos < 0) {
      return;
    }
    if (raft.role() == Role.LEADER) {
      attemptsLeft = 0;
      return;
    }
    attemptsLeft--;
    campaignNanos = now + (2 + host.runtime().random().nextInt(2)) * tickNanos();
    raft.campaign(now);
  }

  /// How many voters come before this one; another order for each leader and group, to spread what
  /// a node led.
  private long rank(NodeId gone) {
    long own = order(host.self(), gone);
    return raft.configuration().voters().stream()
        .filter(voter -> !voter.equals(gone) && order(voter, gone) < own)
        .count();
  }

  private long order(NodeId node, NodeId gone) {
    long mixed = (node.value() * 31 + gone.value()) * 31 + raft.term();
    mixed *= 0x9e3779b97f4a7c15L;
    return mixed ^ (mixed >>> 32);
  }

  /// The voter that would take over with the least delay, or null if this replica does not lead or
  /// nobody is there.
  @Nullable NodeId best() {
    return raft.peers().stream()
        .filter(peer -> peer.active() && raft.configuration().voters().contains(peer.node()))
        .max(Comparator.comparingLong(PeerStatus::matchIndex))
        .map(PeerStatus::node)
        .orElse(null);
  }

  private long tickNanos() {
    return host.settings().raft().tick().toNanos();
  }
}
