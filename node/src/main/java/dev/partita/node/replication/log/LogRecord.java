package dev.partita.node.replication.log;

import dev.partita.node.raft.Entry;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.HardState;
import dev.partita.node.raft.SnapshotMark;
import java.util.List;

/// One change of one group's log. Records take effect in the order in which they were appended.
public sealed interface LogRecord {
  GroupId group();

  /// Entries, contiguous and not empty, that replace everything from the first one's index on.
  record Entries(GroupId group, List<Entry> entries) implements LogRecord {}

  /// The same entries as before in a new place: nothing is replaced.
  record Rewritten(GroupId group, List<Entry> entries) implements LogRecord {}

  /// A new hard state.
  record State(GroupId group, HardState state) implements LogRecord {}

  /// A new beginning of the log.
  ///
  /// @param reset whether all entries go, also those behind the mark: the mark comes from a
  ///   snapshot that was installed
  record Mark(GroupId group, SnapshotMark mark, boolean reset) implements LogRecord {}

  /// A snapshot is about to replace the state machine's data. If the next record of the group's
  /// beginning is not its [Mark], the data may be gone. A mark of index 0 takes it back.
  record Installing(GroupId group, SnapshotMark mark) implements LogRecord {}

  /// The replica was removed. Its hard state and the end of its log are kept, so that a replica of
  /// the same group that is made here later counts in elections as this one would.
  record Removed(GroupId group, HardState state, long lastIndex, long lastTerm)
      implements LogRecord {}
}
