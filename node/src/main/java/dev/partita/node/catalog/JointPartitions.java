package dev.partita.node.catalog;

import dev.partita.node.catalog.CollectionEntry.Partitioning;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.PartitionId;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// Where the entries of indexes are whose fields lie in several column groups.
///
/// Such an index has a collection of its own, which clients do not see, with one Partition: a joint
/// row for each document, by the document's key, with the columns that the index has fields in. The
/// transaction that writes one of these columns writes the joint row as well, so at every timestamp
/// the two agree, and the index is one of the joint rows like any other: entries beside rows, in
/// one Partition.
///
/// Whether an index is such a one is decided by the groups that there are, retained ones included,
/// because those may come back. When a group with some of its fields comes or goes, what the joint
/// rows are made of changes: the index is made anew then, under another id, so that nobody who
/// knows only the former groups can write what the new one needs.
public final class JointPartitions {
  private static final String SUFFIX = "-rows";

  private JointPartitions() {}

  /// The collection of an index's joint rows, whether there is one or not.
  public static String collection(IndexDefinition index) {
    return ClaimPartitions.collection(index) + SUFFIX;
  }

  /// Whether the fields of an index lie in several column groups.
  public static boolean isJoint(Catalog catalog, IndexDefinition index) {
    return catalog.collections().containsKey(collection(index));
  }

  /// The Partition of an index's joint rows; empty if it has none.
  static List<PartitionEntry> of(Catalog catalog, IndexDefinition index) {
    return catalog.partitions().of(collection(index));
  }

  /// Whether joint rows of an index can be written.
  public static boolean serve(Catalog catalog, IndexDefinition index) {
    List<PartitionEntry> partitions = of(catalog, index);
    return !partitions.isEmpty()
        && partitions.stream().allMatch(entry -> entry.state() == PartitionEntry.State.ACTIVE);
  }

  /// The index whose joint rows a Partition has; empty if it has none.
  public static Optional<IndexEntry> indexOf(Catalog catalog, PartitionEntry entry) {
    String collection = entry.collection();
    return ClaimPartitions.isHidden(collection) && collection.endsWith(SUFFIX)
        ? catalog.indexes().values().stream()
            .filter(index -> collection(index.definition()).equals(collection))
            .findFirst()
        : Optional.empty();
  }

  /// The column groups that clients are routed to and that have some fields of an index, and not
  /// all, in the order of their numbers.
  public static List<PartitionEntry> groups(Catalog catalog, IndexDefinition index) {
    return catalog.partitions().of(index.collection()).stream()
        .filter(entry -> entry.bounds().divides(index))
        .sorted(Comparator.comparingInt(PartitionEntry::columnGroupOrNone))
        .toList();
  }

  /// The catalog with a place for the joint rows of an index that was just made, if it needs one.
  static Catalog place(Catalog before, IndexEntry entry) {
    IndexDefinition index = entry.definition();
    Optional<PartitionEntry> group =
        groups(before, index).stream()
            .findFirst()
            .or(() ->
                before.partitions().all().stream()
                    .filter(each -> each.collection().equals(index.collection()))
                    .filter(each -> each.bounds().divides(index))
                    .findFirst());
    return group.map(anchor -> place(before, entry, anchor)).orElse(before);
  }

  private static Catalog place(Catalog before, IndexEntry entry, PartitionEntry anchor) {
    IndexDefinition index = entry.definition();
    Catalog next = before.withIndex(entry.with(IndexEntry.State.ANNOUNCED, null));
    next = PartitionRules.withCollection(next, collection(index), Partitioning.RANGE);
    CollectionEntry collection = next.collections().get(collection(index));
    if (collection == null) {
      throw new IllegalStateException("the collection was just made: " + collection(index));
    }
    long id = next.nextId();
    PartitionEntry rows =
        new PartitionEntry(
            new PartitionId(id),
            index.name() + PartitionRules.HIDDEN_MARK + "rows",
            collection.name(),
            collection.id(),
            Bounds.Range.ALL,
            0,
            anchor.voters(),
            List.of(),
            PartitionEntry.State.CREATING,
            null,
            List.of());
    return next.withNextId(id + 1).withPartitions(next.partitions().with(rows));
  }

  /// The catalog without the joint rows of an index.
  static Catalog without(Catalog before, IndexDefinition index) {
    PartitionMap map = before.partitions();
    for (PartitionEntry entry : of(before, index)) {
      map = map.without(entry);
    }
    return before.withPartitions(map).withoutCollection(collection(index));
  }

  /// The catalog after a group of columns has come, gone or come back: indexes with some of its
  /// columns and others are made anew, of the groups that there are now.
  static Catalog changed(Catalog before, String collection, Bounds group) {
    Catalog next = before;
    for (IndexEntry index : before.indexesOf(collection)) {
      if (index.state() != IndexEntry.State.FAILED && group.divides(index.definition())) {
        next = anew(next, index);
      }
    }
    return next;
  }

  private static Catalog anew(Catalog before, IndexEntry index) {
    IndexDefinition former = index.definition();
    Catalog next = without(ClaimPartitions.without(before, former), former);
    long id = next.nextId();
    IndexEntry made = new IndexEntry(former.withId(id), IndexEntry.State.BUILDING, null);
    return place(next.withNextId(id + 1).withIndex(made), made);
  }
}
