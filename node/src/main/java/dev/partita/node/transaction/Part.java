package dev.partita.node.transaction;

import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.ReadSet;
import java.util.List;
import java.util.Set;

/// What a transaction has read and will write in one Partition.
///
/// @param claims the unique indexes in which it claims the terms of these rows, in other Partitions
record Part(
    PartitionDescriptor partition, ReadSet reads, List<Mutation> mutations, Set<Long> claims) {
  Part {
    mutations = List.copyOf(mutations);
    claims = Set.copyOf(claims);
  }
}
