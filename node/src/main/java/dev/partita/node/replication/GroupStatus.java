package dev.partita.node.replication;

import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.Role;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What a replica looked like a moment ago.
///
/// @param commitIndex highest index known to be committed
/// @param appliedIndex highest index applied by this node's state machine
/// @param firstIndex first index still in the log
/// @param lastIndex last index in the log
/// @param configuration the newest one in the log, committed or not
/// @param peers how far the other members are; empty unless this replica leads
/// @param applyQueueBytes committed commands that wait to be applied
/// @param quiesced whether the group sleeps for lack of work
/// @param failure why the replica has stopped, or null while it runs
public record GroupStatus(
    GroupId group,
    Role role,
    long term,
    @Nullable NodeId leader,
    long commitIndex,
    long appliedIndex,
    long firstIndex,
    long lastIndex,
    Configuration configuration,
    List<PeerProgress> peers,
    long applyQueueBytes,
    boolean quiesced,
    @Nullable String failure) {
  public GroupStatus {
    peers = List.copyOf(peers);
  }

  /// A follower that lacks no more than so many entries has caught up: a busy group is never
  /// without any.
  private static final long LAG_MAX = 1_000;

  public boolean leads() {
    return role == Role.LEADER;
  }

  /// The members that have nearly everything, with the leader itself; none unless this replica
  /// leads.
  public Set<NodeId> caughtUp() {
    Set<NodeId> nodes = new TreeSet<>();
    for (PeerProgress peer : peers) {
      // A group's first state is at index 1: below it there is nothing, not a little less.
      boolean near = peer.matchIndex() > 0 && peer.matchIndex() + LAG_MAX >= commitIndex;
      if (peer.active() && !peer.snapshotting() && near) {
        nodes.add(peer.node());
      }
    }
    if (leads() && leader != null) {
      nodes.add(leader);
    }
    return nodes;
  }

  /// Entries that the furthest of the other members lacks; 0 unless this replica leads.
  public long followerLag() {
    return peers.stream()
        .mapToLong(peer -> Math.max(0, commitIndex - peer.matchIndex()))
        .max()
        .orElse(0);
  }

  /// How far another member is, as the leader sees it.
  ///
  /// @param matchIndex durable and equal there up to this index
  /// @param active heard of within the last election timeout
  /// @param snapshotting whether it is being sent a snapshot
  public record PeerProgress(NodeId node, long matchIndex, boolean active, boolean snapshotting) {}
}
