package dev.partita.node.raft;

import org.jspecify.annotations.Nullable;

/// What became of commands given to [Raft#propose].
public sealed interface ProposeResult {

  /// The commands are in the leader's log at `firstIndex` and the following indexes. They are
  /// committed if and only if entries with these indexes and this term come out as committed.
  record Accepted(long term, long firstIndex) implements ProposeResult {}

  /// This replica does not lead; nothing was appended.
  record NotLeader(@Nullable NodeId leader) implements ProposeResult {}

  /// The leader takes nothing now; nothing was appended. Try again later.
  record Busy(Reason reason) implements ProposeResult {}

  /// Why a leader takes nothing now.
  enum Reason {
    /// Too many bytes are waiting to be committed ([RaftSettings#uncommittedBytesMax]).
    UNCOMMITTED_BYTES,
    /// Leadership is being handed to another node.
    TRANSFERRING
  }
}
