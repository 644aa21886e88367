package dev.partita.node.document;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.ReadSet;
import dev.partita.node.routing.MissingInterval;
import dev.partita.node.routing.Router;
import dev.partita.node.time.Deadline;
import dev.partita.node.transaction.TransactionParts;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a transaction has read where there was no Partition, because nothing was ever written to
/// the interval. If the transaction commits writes, nobody may have written there in the meantime;
/// so that this can be seen, the Partitions of these intervals are made and take part in the
/// commit. For one thread at a time.
final class MissingReads {

  /// Intervals that a transaction may have read and that have no Partition.
  static final int INTERVALS_MAX = 16;

  private final Router router;
  private final Map<String, Set<PrimaryKey>> keys = new LinkedHashMap<>();
  private final Map<MissingInterval, List<ReadSet.Rows>> ranges = new LinkedHashMap<>();

  /// A collection of which more was looked through than can be checked.
  private @Nullable String unbounded;

  MissingReads(Router router) {
    this.router = router;
  }

  /// Notes a row that cannot be there.
  void read(String collection, PrimaryKey key) {
    keys.computeIfAbsent(collection, _ -> new LinkedHashSet<>()).add(key);
  }

  /// Notes the intervals of a range that have nothing; of an index a range without ends.
  void read(String collection, @Nullable PrimaryKey start, @Nullable PrimaryKey end) {
    List<MissingInterval> found = router.missing(collection, start, end, INTERVALS_MAX);
    if (found == null) {
      unbounded = collection;
      return;
    }
    for (MissingInterval interval : found) {
      ranges.computeIfAbsent(interval, _ -> new ArrayList<>()).add(new ReadSet.Rows(start, end));
    }
    if (ranges.size() > INTERVALS_MAX) {
      unbounded = collection;
    }
  }

  /// Has what was read checked at the commit.
  ///
  /// @throws DatabaseException `NOT_SUPPORTED` if that is not possible: nothing was written
  void addTo(TransactionParts parts, Deadline deadline) {
    if (unbounded != null) {
      throw new DatabaseException(
              ErrorCode.NOT_SUPPORTED,
              "a transaction that writes has looked through intervals that have no partition yet:"
                  + " bound the range, or read in a transaction of its own")
          .with("collection", unbounded)
          .with("intervals", INTERVALS_MAX);
    }
    for (var collection : keys.entrySet()) {
      router.make(collection.getKey(), collection.getValue(), deadline);
      for (PrimaryKey key : collection.getValue()) {
        parts.read(router.owner(collection.getKey(), key), key);
      }
    }
    for (var range : ranges.entrySet()) {
      MissingInterval interval = range.getKey();
      router.make(interval.collection(), List.of(interval.key()), deadline);
      for (PartitionDescriptor partition : router.partitions(interval.collection())) {
        if (partition.bounds().isRange() && partition.bounds().overlaps(interval.bounds())) {
          range.getValue().forEach(rows -> parts.read(partition, rows));
        }
      }
    }
  }

  void clear() {
    keys.clear();
    ranges.clear();
    unbounded = null;
  }
}
