package dev.partita.node.transaction;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.index.JsonColumns;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.ColumnGroups;
import dev.partita.node.partition.Extent;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.ReadSet;
import dev.partita.node.routing.Router;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a transaction that writes has looked through, where Partitions may come to be that it has
/// not looked into: because there was nothing, or because nobody has declared them yet.
///
/// Those that are there when it commits take part in the commit, which then finds what was written
/// to them in the meantime. That no others come until then is checked at each participant by the
/// [Extent].
///
/// Of a collection that is divided by columns it notes when whole documents are read or written:
/// who did not know of a column group has not read, or not deleted, the rows there. For one thread
/// at a time.
public final class LookedThrough {

  private record Place(String collection, @Nullable PrimaryKey start, @Nullable PrimaryKey end) {}

  private static final class Reads {
    private final Set<ReadSet.ReadRange> ranges = new LinkedHashSet<>();
    private final Set<PrimaryKey> keys = new LinkedHashSet<>();
  }

  private final Router router;
  private final Map<Place, Reads> places = new LinkedHashMap<>();

  /// Of collections of whose documents all rows were read or written that there were then.
  private final Set<Extent> whole = new LinkedHashSet<>();

  public LookedThrough(Router router) {
    this.router = router;
  }

  /// Notes a row that is not there because its interval has no Partition.
  public void missing(String collection, PrimaryKey key) {
    Bounds.Interval interval = router.interval(collection, key);
    if (interval == null) {
      return; // it can never have one
    }
    PrimaryKey end = interval.last() == Long.MAX_VALUE ? null : PrimaryKey.of(interval.last() + 1);
    Set<PrimaryKey> keys = reads(new Place(collection, PrimaryKey.of(interval.first()), end)).keys;
    keys.add(key);
    if (keys.size() > ReadSet.KEYS_MAX) {
      throw TransactionParts.tooLarge("rows read", keys.size(), ReadSet.KEYS_MAX);
    }
  }

  /// Notes a range of rows, unless there can be no other Partitions of it.
  public void rows(String collection, @Nullable PrimaryKey start, @Nullable PrimaryKey end) {
    note(new Place(collection, start, end), new ReadSet.Rows(start, end));
  }

  /// Notes entries of an index, unless there can be no other Partitions of the collection.
  public void entries(String collection, ReadSet.Entries entries) {
    note(new Place(collection, null, null), entries);
  }

  /// Where the rows of a document are that is read. Of a whole one it is noted that it was read as
  /// such: another column group that serves when the transaction commits is in its way.
  ///
  /// @param columns null for all
  /// @param at when it is read: whoever wants it had this timestamp before
  /// @throws DatabaseException `NO_PARTITION` if no partition covers the key, or has one of the
  ///   columns
  public DocumentRows readable(
      String collection,
      PrimaryKey key,
      @Nullable List<String> columns,
      Timestamp at,
      Deadline deadline) {
    List<PartitionDescriptor> owners = groups(collection, columns, at, deadline);
    if (owners == null) {
      PartitionDescriptor owner = router.readable(collection, key, at, deadline);
      owners = owner == null ? List.of() : List.of(owner);
    }
    return new DocumentRows(collection, key, columns, owners);
  }

  /// Where documents of a collection are that is divided by columns, null if it is not; likewise.
  public @Nullable List<PartitionDescriptor> groups(
      String collection, @Nullable List<String> columns, Timestamp at, Deadline deadline) {
    if (router.columnGroups(collection) == null) {
      return null;
    }
    router.catchUp(at, deadline);
    return groups(collection, columns, List.of(), deadline).having(columns);
  }

  /// Where the rows of a document are that is locked before it is written or not, likewise.
  public DocumentRows lockable(
      String collection, PrimaryKey key, @Nullable List<String> columns, Deadline deadline) {
    return writable(collection, Mutation.delete(key), columns, deadline);
  }

  /// Where the rows of a document are that is written, likewise. Those of intervals have to be
  /// there.
  public DocumentRows writable(
      String collection, Mutation mutation, @Nullable List<String> columns, Deadline deadline) {
    PrimaryKey key = mutation.key();
    JsonBytes document = mutation.document();
    List<PartitionDescriptor> owners =
        router.columnGroups(collection) == null
            ? List.of(router.owner(collection, key))
            : groups(
                    collection,
                    columns,
                    document == null ? List.of() : JsonColumns.of(document),
                    deadline)
                .having(columns);
    return new DocumentRows(collection, key, columns, owners);
  }

  /// @param others columns beside that have to be known
  private ColumnGroups groups(
      String collection,
      @Nullable List<String> columns,
      Collection<String> others,
      Deadline deadline) {
    ColumnGroups known =
        router.columnGroups(collection, columns == null ? others : columns, deadline);
    if (known != null && !DocumentRows.areAll(columns)) {
      return known;
    }
    // First: whatever begins to serve after this look is in the way.
    Extent extent = router.extent(collection, null, null);
    ColumnGroups all = router.columnGroups(collection);
    if (extent == null || all == null) {
      throw new DatabaseException(
              ErrorCode.NO_PARTITION, "the collection has no partition any more")
          .with("collection", collection);
    }
    whole.add(extent);
    return all;
  }

  private void note(Place place, ReadSet.ReadRange range) {
    if (extent(place) != null) {
      reads(place).ranges.add(range);
    }
  }

  private Reads reads(Place place) {
    Reads reads = places.computeIfAbsent(place, _ -> new Reads());
    if (places.size() > Extent.EXTENTS_MAX) {
      throw TransactionParts.tooLarge(
          "ranges read that no partition covers", places.size(), Extent.EXTENTS_MAX);
    }
    return reads;
  }

  private @Nullable Extent extent(Place place) {
    return router.extent(place.collection(), place.start(), place.end());
  }

  /// Has all of it checked at the commit, which is about to begin.
  public void moveTo(TransactionParts parts) {
    whole.forEach(parts::read);
    whole.clear();
    places.forEach((place, reads) -> {
      // First: whatever begins to serve after this look is among the partitions.
      Extent extent = extent(place);
      if (extent != null) {
        parts.read(extent);
      }
      var range = new Bounds.Range(datum(place.start()), datum(place.end()));
      for (PartitionDescriptor partition : router.partitions(place.collection())) {
        Bounds bounds = partition.bounds();
        if (!bounds.isRange() || bounds.overlaps(range)) {
          reads.ranges.forEach(each -> parts.read(partition, each));
          reads.keys.stream().filter(bounds::contains).forEach(key -> parts.read(partition, key));
        }
      }
    });
    places.clear();
  }

  private static @Nullable Datum datum(@Nullable PrimaryKey key) {
    return key == null ? null : Datum.of(key.parts());
  }

  public void clear() {
    whole.clear();
    places.clear();
  }
}
