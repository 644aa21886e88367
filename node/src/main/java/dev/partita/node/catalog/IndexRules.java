package dev.partita.node.catalog;

import dev.partita.node.catalog.CatalogResult.Reason;
import dev.partita.node.catalog.CatalogRules.Transition;
import dev.partita.node.index.IndexDefinition;
import java.util.Optional;

/// What commands do to indexes.
final class IndexRules {
  static final int INDEXES_MAX = 1_000;

  private IndexRules() {}

  static Transition create(Catalog before, CatalogCommand.CreateIndex create) {
    if (ClaimPartitions.isHidden(create.collection())) {
      return ClaimPartitions.reserved(before, create.name(), create.collection());
    }
    IndexEntry known = before.indexes().get(create.name());
    if (known != null) {
      return same(known.definition(), create)
          ? Transition.applied(before)
          : Transition.refused(
              before, Reason.EXISTS, "another index has this name", create.name(), null);
    }
    if (before.indexes().size() >= INDEXES_MAX) {
      return Transition.refused(before, Reason.TOO_MANY, "too many indexes", create.name(), null);
    }
    Catalog next = PartitionRules.withCollection(before, create.collection(), null);
    IndexDefinition definition;
    try {
      definition =
          new IndexDefinition(
              next.nextId(),
              create.name(),
              create.collection(),
              create.terms(),
              create.values(),
              create.unique(),
              create.unique() ? IndexDefinition.Scope.COLLECTION : null);
    } catch (IllegalArgumentException e) {
      return Transition.refused(
          before, Reason.INVALID, "the index cannot be made", create.name(), e.getMessage());
    }
    Transition contradiction = ColumnRules.check(before, definition);
    if (contradiction != null) {
      return contradiction;
    }
    IndexEntry made = new IndexEntry(definition, IndexEntry.State.BUILDING, null);
    return Transition.applied(
        JointPartitions.place(next.withNextId(next.nextId() + 1).withIndex(made), made));
  }

  private static boolean same(IndexDefinition known, CatalogCommand.CreateIndex create) {
    return known.collection().equals(create.collection())
        && known.terms().equals(create.terms())
        && known.values().equals(create.values())
        && known.unique() == create.unique();
  }

  static Transition drop(Catalog before, CatalogCommand.DropIndex drop) {
    IndexEntry known = before.indexes().get(drop.name());
    if (known == null) {
      return Transition.applied(before);
    }
    IndexDefinition index = known.definition();
    Catalog next = JointPartitions.without(ClaimPartitions.without(before, index), index);
    return Transition.applied(
        PartitionRules.withoutEmptyCollection(next.withoutIndex(drop.name()), index.collection()));
  }

  static Transition setState(Catalog before, CatalogCommand.SetIndexState change) {
    Optional<IndexEntry> known = before.index(change.index());
    if (known.isEmpty()) {
      return Transition.applied(before);
    }
    if (!follows(change.state(), known.get().state())) {
      return Transition.applied(before);
    }
    boolean unclaimed =
        known.get().definition().claims()
            && known.get().state() == IndexEntry.State.BUILDING
            && !before.partitionsOf(known.get().definition()).isEmpty();
    if (unclaimed && change.state() == IndexEntry.State.READY) {
      // Rows have come since that was found out: they claim first.
      return Transition.applied(before);
    }
    IndexEntry next = known.get().with(change.state(), change.message());
    return Transition.applied(next.equals(known.get()) ? before : before.withIndex(next));
  }

  /// What was proposed late, by whoever led before, does not skip the gathering of joint rows or
  /// begin it once more.
  private static boolean follows(IndexEntry.State next, IndexEntry.State present) {
    return switch (next) {
      case ANNOUNCED -> false;
      case GATHERING -> present == IndexEntry.State.ANNOUNCED;
      case BUILDING -> present == IndexEntry.State.GATHERING;
      case CLAIMING, READY -> !present.isBeforeBuilding();
      case FAILED -> true;
    };
  }
}
