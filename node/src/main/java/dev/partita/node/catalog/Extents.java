package dev.partita.node.catalog;

import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.Extent;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Which Partitions have the rows of a range, and whether others have come since somebody looked.
///
/// Only one that is declared, or made for an interval, comes: its parts have rows that it had, and
/// so has what they are merged into, which has its place in the tree.
public final class Extents {

  private Extents() {}

  /// A range, and the Partitions that serve its rows.
  ///
  /// @return null if they have all that there can be
  public static @Nullable Extent of(
      Catalog catalog, String collection, @Nullable PrimaryKey start, @Nullable PrimaryKey end) {
    Bounds.Range range = new Bounds.Range(datum(start), datum(end));
    Set<PartitionEntry> known = new HashSet<>();
    Set<PartitionEntry> coming = new HashSet<>();
    for (PartitionEntry entry : concerned(catalog, collection, range)) {
      boolean serves = entry.state() == PartitionEntry.State.ACTIVE;
      (serves ? known : coming).add(root(catalog, entry));
    }
    known.removeAll(coming);
    List<Bounds> bounds = known.stream().map(PartitionEntry::bounds).toList();
    if (Bounds.cover(bounds, range.start(), range.end())) {
      return null;
    }
    return new Extent(
        collection,
        start,
        end,
        known.stream().map(PartitionEntry::firstId).collect(Collectors.toSet()));
  }

  /// Whether a Partition serves rows of the range that is not among those that were known.
  public static boolean haveGrown(Catalog catalog, Extent extent) {
    Bounds.Range range = new Bounds.Range(datum(extent.start()), datum(extent.end()));
    return concerned(catalog, extent.collection(), range).stream()
        .filter(entry -> entry.state() == PartitionEntry.State.ACTIVE)
        .anyMatch(entry -> !extent.partitions().contains(root(catalog, entry).firstId()));
  }

  private static List<PartitionEntry> concerned(
      Catalog catalog, String collection, Bounds.Range range) {
    return catalog.partitions().of(collection).stream()
        .filter(entry -> !entry.bounds().isRange() || entry.bounds().overlaps(range))
        .toList();
  }

  private static PartitionEntry root(Catalog catalog, PartitionEntry entry) {
    PartitionEntry root = entry;
    while (true) {
      PartitionEntry child = root;
      Optional<PartitionEntry> parent =
          Optional.ofNullable(child.parent())
              .flatMap(catalog::partition)
              .filter(above -> !above.isFamily());
      if (parent.isEmpty()) {
        return root;
      }
      root = parent.get();
    }
  }

  private static @Nullable Datum datum(@Nullable PrimaryKey key) {
    return key == null ? null : Datum.of(key.parts());
  }
}
