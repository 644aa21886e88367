package dev.partita.node.raft;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the host has to do after some events. Effects are handled in the order they were taken:
///
/// 1. `messages` leave at once, even while the writes are still under way.
/// 2. `hardState` and `entries` are written in one atomic step and, if `sync` is set, made durable.
///    `entries` replace everything the log has from the first one's index on. When they are durable
///    the host calls `persisted(writeNumber)`. Writes may be grouped and may overlap later events,
///    but take effect in order. A write without `sync` may be put off or left out.
/// 3. `messagesAfterPersist` leave when the writes of these and of all earlier effects are durable,
///    also if these effects write nothing.
/// 4. `committed` entries are applied in order, then `applied(index)` is called. They are durable
///    in this log already.
/// 5. `snapshot`, if present, is installed in place of all the replica's data and log, then
///    `snapshotInstalled(mark)` is called. Until then the core takes no entries and gives none out.
///
/// @param hardState new hard state, or null
/// @param entries to be written, contiguous
/// @param sync whether the write must be durable; a change of the commit index alone need not be
/// @param writeNumber rises with every effects that has something to write; what to tell
///   [Raft#persisted]
/// @param confirmedReads reads that may be served once their read index is applied
/// @param lostReads contexts of reads that will never be confirmed because leadership was lost
/// @param snapshot to be installed, or null
/// @param term the current term
/// @param leader of the current term, if known
public record Effects(
    @Nullable HardState hardState,
    List<Entry> entries,
    boolean sync,
    long writeNumber,
    List<Message> messages,
    List<Message> messagesAfterPersist,
    List<Entry> committed,
    List<ConfirmedRead> confirmedReads,
    List<Long> lostReads,
    @Nullable SnapshotMark snapshot,
    long term,
    Role role,
    @Nullable NodeId leader) {

  /// Whether anything has to be written.
  public boolean writes() {
    return hardState != null || !entries.isEmpty();
  }
}
