package dev.partita.node.partition;

import dev.partita.node.key.PrimaryKey;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Which rows a replica has changed lately and when, so that whoever follows the changes need not
/// look through all rows for them. Documents are not kept: they are in the store.
///
/// Nothing is kept until somebody asks, nor when nobody has asked for a while. Then the store is
/// looked through, which gives the same.
///
/// The thread that applies begins each batch with [#begin] and tells of each version it writes;
/// whatever is written after that with a timestamp above [#since] is here, until it is the oldest
/// of too many. Everything else may be called by any thread.
final class RecentChanges {

  /// Changes kept, of about 150 bytes each: some seconds of a Partition that is written to as fast
  /// as it goes.
  static final int CHANGES_MAX = 16_384;

  private final int changesMax;

  // Guarded by this.
  private final TreeSet<ChangePosition> changes = new TreeSet<>();
  private boolean wanted;
  private Timestamp since = Timestamp.MIN;

  private volatile boolean keeps;

  RecentChanges() {
    this(CHANGES_MAX);
  }

  RecentChanges(int changesMax) {
    this.changesMax = changesMax;
  }

  /// A batch begins, before which nothing was written above a timestamp.
  void begin(Timestamp lastCommit) {
    if (keeps) {
      return;
    }
    synchronized (this) {
      if (wanted) {
        since = lastCommit;
        keeps = true;
      }
    }
  }

  /// A version is written.
  void add(PrimaryKey key, Timestamp timestamp) {
    if (!keeps) {
      return;
    }
    synchronized (this) {
      if (keeps) {
        changes.add(new ChangePosition(timestamp, key));
        if (changes.size() > changesMax) {
          since = Timestamp.later(since, changes.removeFirst().timestamp());
        }
      }
    }
  }

  /// Has changes kept from the next batch on.
  synchronized void want() {
    wanted = true;
  }

  /// Forgets everything, and keeps nothing until somebody asks again.
  synchronized void clear() {
    wanted = false;
    keeps = false;
    changes.clear();
  }

  /// The first changes behind a position, up to a timestamp up to which all are applied.
  ///
  /// @return null if some may be missing
  synchronized @Nullable List<ChangePosition> after(
      ChangePosition after, Timestamp upTo, int limit) {
    if (!keeps || !after.isBehindAll(since)) {
      return null;
    }
    var found = new ArrayList<ChangePosition>();
    for (ChangePosition each : changes.tailSet(after, false)) {
      if (found.size() == limit || each.timestamp().isAfter(upTo)) {
        break;
      }
      found.add(each);
    }
    return found;
  }
}
