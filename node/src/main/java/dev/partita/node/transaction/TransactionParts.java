package dev.partita.node.transaction;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Extent;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.ReadSet;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Transaction;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Gathers what a transaction reads and writes, by Partition. For one thread at a time.
public final class TransactionParts {

  private static final class Gathered {
    private final PartitionDescriptor partition;
    private final Set<PrimaryKey> keys = new LinkedHashSet<>();
    private final Set<ReadSet.ReadRange> ranges = new LinkedHashSet<>();
    private final Map<PrimaryKey, Mutation> mutations = new LinkedHashMap<>();
    private final Set<Long> claims = new LinkedHashSet<>();

    Gathered(PartitionDescriptor partition) {
      this.partition = partition;
    }
  }

  private final Map<PartitionId, Gathered> gathered = new LinkedHashMap<>();
  private final Set<Extent> extents = new LinkedHashSet<>();

  private Gathered of(PartitionDescriptor partition) {
    Gathered part = gathered.computeIfAbsent(partition.id(), _ -> new Gathered(partition));
    if (gathered.size() > Transaction.PARTICIPANTS_MAX) {
      throw tooLarge("partitions", gathered.size(), Transaction.PARTICIPANTS_MAX);
    }
    return part;
  }

  /// Notes a row that was read, or found missing.
  public void read(PartitionDescriptor partition, PrimaryKey key) {
    Gathered part = of(partition);
    part.keys.add(key);
    if (part.keys.size() > ReadSet.KEYS_MAX) {
      throw tooLarge("rows read", part.keys.size(), ReadSet.KEYS_MAX);
    }
  }

  /// Notes a range that was looked through.
  public void read(PartitionDescriptor partition, ReadSet.ReadRange range) {
    Gathered part = of(partition);
    part.ranges.add(range);
    if (part.ranges.size() > ReadSet.RANGES_MAX) {
      throw tooLarge("ranges read", part.ranges.size(), ReadSet.RANGES_MAX);
    }
  }

  /// Notes what was looked through of a collection, in which other Partitions may come to be.
  void read(Extent extent) {
    extents.add(extent);
    if (extents.size() > Extent.EXTENTS_MAX) {
      throw tooLarge("ranges read that no partition covers", extents.size(), Extent.EXTENTS_MAX);
    }
  }

  /// Notes a row that is written; a later write replaces an earlier one.
  public void write(PartitionDescriptor partition, Mutation mutation) {
    Gathered part = of(partition);
    part.mutations.put(mutation.key(), mutation);
    if (part.mutations.size() > Request.MUTATIONS_MAX) {
      throw tooLarge("rows written", part.mutations.size(), Request.MUTATIONS_MAX);
    }
  }

  /// Notes a unique index in which the terms of the rows written are claimed.
  void claims(PartitionDescriptor partition, long index) {
    of(partition).claims.add(index);
  }

  /// Whether something is written.
  public boolean hasWrites() {
    return gathered.values().stream().anyMatch(part -> !part.mutations.isEmpty());
  }

  /// One part for each Partition, for what was read at this timestamp.
  List<Part> parts(Timestamp readAt) {
    var parts = new ArrayList<Part>();
    for (Gathered part : gathered.values()) {
      parts.add(
          new Part(
              part.partition,
              new ReadSet(readAt, List.copyOf(part.keys), List.copyOf(part.ranges)),
              List.copyOf(part.mutations.values()),
              Set.copyOf(part.claims),
              List.copyOf(extents)));
    }
    return parts;
  }

  static DatabaseException tooLarge(String what, int count, int limit) {
    return new DatabaseException(ErrorCode.TOO_LARGE, "a transaction is larger than the limit")
        .with("what", what)
        .with("count", count)
        .with("limit", limit);
  }
}
