package dev.partita.node.transaction;

import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.Extent;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.ReadSet;
import dev.partita.node.routing.Router;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a transaction that writes has looked through, where Partitions may come to be that it has
/// not looked into: because there was nothing, or because nobody has declared them yet.
///
/// Those that are there when it commits take part in the commit, which then finds what was written
/// to them in the meantime. That no others come until then is checked at each participant by the
/// [Extent]. For one thread at a time.
public final class LookedThrough {

  private record Place(String collection, @Nullable PrimaryKey start, @Nullable PrimaryKey end) {}

  private static final class Reads {
    private final Set<ReadSet.ReadRange> ranges = new LinkedHashSet<>();
    private final Set<PrimaryKey> keys = new LinkedHashSet<>();
  }

  private final Router router;
  private final Map<Place, Reads> places = new LinkedHashMap<>();

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
    places.clear();
  }
}
