package dev.partita.node.raft;

import java.util.ArrayList;
import java.util.List;

/// The log of one replica as the core sees it: the stable part behind a [LogView], then the entries not known to be durable, which are kept
/// here. It also keeps the commit and apply positions and the configurations that are in the log.
///
///     snapshot mark | stable ... | unstable, handed out ... | unstable, new ...
final class RaftLog {

  /// A configuration and the index of its entry.
  private record Placed(long index, Configuration configuration) {}

  private final LogView stable;
  private final Rules rules;
  private final PendingWrites writes = new PendingWrites();
  private final ArrayList<Entry> unstable = new ArrayList<>();
  private final ArrayList<Placed> configurations = new ArrayList<>();
  private long stableIndex;
  private long handedOutIndex;
  private long commitIndex;
  private long applyingIndex;
  private long applyingBytes;
  private long appliedIndex;

  RaftLog(LogView stable, long commitIndex, long appliedIndex, Rules rules) {
    this.stable = stable;
    this.rules = rules;
    SnapshotMark mark = stable.snapshot();
    if (appliedIndex < mark.index() || appliedIndex > stable.lastIndex()) {
      throw new IllegalArgumentException(
          "applied index "
              + appliedIndex
              + " is outside the log "
              + mark.index()
              + ".."
              + stable.lastIndex());
    }
    stableIndex = stable.lastIndex();
    handedOutIndex = stableIndex;
    this.commitIndex = Math.max(appliedIndex, Math.min(commitIndex, stableIndex));
    this.appliedIndex = appliedIndex;
    applyingIndex = appliedIndex;
    configurations.add(new Placed(mark.index(), mark.configuration()));
    for (Entry entry : stable.configurationEntries()) {
      configurations.add(new Placed(entry.index(), Configuration.decode(entry.data())));
    }
  }

  SnapshotMark snapshot() {
    return stable.snapshot();
  }

  long firstIndex() {
    return stable.firstIndex();
  }

  long lastIndex() {
    return stableIndex + unstable.size();
  }

  long lastTerm() {
    return term(lastIndex());
  }

  /// The last index whose entry is known to be durable here.
  long stableIndex() {
    return stableIndex;
  }

  long commitIndex() {
    return commitIndex;
  }

  long appliedIndex() {
    return appliedIndex;
  }

  long term(long index) {
    return index > stableIndex
        ? unstable.get((int) (index - stableIndex) - 1).term()
        : stable.term(index);
  }

  boolean matches(long index, long term) {
    return index >= stable.snapshot().index() && index <= lastIndex() && term(index) == term;
  }

  /// The highest index not above `fromIndex` whose term is not above `term`; not below the snapshot
  /// mark.
  long lastIndexWithTermUpTo(long term, long fromIndex) {
    long index = fromIndex;
    while (index > stable.snapshot().index() && term(index) > term) {
      index--;
    }
    return index;
  }

  /// Entries from `fromIndex` to the end, or as many as fit `bytesMax`, but at least one.
  List<Entry> entriesFrom(long fromIndex, long bytesMax) {
    return entries(fromIndex, lastIndex(), bytesMax);
  }

  private List<Entry> entries(long fromIndex, long lastIndex, long bytesMax) {
    if (fromIndex > lastIndex) {
      return List.of();
    }
    var found = new ArrayList<Entry>();
    long bytes = 0;
    if (fromIndex <= stableIndex) {
      found.addAll(stable.entries(fromIndex, Math.min(lastIndex, stableIndex) + 1, bytesMax));
      for (Entry entry : found) {
        bytes += entry.sizeBytes();
      }
    }
    long nextIndex = fromIndex + found.size();
    while (nextIndex > stableIndex && nextIndex <= lastIndex) {
      Entry entry = unstable.get((int) (nextIndex - stableIndex) - 1);
      bytes += entry.sizeBytes();
      if (bytes > bytesMax && !found.isEmpty()) {
        break;
      }
      found.add(entry);
      nextIndex++;
    }
    return found;
  }

  /// Adds an entry at the end.
  void append(Entry entry) {
    if (entry.index() != lastIndex() + 1) {
      throw new IllegalStateException("entry " + entry + " does not follow " + lastIndex());
    }
    unstable.add(entry);
    if (entry.kind() == EntryKind.CONFIGURATION) {
      configurations.add(new Placed(entry.index(), Configuration.decode(entry.data())));
    }
  }

  /// Removes everything after `index`.
  void truncateAfter(long index) {
    if (index < commitIndex) {
      throw new IllegalStateException(
          "cannot truncate after " + index + ", committed is " + commitIndex);
    }
    if (index < stableIndex) {
      unstable.clear();
      stableIndex = index;
    } else {
      unstable.subList((int) (index - stableIndex), unstable.size()).clear();
    }
    handedOutIndex = Math.min(handedOutIndex, index);
    if (rules.truncationVoidsPendingWrites()) {
      writes.truncated(index);
    }
    if (rules.truncationUndoesConfiguration()) {
      configurations.removeIf(placed -> placed.index() > index);
    }
  }

  /// Entries that the host has not been given to write yet.
  List<Entry> takeUnwritten() {
    var unwritten =
        List.copyOf(unstable.subList((int) (handedOutIndex - stableIndex), unstable.size()));
    handedOutIndex = lastIndex();
    return unwritten;
  }

  boolean hasUnwritten() {
    return handedOutIndex < lastIndex();
  }

  long beginWrite(long term) {
    return writes.add(term, lastIndex());
  }

  long lastWriteNumber() {
    return writes.lastNumber();
  }

  /// Marks as durable what the writes up to this number covered.
  ///
  /// @return the term whose hard state is durable, or -1 when nothing was under way
  long finishWrites(long number) {
    PendingWrites.Write write = writes.finish(number);
    if (write == null) {
      return -1;
    }
    long durableIndex = Math.min(write.lastIndex(), lastIndex());
    if (durableIndex > stableIndex) {
      unstable.subList(0, (int) (durableIndex - stableIndex)).clear();
      stableIndex = durableIndex;
    }
    return write.term();
  }

  void commitTo(long index) {
    if (index > lastIndex()) {
      throw new IllegalStateException(
          "cannot commit " + index + ", the log ends at " + lastIndex());
    }
    commitIndex = Math.max(commitIndex, index);
  }

  boolean hasEntriesToApply(long bytesMax) {
    return applyingIndex < Math.min(commitIndex, stableIndex) && applyingBytes < bytesMax;
  }

  /// Committed and durable entries to be applied next. Nothing while `bytesMax` or more is being
  /// applied.
  List<Entry> takeEntriesToApply(long bytesMax) {
    if (!hasEntriesToApply(bytesMax)) {
      return List.of();
    }
    List<Entry> next = entries(applyingIndex + 1, Math.min(commitIndex, stableIndex), bytesMax);
    applyingIndex = next.getLast().index();
    for (Entry entry : next) {
      applyingBytes += entry.sizeBytes();
    }
    return next;
  }

  void applied(long index) {
    if (index > applyingIndex) {
      throw new IllegalStateException("applied " + index + " but was given only " + applyingIndex);
    }
    appliedIndex = Math.max(appliedIndex, index);
    if (appliedIndex == applyingIndex) {
      applyingBytes = 0;
    }
  }

  Configuration configuration() {
    return configurations.getLast().configuration();
  }

  long configurationIndex() {
    return configurations.getLast().index();
  }

  Configuration configurationAt(long index) {
    for (Placed placed : configurations.reversed()) {
      if (placed.index() <= index) {
        return placed.configuration();
      }
    }
    throw new IllegalArgumentException("index " + index + " is compacted");
  }

  /// Forgets configurations that were replaced before the snapshot mark.
  void compacted() {
    long markIndex = stable.snapshot().index();
    if (markIndex > appliedIndex) {
      throw new IllegalStateException("compacted to " + markIndex + ", applied is " + appliedIndex);
    }
    while (configurations.size() > 1 && configurations.get(1).index() <= markIndex) {
      configurations.removeFirst();
    }
  }

  /// Begins anew after `mark`, which the stable log shows already.
  void resetTo(SnapshotMark mark) {
    unstable.clear();
    writes.truncated(mark.index());
    stableIndex = mark.index();
    handedOutIndex = mark.index();
    commitIndex = mark.index();
    applyingIndex = mark.index();
    applyingBytes = 0;
    appliedIndex = mark.index();
    configurations.clear();
    configurations.add(new Placed(mark.index(), mark.configuration()));
  }
}
