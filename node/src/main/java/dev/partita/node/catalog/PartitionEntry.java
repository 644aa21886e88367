package dev.partita.node.catalog;

import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A Partition in the partition map.
///
/// @param id also the id of its Raft group
/// @param name of its custom resource
/// @param collectionId of its collection, see [CollectionEntry]
/// @param epoch as its leader last reported
/// @param voters as its leader last reported; before that the first members, of which the first one
///   is to lead
/// @param learners as its leader last reported
/// @param parent the Partition that it was split from, null if it was declared; of one that was
///   merged the Partition that has its rows
/// @param absorbed the Partitions that it was merged of, however far back: it answers for their
///   transactions
/// @param home where the Partitions of a family begin, see [IntervalPartitions]; nowhere for others
/// @param columnGroup of a Partition of columns its number, which no other one of the collection
///   gets: stands in row keys. Null for others
public record PartitionEntry(
    PartitionId id,
    String name,
    String collection,
    long collectionId,
    Bounds bounds,
    long epoch,
    List<NodeId> voters,
    List<NodeId> learners,
    State state,
    @Nullable PartitionId parent,
    List<PartitionId> absorbed,
    List<NodeId> home,
    @Nullable Integer columnGroup) {
  @SuppressWarnings("ConstantValue") // A catalog of a version before these says nothing of them.
  public PartitionEntry {
    absorbed = absorbed == null ? List.of() : List.copyOf(absorbed);
    voters = List.copyOf(voters);
    learners = List.copyOf(learners);
    home = home == null ? List.of() : List.copyOf(home);
  }

  /// One that is no family and no group of columns.
  public PartitionEntry(
      PartitionId id,
      String name,
      String collection,
      long collectionId,
      Bounds bounds,
      long epoch,
      List<NodeId> voters,
      List<NodeId> learners,
      State state,
      @Nullable PartitionId parent,
      List<PartitionId> absorbed) {
    this(
        id,
        name,
        collection,
        collectionId,
        bounds,
        epoch,
        voters,
        learners,
        state,
        parent,
        absorbed,
        List.of(),
        null);
  }

  /// Where a Partition is in its life.
  public enum State {
    /// It has not served yet.
    CREATING,
    /// It serves.
    ACTIVE,
    /// It is a child of a Partition that is to be split: it has its id and name, and serves from
    /// the moment on that the other is split. Or the parts of a split Partition are to be merged
    /// into it. Invisible to clients.
    PENDING,
    /// It was split: it has no rows, its children or theirs do. Its name and bounds stay, so that
    /// whoever has declared it finds it. Once it has no members any more its group is gone. A
    /// family is so from the beginning.
    SPLIT,
    /// It was merged into another one, which has its rows, and is kept until every member has done
    /// that durably. Invisible to clients.
    MERGED,
    /// It was dropped, its rows stay on its members, or on those of what it was split into. It is
    /// invisible to clients, its name ends in `~` and its id, and nothing else may take its keys.
    RETAINED
  }

  /// Whether people see it.
  public boolean isVisible() {
    return isRouted() || state == State.SPLIT;
  }

  /// Whether clients' requests go there.
  public boolean isRouted() {
    return state == State.CREATING || state == State.ACTIVE;
  }

  /// Voters, then learners.
  public SequencedSet<NodeId> members() {
    SequencedSet<NodeId> members = new LinkedHashSet<>(voters);
    members.addAll(learners);
    return members;
  }

  /// Whether it has, or is to have, the rows of others.
  public boolean isMerge() {
    return !absorbed.isEmpty();
  }

  /// Whether it is a family of intervals, each of which is a child of its own.
  public boolean isFamily() {
    return bounds instanceof Bounds.Family;
  }

  /// The id of the first that was in its place.
  PartitionId firstId() {
    return Stream.concat(Stream.of(id), absorbed.stream())
        .min(Comparator.naturalOrder())
        .orElse(id);
  }

  /// The number of the column group, 0 if it has all columns.
  public int columnGroupOrNone() {
    return columnGroup == null ? 0 : columnGroup;
  }

  PartitionEntry with(State next) {
    return named(name, next);
  }

  PartitionEntry named(String newName, State next) {
    return changed(newName, epoch, voters, learners, next, parent);
  }

  PartitionEntry observed(
      long newEpoch, Collection<NodeId> newVoters, Collection<NodeId> newLearners) {
    return changed(name, newEpoch, List.copyOf(newVoters), List.copyOf(newLearners), state, parent);
  }

  /// In another place of the tree.
  PartitionEntry below(@Nullable PartitionId newParent) {
    return changed(name, epoch, voters, learners, state, newParent);
  }

  PartitionEntry at(List<NodeId> newHome) {
    return new PartitionEntry(
        id,
        name,
        collection,
        collectionId,
        bounds,
        epoch,
        voters,
        learners,
        state,
        parent,
        absorbed,
        newHome,
        columnGroup);
  }

  private PartitionEntry changed(
      String newName,
      long newEpoch,
      List<NodeId> newVoters,
      List<NodeId> newLearners,
      State newState,
      @Nullable PartitionId newParent) {
    return new PartitionEntry(
        id,
        newName,
        collection,
        collectionId,
        bounds,
        newEpoch,
        newVoters,
        newLearners,
        newState,
        newParent,
        absorbed,
        home,
        columnGroup);
  }
}
