package dev.partita.node.partition;

import dev.partita.node.index.IndexDefinition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which partitions and indexes there are, as this node knows it now. An implementation answers
/// from memory and from any thread.
public interface PartitionDirectory {
  /// The partitions of a collection, in any order; empty if there is no such collection.
  List<PartitionDescriptor> partitions(String collection);

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

  /// The index of this name, ready or not; null if there is none.
  @Nullable IndexDefinition index(String name);
}
