package dev.partita.node.catalog;

import dev.partita.node.catalog.CatalogResult.Reason;
import dev.partita.node.catalog.CatalogRules.Transition;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Partitions that are made when their first key is to be written.
///
/// A Partition that is declared with an origin and a width, and without a number, is a family. It
/// is in the catalog as one that was split: it keeps its name and bounds, and has no group and no
/// rows. Its children have one interval each, and are Partitions like others from then on, which
/// can be moved and split. What differs is only where they come from: a node that is to write a row
/// of an interval that nobody has asks for its Partition, which is the same one for all who ask.
///
/// A family tells where its next children begin, its home: whoever places replicas keeps that up to
/// date. A node that is to go, or is gone, gets none. The leaders are dealt out in turn.
///
/// The child of number 7 of `orders` is `orders-p7`, that of number -7 `orders-p-7`.
final class IntervalPartitions {

  /// Intervals of one family: enough for a day each for years, and so few that random keys do not
  /// fill the cluster with groups.
  static final int INTERVALS_MAX = 1_000;

  /// Intervals of one family that are being made at a time: whoever writes to random keys waits for
  /// these before there are more.
  static final int CREATING_MAX = 16;

  /// Characters of a resource name that a child's leaves to the family's.
  private static final int FAMILY_LENGTH_MAX = 200;

  private IntervalPartitions() {}

  /// A family that was just declared, with its first home.
  static PartitionEntry family(PartitionEntry declared) {
    return declared
        .observed(declared.epoch(), List.of(), List.of())
        .with(PartitionEntry.State.SPLIT)
        .at(declared.voters());
  }

  /// A family's next children begin elsewhere. Whatever is no family is placed otherwise.
  static Transition at(Catalog before, PartitionEntry known, List<NodeId> home) {
    if (!known.isFamily() || known.home().equals(home)) {
      return Transition.applied(before);
    }
    @Nullable Transition refused = PartitionRules.checkReplicas(before, known.name(), home);
    return refused != null
        ? refused
        : Transition.applied(before.withPartitions(before.partitions().with(known.at(home))));
  }

  /// Makes the Partition of an interval, unless it is there.
  static Transition make(Catalog before, PartitionId id, long number) {
    PartitionEntry family = before.partition(id).orElse(null);
    if (family == null
        || !family.isVisible()
        || !(family.bounds() instanceof Bounds.Family(long origin, long width))) {
      return Transition.refused(
          before, Reason.NOT_FOUND, "no such family of partitions", id.toString(), null);
    }
    Bounds.Interval interval;
    try {
      interval = new Bounds.Interval(origin, width, number);
    } catch (IllegalArgumentException _) {
      return Transition.refused(
          before,
          Reason.INVALID,
          "no 64-bit integer lies in the interval",
          family.name(),
          Long.toString(number));
    }
    List<PartitionEntry> children = SplitTransitions.children(before, id);
    if (children.stream().anyMatch(child -> child.bounds().equals(interval))) {
      return Transition.applied(before);
    }
    if (children.size() >= INTERVALS_MAX
        || before.partitions().all().size() >= PartitionRules.PARTITIONS_MAX) {
      return Transition.refused(
          before,
          Reason.TOO_MANY,
          "as many intervals have rows as may have: declare a greater width, or delete partitions",
          family.name(),
          Integer.toString(children.size()));
    }
    long creating =
        children.stream().filter(child -> child.state() == PartitionEntry.State.CREATING).count();
    if (creating >= CREATING_MAX) {
      return Transition.refused(
          before, Reason.CONFLICT, "too many intervals are being made", family.name(), null);
    }
    List<NodeId> members = members(before, family, number);
    if (members.isEmpty()) {
      return Transition.refused(
          before, Reason.CONFLICT, "no node takes new partitions", family.name(), null);
    }
    return Transition.applied(insert(before, family, interval, members));
  }

  /// The nodes of the home that stay, each of them first in turn.
  private static List<NodeId> members(Catalog catalog, PartitionEntry family, long number) {
    List<NodeId> members = new ArrayList<>();
    for (NodeId node : family.home()) {
      Optional.ofNullable(catalog.nodes().get(node))
          .filter(entry -> entry.state() == NodeEntry.State.ACTIVE)
          .ifPresent(_ -> members.add(node));
    }
    if (!members.isEmpty()) {
      Collections.rotate(members, -Math.floorMod(number, members.size()));
    }
    return members;
  }

  private static Catalog insert(
      Catalog before, PartitionEntry family, Bounds.Interval interval, List<NodeId> members) {
    long id = before.nextId();
    PartitionEntry child =
        new PartitionEntry(
            new PartitionId(id),
            name(before, family, interval.number()),
            family.collection(),
            family.collectionId(),
            interval,
            0,
            members,
            List.of(),
            PartitionEntry.State.CREATING,
            family.id(),
            List.of());
    return before.withNextId(id + 1).withPartitions(before.partitions().with(child));
  }

  private static String name(Catalog catalog, PartitionEntry family, long number) {
    String root =
        family
            .name()
            .substring(0, Math.min(family.name().length(), FAMILY_LENGTH_MAX))
            .replaceAll("-+$", "");
    String name = root + "-p" + number;
    while (catalog.partitions().named(name).isPresent()) {
      name += "-x";
    }
    return name;
  }
}
