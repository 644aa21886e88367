package dev.partita.node.partition;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which partitions and indexes there are, as this node knows it now. An implementation answers
/// from memory and from any thread.
public interface PartitionDirectory {
  /// The partitions of a collection, in any order; empty if there is no such collection.
  List<PartitionDescriptor> partitions(String collection);

  /// The groups of a collection that is divided by columns, null if it is not.
  default @Nullable ColumnGroups columnGroups(String collection) {
    List<PartitionDescriptor> partitions = partitions(collection);
    return partitions.isEmpty() || !(partitions.getFirst().bounds() instanceof Bounds.Columns)
        ? null
        : ColumnGroups.of(collection, partitions);
  }

  /// The same for whoever needs these columns: before one of them is missing, everything is known
  /// here that was declared before this call, and a group that has it serves.
  ///
  /// @throws dev.partita.node.error.DatabaseException if that cannot be found out in time
  default @Nullable ColumnGroups columnGroups(
      String collection, Collection<String> columns, Deadline deadline) {
    return columnGroups(collection);
  }

  /// Whether there is such a collection, even if none of its rows has a partition yet.
  default boolean exists(String collection) {
    return !partitions(collection).isEmpty();
  }

  /// The id of a collection, null if it does not exist.
  default @Nullable Long collectionId(String collection) {
    List<PartitionDescriptor> partitions = partitions(collection);
    return partitions.isEmpty() ? null : partitions.getFirst().collectionId();
  }

  /// Makes sure that all partitions are known here that were written to up to a timestamp.
  ///
  /// @throws dev.partita.node.error.DatabaseException if that is not possible before the deadline,
  ///   or the timestamp lies in the future
  default void catchUp(Timestamp at, Deadline deadline) {}

  /// The partition of this name, null if there is none.
  @Nullable PartitionDescriptor partition(String name);

  /// The partitions that have the rows of the one of this name: itself, unless it was split. Empty
  /// if there is none.
  default List<PartitionDescriptor> leaves(String name) {
    PartitionDescriptor partition = partition(name);
    return partition == null ? List.of() : List.of(partition);
  }

  /// The partition of this id, or the one that answers for its transactions if it was split; null
  /// if there is none (any more).
  @Nullable PartitionDescriptor partition(PartitionId id);

  /// Whether a partition that is not known here may exist all the same, because it was made so
  /// lately that this node has not heard of it.
  default boolean mayExist(PartitionId id) {
    return false;
  }

  /// The partitions that have entries of an index, in any order. They are of the index's
  /// collection, unless its fields lie in several column groups.
  ///
  /// @throws dev.partita.node.error.DatabaseException `UNKNOWN_INDEX` if it does not exist any
  ///   more, `INDEX_NOT_READY` if it is being made anew
  default List<PartitionDescriptor> partitions(IndexDefinition index) {
    return partitions(index.collection()).stream()
        .filter(partition -> partition.bounds().hasFieldsOf(index))
        .toList();
  }

  /// The index of this name, ready or not; null if there is none.
  @Nullable IndexDefinition index(String name);
}
