package dev.partita.node.document;

import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.routing.Router;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transaction.RowsAt;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The moment at which a transaction reads, and what it has read. It may move on: then everything
/// that was read is looked at again, and must be the same. For one thread at a time.
final class ReadMoment {

  /// Rows that are looked at again: each costs a read.
  private static final int REFRESHED_MAX = 100;

  private final Router router;

  /// The versions of the rows that were read by their keys, null of those that were not there.
  private final Map<SessionLocks.Place, @Nullable Timestamp> seen = new HashMap<>();

  private Timestamp at;
  private boolean lookedThrough;

  ReadMoment(Router router, Timestamp at) {
    this.router = router;
    this.at = at;
  }

  Timestamp at() {
    return at;
  }

  /// Notes a row that was read, or found missing.
  void saw(SessionLocks.Place place, @Nullable Timestamp version) {
    seen.put(place, version);
  }

  /// Notes that a range or an index was looked through: from now on the moment stays.
  void lookedThrough() {
    lookedThrough = true;
  }

  /// Whether a row was read and had another version then.
  boolean sawOther(SessionLocks.Place place, @Nullable Timestamp version) {
    return seen.containsKey(place) && !Objects.equals(seen.get(place), version);
  }

  /// Has a row be at this moment as it is now: moves on if it is another one.
  ///
  /// @param version of the row now; null if there is none
  /// @param now when that was read
  /// @return false if it would have to move and cannot, because something that was read has changed
  ///   until then, or was too much to look at
  boolean reach(
      SessionLocks.Place place, @Nullable Timestamp version, Timestamp now, Deadline deadline) {
    if (version != null && !version.isAfter(at)) {
      return true;
    }
    // A row that is not there now may have been there: to move on, while nothing was read, needs
    // nobody to be asked.
    boolean free = seen.isEmpty() && !lookedThrough;
    return (!free && version == null && version(place, at, deadline) == null)
        || moveTo(Timestamp.later(at, now), deadline);
  }

  private boolean moveTo(Timestamp later, Deadline deadline) {
    if (lookedThrough || seen.size() > REFRESHED_MAX) {
      return false;
    }
    for (SessionLocks.Place place : seen.keySet()) {
      if (sawOther(place, version(place, later, deadline))) {
        return false;
      }
    }
    at = later;
    return true;
  }

  private @Nullable Timestamp version(SessionLocks.Place place, Timestamp then, Deadline deadline) {
    PartitionDescriptor owner =
        place.group() == 0
            ? router.readable(place.collection(), place.key(), then, deadline)
            : place.owner(router);
    return owner == null ? null : RowsAt.read(router, owner, place.key(), then, deadline).version();
  }

  /// Forgets what was read.
  void clear() {
    seen.clear();
  }
}
