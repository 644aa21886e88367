package dev.partita.node.catalog;

import dev.partita.node.catalog.CatalogResult.Reason;
import dev.partita.node.catalog.CatalogRules.Transition;
import dev.partita.node.catalog.CollectionEntry.Partitioning;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.PartitionId;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Where the terms of unique indexes are claimed.
///
/// A unique index has a collection of its own, which clients do not see: a row for each combination
/// of terms that a document has, by their digest, with the document's key in it. So whether terms
/// are free is asked in one place, wherever the documents are, and that place is a Partition like
/// others: replicated, with locks, part of every transaction that claims something.
///
/// There are [#COUNT] of them for each index, by the digest. Each is to be where a Partition of the
/// index's collection is, its anchor: on the same nodes, and if that moves it follows.
public final class ClaimPartitions {

  /// So many that the leaders of a few nodes share the work, so few that an index costs little.
  static final int COUNT = 4;

  /// What the names of collections begin with that clients cannot give.
  private static final String MARK = "~";

  private static final List<String> STARTS = List.of("4", "8", "c");

  private ClaimPartitions() {}

  /// The collection of an index's claims.
  public static String collection(IndexDefinition index) {
    return MARK + index.id();
  }

  /// Whether a collection is one of claims, or of [JointPartitions].
  public static boolean isHidden(String collection) {
    return collection.startsWith(MARK);
  }

  static Transition reserved(Catalog before, String name, String collection) {
    return Transition.refused(
        before, Reason.INVALID, "names of collections do not begin with ~", name, collection);
  }

  /// Whether the Partitions of an index's claims have been made.
  public static boolean arePlaced(Catalog catalog, IndexDefinition index) {
    return index.claims() && !catalog.partitions().of(collection(index)).isEmpty();
  }

  /// Whether terms can be claimed in an index.
  public static boolean serve(Catalog catalog, IndexDefinition index) {
    return arePlaced(catalog, index)
        && catalog.partitions().of(collection(index)).stream()
            .allMatch(entry -> entry.state() == PartitionEntry.State.ACTIVE);
  }

  /// The Partition whose nodes a hidden Partition is to be on; empty if there is none.
  public static Optional<PartitionEntry> anchor(Catalog catalog, PartitionEntry claims) {
    Optional<IndexEntry> joint = JointPartitions.indexOf(catalog, claims);
    if (joint.isPresent()) {
      return JointPartitions.groups(catalog, joint.get().definition()).stream().findFirst();
    }
    return catalog.indexes().values().stream()
        .map(IndexEntry::definition)
        .filter(index -> index.claims() && collection(index).equals(claims.collection()))
        .findFirst()
        .flatMap(index -> {
          List<PartitionEntry> anchors = catalog.partitionsOf(index);
          int number = catalog.partitions().of(claims.collection()).indexOf(claims);
          return anchors.isEmpty() || number < 0
              ? Optional.empty()
              : Optional.of(anchors.get(number % anchors.size()));
        });
  }

  /// Makes the Partitions of an index's claims, unless they are there or the index's collection has
  /// none yet.
  static Transition place(Catalog before, long id) {
    IndexEntry entry = before.index(id).orElse(null);
    if (entry == null
        || !entry.definition().claims()
        || entry.state() == IndexEntry.State.FAILED
        || arePlaced(before, entry.definition())) {
      return Transition.applied(before);
    }
    List<PartitionEntry> anchors = before.partitionsOf(entry.definition());
    if (anchors.isEmpty()) {
      return Transition.applied(before);
    }
    if (before.partitions().all().size() + COUNT > PartitionRules.PARTITIONS_MAX) {
      return Transition.refused(
          before, Reason.TOO_MANY, "too many partitions", entry.definition().name(), null);
    }
    IndexDefinition index = entry.definition();
    IndexEntry.State state =
        entry.state().isBeforeBuilding() ? entry.state() : IndexEntry.State.BUILDING;
    Catalog next = before.withIndex(entry.with(state, null));
    next = PartitionRules.withCollection(next, collection(index), Partitioning.RANGE);
    for (int number = 0; number < COUNT; number++) {
      next = insert(next, index, number, anchors.get(number % anchors.size()));
    }
    return Transition.applied(next);
  }

  private static Catalog insert(
      Catalog before, IndexDefinition index, int number, PartitionEntry anchor) {
    CollectionEntry collection = before.collections().get(collection(index));
    if (collection == null) {
      throw new IllegalStateException("the collection was just made: " + collection(index));
    }
    long id = before.nextId();
    PartitionEntry entry =
        new PartitionEntry(
            new PartitionId(id),
            index.name() + MARK + "unique-" + number,
            collection.name(),
            collection.id(),
            bounds(number),
            0,
            anchor.voters(),
            List.of(),
            PartitionEntry.State.CREATING,
            null,
            List.of());
    return before.withNextId(id + 1).withPartitions(before.partitions().with(entry));
  }

  private static Bounds bounds(int number) {
    return new Bounds.Range(start(number), start(number + 1));
  }

  private static @Nullable Datum start(int number) {
    return number == 0 || number == COUNT
        ? null
        : PrimaryKey.of(STARTS.get(number - 1)).partitionKey();
  }

  /// The catalog without the claims of an index.
  static Catalog without(Catalog before, IndexDefinition index) {
    if (!index.claims()) {
      return before;
    }
    PartitionMap map = before.partitions();
    for (PartitionEntry entry : map.all()) {
      if (entry.collection().equals(collection(index))) {
        map = map.without(entry);
      }
    }
    return before.withPartitions(map).withoutCollection(collection(index));
  }

  /// The catalog with the claims of a collection's documents to be made once more. Those of joint
  /// rows are made with them.
  static Catalog claimedAnew(Catalog before, String collection) {
    Catalog next = before;
    for (IndexEntry index : before.indexesOf(collection)) {
      if (index.definition().claims()
          && index.state() != IndexEntry.State.FAILED
          && !JointPartitions.isJoint(before, index.definition())) {
        next = next.withIndex(index.with(IndexEntry.State.BUILDING, null));
      }
    }
    return next;
  }
}
