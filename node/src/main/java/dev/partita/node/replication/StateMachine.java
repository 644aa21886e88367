package dev.partita.node.replication;

import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.SnapshotMark;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a group replicates: a deterministic function of the committed commands.
///
/// [#apply], [#applyConfiguration], [#openSnapshot], [#install], [#leaderChanged] and [#close] are
/// called by one thread at a time per group, in log order. An exception out of them stops the
/// replica loudly: it is never applied past.
public interface StateMachine extends AutoCloseable {
  /// The last applied entry and the configuration in force there, as stored with the data; kept up
  /// to date by [#apply] and [#applyConfiguration]. [SnapshotMark#NONE] for a machine that has no
  /// data yet, and after a crash in the middle of [#install].
  SnapshotMark mark();

  /// Who leads a group first whose first members have data already when it is made
  /// ([SnapshotMark#inherited]): the same on each of them, or null to elect the first leader as any
  /// other. Asked once, when the log of the group is begun.
  default @Nullable NodeId firstLeader() {
    return null;
  }

  /// The last index whose effect would survive a crash now. The log is cut only below it. Called
  /// from any thread.
  long durableIndex();

  /// Asks for [#durableIndex] to rise soon, because the log is long of what it has to keep. Called
  /// from any thread, perhaps again and again; must return at once.
  void flushSoon();

  /// Applies committed commands, in order. Commands that were applied before a restart come again
  /// if their effect was not durable. Indexes rise but need not be contiguous: entries that are no
  /// commands do not show up here.
  ///
  /// @return one result for each command, for the proposer if it is on this node
  List<Object> apply(List<Command> committed);

  /// Notes that a configuration was committed.
  void applyConfiguration(long index, long term, Configuration configuration);

  /// Fixes the present state for a snapshot; cheap. [#mark] at this moment is the snapshot's mark.
  SnapshotSource openSnapshot() throws IOException;

  /// Replaces all data by that of a snapshot, durably before it returns. After a crash in the
  /// middle [#mark] is either the new one or [SnapshotMark#NONE].
  ///
  /// @param directory holds the files that [SnapshotSource#writeTo] wrote elsewhere; they may be
  ///   moved away
  /// @param mark to be returned by [#mark] from now on
  void install(Path directory, SnapshotMark mark) throws IOException;

  /// Tells of a new leader or term. Commands applied before this call were applied before the
  /// change was known; a leader has not necessarily applied all entries of its predecessors yet.
  ///
  /// @param leader of the term, or null while there is none
  /// @param self whether this replica leads
  void leaderChanged(@Nullable NodeId leader, long term, boolean self);

  /// Releases resources; the data stays.
  @Override
  void close();
}
