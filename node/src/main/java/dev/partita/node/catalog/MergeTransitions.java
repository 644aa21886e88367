package dev.partita.node.catalog;

import dev.partita.node.catalog.CatalogResult.Reason;
import dev.partita.node.catalog.CatalogRules.Transition;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.partition.PartitionId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What merges do to the partition map: they take splits back.
///
/// When a merge is recorded, the Partition that is to have the rows of both parts gets its id, and
/// is in the map as [PartitionEntry.State#PENDING]. With the one command that commits the merge,
/// the point of no return, it takes the place of the Partition that was split, with its name, its
/// bounds and its place in the tree; the parts are [PartitionEntry.State#MERGED] until every member
/// has taken note. Until then the merge may be given up, and nothing has happened but that an id
/// was given away.
///
/// So a declared Partition whose parts are merged has its rows again, and only the number of its
/// group is another. The numbers that were are kept with it, because transactions may ask for them.
final class MergeTransitions {

  /// Numbers that a Partition answers for: three for each time that it was split and merged.
  static final int ABSORBED_MAX = 3_000;

  private MergeTransitions() {}

  /// Records the Partition that the parts of a split one are to be merged into.
  static Transition begin(Catalog before, PartitionId id) {
    PartitionEntry parent = before.partition(id).orElse(null);
    if (parent == null) {
      return Transition.refused(before, Reason.NOT_FOUND, "unknown partition", id.toString(), null);
    }
    if (parent.state() != PartitionEntry.State.SPLIT) {
      return Transition.refused(
          before, Reason.CONFLICT, "the partition is not split", parent.name(), null);
    }
    if (parent.isFamily()) {
      return Transition.refused(
          before,
          Reason.INVALID,
          "the parts of the partition are intervals, which stay apart",
          parent.name(),
          null);
    }
    if (!parent.members().isEmpty()) {
      return Transition.refused(
          before, Reason.CONFLICT, "the partition is being split", parent.name(), null);
    }
    List<PartitionEntry> parts = SplitTransitions.children(before, id);
    for (PartitionEntry part : parts) {
      if (part.isMerge() && part.state() == PartitionEntry.State.PENDING) {
        return Transition.refused(
            before, Reason.CONFLICT, "the partition is being merged", parent.name(), null);
      }
      if (part.state() != PartitionEntry.State.ACTIVE) {
        return Transition.refused(
            before,
            Reason.CONFLICT,
            "a part of the partition is split itself, or does not serve",
            parent.name(),
            part.name());
      }
      if (!SplitTransitions.children(before, part.id()).isEmpty()) {
        return Transition.refused(
            before,
            Reason.CONFLICT,
            "a part of the partition is being split or merged",
            parent.name(),
            part.name());
      }
    }
    Optional<String> unique = uniqueIndex(before, parent);
    if (unique.isPresent()) {
      return Transition.refused(
          before,
          Reason.CONFLICT,
          "parts may have the same terms of a unique index, so they cannot be merged",
          parent.name(),
          unique.get());
    }
    var absorbed = new ArrayList<PartitionId>();
    parts.forEach(part -> absorb(part, absorbed));
    absorb(parent, absorbed);
    if (parts.size() != 2 || absorbed.size() > ABSORBED_MAX) {
      return Transition.refused(
          before,
          Reason.CONFLICT,
          parts.size() != 2
              ? "only two parts can be merged"
              : "the partition was split and merged too often",
          parent.name(),
          null);
    }
    if (before.partitions().all().size() >= PartitionRules.PARTITIONS_MAX) {
      return Transition.refused(
          before, Reason.TOO_MANY, "too many partitions", parent.name(), null);
    }
    long next = before.nextId();
    PartitionEntry one = parts.getFirst();
    PartitionEntry merged =
        new PartitionEntry(
            new PartitionId(next),
            parent.name() + PartitionRules.HIDDEN_MARK + next,
            parent.collection(),
            parent.collectionId(),
            parent.bounds(),
            0,
            one.voters(),
            one.learners(),
            PartitionEntry.State.PENDING,
            parent.id(),
            absorbed);
    return Transition.applied(
        before.withNextId(next + 1).withPartitions(before.partitions().with(merged)));
  }

  private static void absorb(PartitionEntry entry, List<PartitionId> to) {
    to.add(entry.id());
    to.addAll(entry.absorbed());
  }

  /// An index that is unique inside each part: together they may break it.
  private static Optional<String> uniqueIndex(Catalog catalog, PartitionEntry entry) {
    return catalog.indexesOf(entry.collection()).stream()
        .map(IndexEntry::definition)
        .filter(IndexDefinition::uniqueInside)
        .map(IndexDefinition::name)
        .findFirst();
  }

  /// Whether a merge is recorded and not finished that the Partition is a part of.
  static boolean isBeingMerged(Catalog catalog, PartitionEntry entry) {
    PartitionId parent = entry.parent();
    return parent != null
        && SplitTransitions.children(catalog, parent).stream()
            .anyMatch(each -> each.isMerge() && each.state() == PartitionEntry.State.PENDING);
  }

  /// The parts are frozen on all members: from now on the rows belong to the one.
  static Transition commit(Catalog before, CatalogCommand.CommitMerge commit) {
    PartitionEntry merged = before.partition(commit.partition()).orElse(null);
    if (merged == null || merged.state() != PartitionEntry.State.PENDING || !merged.isMerge()) {
      return Transition.applied(before);
    }
    PartitionEntry place = place(before, merged);
    if (uniqueIndex(before, merged).isPresent()) {
      return Transition.refused(
          before, Reason.CONFLICT, "there is a unique index by now", place.name(), null);
    }
    PartitionMap map = before.partitions().without(place);
    for (PartitionEntry part : SplitTransitions.children(before, place.id())) {
      if (!part.equals(merged)) {
        map = map.with(part.with(PartitionEntry.State.MERGED).below(merged.id()));
      }
    }
    map =
        map.with(
            merged
                .observed(commit.epoch(), commit.voters(), commit.learners())
                .named(place.name(), PartitionEntry.State.ACTIVE)
                .below(place.parent()));
    return Transition.applied(before.withPartitions(map));
  }

  private static PartitionEntry place(Catalog catalog, PartitionEntry merged) {
    PartitionId parent = merged.parent();
    return Optional.ofNullable(parent)
        .flatMap(catalog::partition)
        .orElseThrow(() -> new IllegalStateException("a merge has no place: " + merged.name()));
  }

  /// Gives a merge up that is not committed, and ends its operation.
  static Transition giveUp(Catalog before, CatalogCommand.GiveUpMerge given) {
    PartitionEntry merged = before.partition(given.partition()).orElse(null);
    if (merged == null || merged.state() != PartitionEntry.State.PENDING || !merged.isMerge()) {
      return Transition.applied(before);
    }
    Catalog next = before.withPartitions(before.partitions().without(merged));
    OperationEntry operation = before.operations().get(given.operation());
    if (operation == null || operation.state() != OperationEntry.State.RUNNING) {
      return Transition.applied(next);
    }
    return Transition.applied(
        next.withOperation(
            new OperationEntry(
                operation.id(),
                operation.operation(),
                OperationEntry.FINISHED,
                OperationEntry.State.FAILED,
                given.message())));
  }
}
