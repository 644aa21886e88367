package dev.partita.node.partition;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.time.Timestamp;
import java.util.List;

/// What a Partition's log is made of.
sealed interface PartitionCommand {

  /// The first command of a group: makes it the Partition. Ignored by a group that is one already.
  record Create(PartitionDescriptor descriptor) implements PartitionCommand {}

  /// Writes in the order of their timestamps.
  record Writes(List<TimedWrite> writes) implements PartitionCommand {
    public Writes {
      writes = List.copyOf(writes);
    }
  }

  /// A write with its commit timestamp.
  record TimedWrite(Timestamp timestamp, Epoch epoch, boolean atomic, List<Mutation> mutations) {
    public TimedWrite {
      mutations = List.copyOf(mutations);
    }
  }

  /// From here on writes maintain the index. Ignored if it is known already.
  ///
  /// @param revision of the catalog that had the index
  record AddIndex(IndexDefinition index, long revision) implements PartitionCommand {}

  /// Forgets the index and its entries.
  ///
  /// @param revision of the catalog that did not have the index; an index that was added by a newer
  ///   one stays
  record DropIndex(long index, long revision) implements PartitionCommand {}

  /// The next step of building an index: adds the entries of up to so many rows.
  record Backfill(long index, int rows) implements PartitionCommand {}

  /// From here on nothing is read below the timestamp, so that versions which only such reads could
  /// see may be dropped.
  record RaiseSafePoint(Timestamp safePoint) implements PartitionCommand {}
}
