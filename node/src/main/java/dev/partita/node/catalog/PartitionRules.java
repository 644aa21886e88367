package dev.partita.node.catalog;

import dev.partita.node.catalog.CatalogResult.Reason;
import dev.partita.node.catalog.CatalogRules.Transition;
import dev.partita.node.catalog.CollectionEntry.Partitioning;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What commands do to the partition map.
final class PartitionRules {
  static final int PARTITIONS_MAX = 10_000;
  static final int REPLICAS_MAX = 9;

  /// Of one collection: the write of a whole document is a transaction over all of them, and over
  /// the claims of unique indexes, which has at most 64 participants.
  static final int COLUMN_GROUPS_MAX = 32;

  /// In the name of a Partition that nobody sees between the one that it had, or is to have, and
  /// its id: no resource has such a name.
  static final char HIDDEN_MARK = '~';

  private PartitionRules() {}

  static Transition create(Catalog before, CatalogCommand.CreatePartition create) {
    Optional<PartitionEntry> known = before.partitions().named(create.name());
    if (known.isPresent()) {
      return same(known.get(), create)
          ? IntervalPartitions.at(before, known.get(), create.replicas())
          : Transition.refused(
              before, Reason.EXISTS, "another partition has this name", create.name(), null);
    }
    Transition contradiction = check(before, create);
    if (contradiction != null) {
      return contradiction;
    }
    Optional<PartitionEntry> other =
        before.partitions().overlapping(create.collection(), create.bounds());
    if (other.isPresent()) {
      PartitionEntry entry = other.get();
      boolean adopted = entry.state() == PartitionEntry.State.RETAINED && same(entry, create);
      return adopted
          ? adopt(before, entry.at(entry.isFamily() ? create.replicas() : List.of()), create.name())
          : Transition.refused(
              before,
              Reason.OVERLAP,
              "the bounds overlap those of another partition",
              create.name(),
              entry.name());
    }
    return Transition.applied(
        JointPartitions.changed(insert(before, create), create.collection(), create.bounds()));
  }

  private static boolean same(PartitionEntry entry, CatalogCommand.CreatePartition create) {
    return entry.collection().equals(create.collection())
        && entry.bounds().isSameAs(create.bounds());
  }

  private static @Nullable Transition check(Catalog before, CatalogCommand.CreatePartition create) {
    String name = create.name();
    if (before.partitions().all().size() >= PARTITIONS_MAX) {
      return Transition.refused(before, Reason.TOO_MANY, "too many partitions", name, null);
    }
    if (ClaimPartitions.isHidden(create.collection())) {
      return ClaimPartitions.reserved(before, name, create.collection());
    }
    Transition nowhere = checkReplicas(before, name, create.replicas());
    if (nowhere != null) {
      return nowhere;
    }
    Partitioning wanted = partitioning(create.bounds());
    CollectionEntry collection = before.collections().get(create.collection());
    if (collection != null
        && collection.partitioning() != null
        && collection.partitioning() != wanted) {
      return Transition.refused(
          before,
          Reason.INVALID,
          "a collection is divided in one way: by range, by hash or by columns",
          name,
          collection.name());
    }
    return create.bounds() instanceof Bounds.Columns columns
        ? ColumnRules.check(before, create, columns)
        : null;
  }

  static @Nullable Transition checkReplicas(Catalog before, String name, List<NodeId> replicas) {
    if (replicas.isEmpty()
        || replicas.size() > REPLICAS_MAX
        || replicas.stream().distinct().count() != replicas.size()) {
      return Transition.refused(
          before, Reason.INVALID, "a partition has 1 to 9 different replicas", name, null);
    }
    for (NodeId node : replicas) {
      if (!before.hasMember(node)) {
        return Transition.refused(before, Reason.NOT_FOUND, "unknown node", name, node.toString());
      }
    }
    return null;
  }

  private static Partitioning partitioning(Bounds bounds) {
    return switch (bounds) {
      case Bounds.Range _, Bounds.Interval _, Bounds.Family _ -> Partitioning.RANGE;
      case Bounds.Hash _ -> Partitioning.HASH;
      case Bounds.Columns _ -> Partitioning.COLUMNS;
    };
  }

  /// The retained replicas stay where they are; the operator moves them if it wants them elsewhere.
  /// What a Partition was split into comes back with it.
  private static Transition adopt(Catalog before, PartitionEntry root, String name) {
    PartitionMap map = before.partitions();
    for (PartitionEntry each : SplitTransitions.tree(before, root)) {
      boolean split = each.isFamily() || !SplitTransitions.children(before, each.id()).isEmpty();
      map =
          map.with(
              each.named(
                  each.id().equals(root.id()) ? name : formerName(map, each),
                  split ? PartitionEntry.State.SPLIT : PartitionEntry.State.CREATING));
    }
    // Its rows may be older than indexes that are complete without them.
    Catalog next = ClaimPartitions.claimedAnew(before.withPartitions(map), root.collection());
    return Transition.applied(JointPartitions.changed(next, root.collection(), root.bounds()));
  }

  /// The name that a retained part had, unless somebody has it now.
  private static String formerName(PartitionMap map, PartitionEntry retained) {
    String name = retained.name().substring(0, retained.name().lastIndexOf(HIDDEN_MARK));
    while (map.named(name).isPresent()) {
      name += "-x";
    }
    return name;
  }

  private static Catalog insert(Catalog before, CatalogCommand.CreatePartition create) {
    Catalog next = withCollection(before, create.collection(), partitioning(create.bounds()));
    CollectionEntry collection = next.collections().get(create.collection());
    if (collection == null) {
      throw new IllegalStateException("the collection was just made: " + create.collection());
    }
    if (create.bounds() instanceof Bounds.Columns) {
      collection = collection.withColumnGroup();
      next = next.withCollection(collection);
    }
    PartitionEntry entry =
        new PartitionEntry(
            new PartitionId(next.nextId()),
            create.name(),
            create.collection(),
            collection.id(),
            create.bounds(),
            0,
            create.replicas(),
            List.of(),
            PartitionEntry.State.CREATING,
            null,
            List.of(),
            List.of(),
            create.bounds() instanceof Bounds.Columns ? collection.columnGroups() : null);
    if (entry.isFamily()) {
      entry = IntervalPartitions.family(entry);
    }
    return next.withNextId(next.nextId() + 1).withPartitions(next.partitions().with(entry));
  }

  /// The catalog with the collection in it, partitioned as wanted unless it already is.
  static Catalog withCollection(Catalog before, String name, @Nullable Partitioning partitioning) {
    CollectionEntry known = before.collections().get(name);
    if (known == null) {
      return before
          .withCollection(new CollectionEntry(before.nextId(), name, partitioning))
          .withNextId(before.nextId() + 1);
    }
    return known.partitioning() == null && partitioning != null
        ? before.withCollection(new CollectionEntry(known.id(), name, partitioning))
        : before;
  }

  /// The catalog without the collection, if nothing is left of it. Its id is not used again, so
  /// that a collection that later gets its name starts with other row keys.
  static Catalog withoutEmptyCollection(Catalog before, String name) {
    boolean used =
        !before.indexesOf(name).isEmpty()
            || before.partitions().all().stream().anyMatch(p -> p.collection().equals(name));
    return used ? before : before.withoutCollection(name);
  }

  static Transition drop(Catalog before, CatalogCommand.DropPartition drop) {
    Optional<PartitionEntry> known = before.partitions().named(drop.name());
    if (known.isEmpty()) {
      return Transition.applied(before);
    }
    PartitionEntry entry = known.get();
    if (ClaimPartitions.isHidden(entry.collection())) {
      return Transition.refused(
          before,
          Reason.CONFLICT,
          "the partition is part of an index and goes with it",
          entry.name(),
          null);
    }
    if (entry.parent() != null && before.partition(entry.parent()).isPresent()) {
      return Transition.refused(
          before,
          Reason.CONFLICT,
          "the partition is a part of another one, which was split, and is dropped with that",
          entry.name(),
          before.partition(entry.parent()).get().name());
    }
    List<PartitionEntry> tree = SplitTransitions.tree(before, entry);
    boolean pending = tree.stream().anyMatch(each -> each.state() == PartitionEntry.State.PENDING);
    // As long as a member may not have split its replica, the rows that are to be retained may be
    // among those that go with the Partition.
    boolean unfinished =
        tree.stream()
            .anyMatch(each ->
                each.state() == PartitionEntry.State.MERGED
                    || (each.state() == PartitionEntry.State.SPLIT && !each.members().isEmpty()));
    if (drop.retain() && (pending || unfinished)) {
      return Transition.refused(
          before, Reason.CONFLICT, "the partition is being split or merged", entry.name(), null);
    }
    PartitionMap map = before.partitions();
    for (PartitionEntry each : tree) {
      map = drop.retain() ? map.with(retained(each)) : map.without(each);
    }
    if (drop.retain() && map.equals(before.partitions())) {
      return Transition.applied(before);
    }
    Catalog next =
        JointPartitions.changed(before.withPartitions(map), entry.collection(), entry.bounds());
    return Transition.applied(withoutEmptyCollection(next, entry.collection()));
  }

  private static PartitionEntry retained(PartitionEntry entry) {
    // Frees the name; no resource can have this one.
    return entry.state() == PartitionEntry.State.RETAINED
        ? entry
        : entry.named(entry.name() + HIDDEN_MARK + entry.id(), PartitionEntry.State.RETAINED);
  }

  static Transition observe(Catalog before, CatalogCommand.ObservePartition observed) {
    Optional<PartitionEntry> known = before.partition(observed.partition());
    boolean listed = known.filter(entry -> entry.isRouted() || isRetained(entry)).isPresent();
    if (!listed || observed.epoch() <= known.get().epoch()) {
      return Transition.applied(before);
    }
    return Transition.applied(
        before.withPartitions(
            before
                .partitions()
                .with(
                    known
                        .get()
                        .observed(observed.epoch(), observed.voters(), observed.learners()))));
  }

  private static boolean isRetained(PartitionEntry entry) {
    return entry.state() == PartitionEntry.State.RETAINED;
  }

  static Transition activate(Catalog before, CatalogCommand.ActivatePartition activate) {
    Optional<PartitionEntry> known = before.partition(activate.partition());
    if (known.isEmpty() || known.get().state() != PartitionEntry.State.CREATING) {
      return Transition.applied(before);
    }
    return Transition.applied(
        before.withPartitions(
            before.partitions().with(known.get().with(PartitionEntry.State.ACTIVE))));
  }
}
