package dev.partita.node.replication;

import dev.partita.node.raft.NodeId;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Which nodes that share groups with this one are alive, as one lane sees it. A node is heard of
/// by any frame, also one without messages, which is sent when nothing else was for a heartbeat; so
/// sleeping groups need no messages of their own. Owned by the lane.
///
/// A node counts as gone when it was silent for an election timeout, or at once when its connection
/// broke and it cannot be dialled again. The groups that it leads are told then: they may campaign
/// as soon as the promise to their leader has run out, which the core and the pre-vote of the
/// others see to, so that a mere disconnect changes nothing.
final class Peers {
  private static final class Peer {
    long heardNanos;
    long sentNanos;
    long incarnation;
    volatile boolean alive;
  }

  private final Lane lane;
  private final Lane.HostContext host;
  private final long pingNanos;
  private final long silenceNanos;
  private final Map<NodeId, Peer> peers = new ConcurrentHashMap<>();
  private boolean membersChanged;

  Peers(Lane lane, Lane.HostContext host) {
    this.lane = lane;
    this.host = host;
    long tick = host.settings().raft().tick().toNanos();
    this.pingNanos = tick * host.settings().raft().heartbeatTicks();
    this.silenceNanos = tick * host.settings().raft().electionTicks();
  }

  /// Whether a node has been heard of lately. From any thread.
  boolean alive(NodeId node) {
    if (node.equals(host.self())) {
      return true;
    }
    Peer peer = peers.get(node);
    return peer != null && peer.alive;
  }

  /// The members of some group may have changed.
  void membersChanged() {
    membersChanged = true;
  }

  void sent(NodeId node) {
    Peer peer = peers.get(node);
    if (peer != null) {
      peer.sentNanos = host.now();
    }
  }

  void heard(NodeId node, long incarnation, long now) {
    Peer peer = peers.get(node);
    if (peer == null) {
      return;
    }
    boolean restarted = peer.incarnation != 0 && peer.incarnation != incarnation;
    peer.heardNanos = now;
    peer.incarnation = incarnation;
    if (!peer.alive) {
      peer.alive = true;
      host.listener().livenessChanged(node, true);
    }
    if (restarted) {
      tellReplicas(node, now);
    }
  }

  /// A connection broke; messages may be lost.
  void lost(NodeId node) {
    lane.replicas().forEach(replica -> replica.unreachable(node));
  }

  /// The node cannot be dialled.
  void unreachable(NodeId node, long now) {
    Peer peer = peers.get(node);
    if (peer != null && peer.alive) {
      gone(node, peer, now);
    }
  }

  void tick(long now) {
    if (membersChanged) {
      membersChanged = false;
      updateMembers(now);
    }
    peers.forEach((node, peer) -> {
      if (peer.alive && now - peer.heardNanos > silenceNanos) {
        gone(node, peer, now);
      }
      if (now - peer.sentNanos >= pingNanos) {
        lane.sendFrame(node, List.of());
      }
    });
  }

  private void gone(NodeId node, Peer peer, long now) {
    peer.alive = false;
    host.listener().livenessChanged(node, false);
    tellReplicas(node, now);
  }

  private void tellReplicas(NodeId node, long now) {
    lane.replicas().forEach(replica -> replica.nodeGone(node, now));
  }

  private void updateMembers(long now) {
    Set<NodeId> members = new HashSet<>();
    lane.replicas().forEach(replica -> members.addAll(replica.members()));
    members.remove(host.self());
    peers.keySet().retainAll(members);
    for (NodeId node : members) {
      peers.computeIfAbsent(
          node,
          _ -> {
            // Alive until it has been silent for a while.
            var peer = new Peer();
            peer.heardNanos = now;
            peer.sentNanos = now - pingNanos;
            peer.alive = true;
            return peer;
          });
    }
  }
}
