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

  /// The partition of this id, null if there is none (any more).
  @Nullable PartitionDescriptor partition(PartitionId id);

  /// The index of this name, ready or not; null if there is none.
  @Nullable IndexDefinition index(String name);
}
