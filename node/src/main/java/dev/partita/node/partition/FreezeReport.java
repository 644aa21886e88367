package dev.partita.node.partition;

import dev.partita.node.raft.Configuration;
import java.time.Duration;

/// What a replica tells about a Partition that is frozen.
///
/// @param into who is to have the rows
/// @param epoch of the frozen Partition
/// @param members at the freeze
/// @param lasting for how long this replica has known of it
public record FreezeReport(
    PartitionId into, Epoch epoch, Configuration members, Duration lasting) {}
