package dev.partita.node.transaction;

import dev.partita.node.partition.Extent;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.ReadSet;
import java.util.List;
import java.util.Set;

/// What a transaction has read and will write in one Partition.
///
/// @param claims the unique indexes in which it claims the terms of these rows, in other Partitions
/// @param extents what it has looked through, the same for all parts
record Part(
    PartitionDescriptor partition,
    ReadSet reads,
    List<Mutation> mutations,
    Set<Long> claims,
    List<Extent> extents) {
  Part {
    mutations = List.copyOf(mutations);
    claims = Set.copyOf(claims);
    extents = List.copyOf(extents);
  }
}
