package dev.partita.node.raft;

import org.jspecify.annotations.Nullable;

/// What became of a [ConfigurationChange].
public sealed interface ChangeResult {

  /// The change, or its joint first half, is in the leader's log at `index`. A joint one is left by
  /// itself: the change is done when an entry of kind [EntryKind#CONFIGURATION] that is not joint
  /// is committed.
  record Accepted(long term, long index, Configuration configuration) implements ChangeResult {}

  /// This replica does not lead; nothing was appended.
  record NotLeader(@Nullable NodeId leader) implements ChangeResult {}

  /// The leader does not take the change; nothing was appended.
  record Refused(Reason reason) implements ChangeResult {}

  /// Why a leader does not take a change.
  enum Reason {
    /// The leader has not yet committed an entry of its own term. Try again.
    NO_COMMIT_IN_TERM,
    /// Another change is not committed yet, or its joint configuration has not been left. Try
    /// again.
    CHANGE_PENDING,
    /// Leadership is being handed to another node. Try again.
    TRANSFERRING,
    /// A new voter is not a learner that has caught up, and the group could come to depend on it.
    /// Add it as a learner and try again.
    NOT_CAUGHT_UP,
    /// No quorum of the new voters is there and has a log: were the leader lost after the change,
    /// nobody could be elected. Try again.
    NO_QUORUM_READY,
    /// The members are already those wished for.
    NO_CHANGE
  }
}
