package dev.partita.node.catalog;

import dev.partita.node.catalog.CatalogResult.Reason;
import dev.partita.node.catalog.CatalogRules.Transition;
import dev.partita.node.key.Datum;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.SplitBounds;
import dev.partita.node.raft.NodeId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What splits do to the partition map.
///
/// When a split is recorded, its children get their ids and names and are in the map as
/// [PartitionEntry.State#PENDING]: nobody is routed to them, and no node takes their replicas for
/// unwanted. When the Partition's leader tells that it is split, they serve in its place; it keeps
/// its name and has no rows. When every member has done the same durably, its group goes.
///
/// A child's name is that of the declared Partition, `-`, and the child's id: `orders` is split
/// into `orders-17` and `orders-18`, and `orders-17` into `orders-23` and `orders-24`. So names do
/// not grow with the generations. A name that is taken by another Partition gets another `-` and
/// `x`.
final class SplitTransitions {

  /// Characters of a resource name that a child's name leaves to its ancestor's.
  private static final int ROOT_LENGTH_MAX = 200;

  private SplitTransitions() {}

  /// Records the children of a split.
  ///
  /// @return the catalog with them, or the refusal
  static Transition begin(Catalog before, PartitionId id, @Nullable Datum at) {
    PartitionEntry parent = before.partition(id).orElse(null);
    if (parent == null) {
      return Transition.refused(before, Reason.NOT_FOUND, "unknown partition", id.toString(), null);
    }
    if (parent.state() != PartitionEntry.State.ACTIVE) {
      return Transition.refused(
          before, Reason.CONFLICT, "the partition does not serve", parent.name(), null);
    }
    if (!children(before, id).isEmpty()) {
      return Transition.refused(
          before, Reason.CONFLICT, "the partition is being split or merged", parent.name(), null);
    }
    if (MergeTransitions.isBeingMerged(before, parent)) {
      return Transition.refused(
          before, Reason.CONFLICT, "the partition is being merged", parent.name(), null);
    }
    if (before.partitions().all().size() + 2 > PartitionRules.PARTITIONS_MAX) {
      return Transition.refused(
          before, Reason.TOO_MANY, "too many partitions", parent.name(), null);
    }
    List<Bounds> halves;
    try {
      halves = SplitBounds.halves(parent.bounds(), at);
    } catch (IllegalArgumentException e) {
      return Transition.refused(
          before,
          Reason.INVALID,
          "the partition cannot be split there: " + e.getMessage(),
          parent.name(),
          null);
    }
    Catalog next = before;
    for (Bounds half : halves) {
      next = insert(next, parent, half);
    }
    return Transition.applied(next);
  }

  private static Catalog insert(Catalog before, PartitionEntry parent, Bounds bounds) {
    long id = before.nextId();
    PartitionEntry child =
        new PartitionEntry(
            new PartitionId(id),
            name(before, parent, id),
            parent.collection(),
            parent.collectionId(),
            bounds,
            0,
            parent.voters(),
            parent.learners(),
            PartitionEntry.State.PENDING,
            parent.id(),
            List.of());
    return before.withNextId(id + 1).withPartitions(before.partitions().with(child));
  }

  private static String name(Catalog catalog, PartitionEntry parent, long id) {
    String root = parent.name();
    if (parent.parent() != null) {
      List<PartitionId> ids = new ArrayList<>(parent.absorbed());
      ids.add(parent.id());
      for (PartitionId each : ids) {
        String own = "-" + each;
        if (root.endsWith(own)) {
          root = root.substring(0, root.length() - own.length());
          break;
        }
      }
    }
    root = root.substring(0, Math.min(root.length(), ROOT_LENGTH_MAX)).replaceAll("-+$", "");
    String name = root + "-" + id;
    while (catalog.partitions().named(name).isPresent()) {
      name += "-x";
    }
    return name;
  }

  /// The children of a Partition, whatever their state, in the order of their ids, where one that
  /// was split and merged again keeps its place: the first one answers for the Partition.
  static List<PartitionEntry> children(Catalog catalog, PartitionId parent) {
    return catalog.partitions().all().stream()
        .filter(entry -> parent.equals(entry.parent()))
        .sorted(Comparator.comparing(PartitionEntry::firstId))
        .toList();
  }

  /// The Partition is split: its children serve.
  static Transition publish(Catalog before, CatalogCommand.PublishSplit publish) {
    PartitionEntry parent = before.partition(publish.partition()).orElse(null);
    if (parent == null || parent.state() != PartitionEntry.State.ACTIVE) {
      return Transition.applied(before);
    }
    PartitionMap map =
        before
            .partitions()
            .with(
                parent
                    .observed(publish.epoch(), parent.voters(), parent.learners())
                    .with(PartitionEntry.State.SPLIT));
    for (PartitionEntry child : children(before, parent.id())) {
      if (child.state() == PartitionEntry.State.PENDING) {
        map =
            map.with(
                child
                    .observed(publish.epoch(), publish.voters(), publish.learners())
                    .with(PartitionEntry.State.ACTIVE));
      }
    }
    return Transition.applied(before.withPartitions(map));
  }

  /// Nobody needs the group of a Partition any more that was split, or merged into another one. Of
  /// the latter nothing is left but its id, in the other one.
  static Transition retire(Catalog before, PartitionId id) {
    PartitionEntry parent = before.partition(id).orElse(null);
    if (parent != null && parent.state() == PartitionEntry.State.MERGED) {
      return Transition.applied(before.withPartitions(before.partitions().without(parent)));
    }
    if (parent == null
        || parent.state() != PartitionEntry.State.SPLIT
        || parent.members().isEmpty()) {
      return Transition.applied(before);
    }
    List<NodeId> nobody = List.of();
    return Transition.applied(
        before.withPartitions(
            before.partitions().with(parent.observed(parent.epoch(), nobody, nobody))));
  }

  /// A Partition with everything that it was split into, itself first.
  static List<PartitionEntry> tree(Catalog catalog, PartitionEntry root) {
    var tree = new ArrayList<PartitionEntry>();
    tree.add(root);
    for (int at = 0; at < tree.size(); at++) {
      tree.addAll(children(catalog, tree.get(at).id()));
    }
    return tree;
  }
}
