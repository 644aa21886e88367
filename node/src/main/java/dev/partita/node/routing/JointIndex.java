package dev.partita.node.routing;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.partition.PartitionDescriptor;
import java.util.List;

/// An index whose fields lie in several column groups: it is one of the joint rows of documents,
/// which whoever writes those columns writes as well.
///
/// @param partition has the joint rows and the entries
/// @param groups that have fields of it, in their order
public record JointIndex(
    IndexDefinition definition, PartitionDescriptor partition, List<PartitionDescriptor> groups) {
  public JointIndex {
    groups = List.copyOf(groups);
  }
}
