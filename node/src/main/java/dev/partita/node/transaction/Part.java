package dev.partita.node.transaction;

import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.ReadSet;
import java.util.List;

/// What a transaction has read and will write in one Partition.
record Part(PartitionDescriptor partition, ReadSet reads, List<Mutation> mutations) {
  Part {
    mutations = List.copyOf(mutations);
  }
}
