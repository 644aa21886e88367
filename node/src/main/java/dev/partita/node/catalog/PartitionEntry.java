package dev.partita.node.catalog;

import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
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
/// @param parent the Partition that it was split from, null if it was declared
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
    @Nullable PartitionId parent) {
  public PartitionEntry {
    voters = List.copyOf(voters);
    learners = List.copyOf(learners);
  }

  /// Where a Partition is in its life.
  public enum State {
    /// It has not served yet.
    CREATING,
    /// It serves.
    ACTIVE,
    /// It is a child of a Partition that is to be split: it has its id and name, and serves from
    /// the moment on that the other is split. Invisible to clients.
    PENDING,
    /// It was split: it has no rows, its children or theirs do. Its name and bounds stay, so that
    /// whoever has declared it finds it. Once it has no members any more its group is gone.
    SPLIT,
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

  PartitionEntry with(State next) {
    return new PartitionEntry(
        id, name, collection, collectionId, bounds, epoch, voters, learners, next, parent);
  }

  PartitionEntry named(String newName, State next) {
    return new PartitionEntry(
        id, newName, collection, collectionId, bounds, epoch, voters, learners, next, parent);
  }

  PartitionEntry observed(
      long newEpoch, Collection<NodeId> newVoters, Collection<NodeId> newLearners) {
    return new PartitionEntry(
        id,
        name,
        collection,
        collectionId,
        bounds,
        newEpoch,
        List.copyOf(newVoters),
        List.copyOf(newLearners),
        state,
        parent);
  }
}
