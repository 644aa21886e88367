package dev.partita.node.partition;

import dev.partita.node.key.Datum;
import dev.partita.node.key.Key;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.storage.Direction;
import dev.partita.node.time.Timestamp;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What can be asked of a Partition. Each request carries the epoch that its sender knows.
///
/// `at` is the timestamp to read at: null means the newest state, linearizably. Otherwise it must
/// not be above the newest timestamp of the oracle nor below what the Partition still keeps.
public sealed interface Request {

  /// Mutations in one request.
  int MUTATIONS_MAX = 1_000;

  /// Bytes of one document.
  int DOCUMENT_BYTES_MAX = 1 << 20;

  /// Bytes of all documents and keys of one request; with this a log entry stays below the 4 MiB
  /// that replication takes.
  int WRITE_BYTES_MAX = 3 << 20;

  /// Rows or entries in one page.
  int PAGE_ROWS_MAX = 1_000;

  /// Bytes at which a page is cut; it has at least one row.
  int PAGE_BYTES_MAX = 4 << 20;

  PartitionId partition();

  Epoch epoch();

  /// The same request for a descriptor that was learnt later.
  Request withEpoch(Epoch epoch);

  /// Writes rows. Keys of one request are distinct.
  ///
  /// @param atomic all or none; otherwise each mutation stands for itself
  record Write(PartitionId partition, Epoch epoch, List<Mutation> mutations, boolean atomic)
      implements Request {

    public Write {
      mutations = List.copyOf(mutations);
      if (mutations.isEmpty() || mutations.size() > MUTATIONS_MAX) {
        throw new IllegalArgumentException(
            "a write has 1 to " + MUTATIONS_MAX + " mutations: " + mutations.size());
      }
      if (mutations.size() > 1) {
        var keys = new HashSet<PrimaryKey>();
        for (Mutation mutation : mutations) {
          if (!keys.add(mutation.key())) {
            throw new IllegalArgumentException("a write names a key twice: " + mutation.key());
          }
        }
      }
    }

    @Override
    public Write withEpoch(Epoch other) {
      return new Write(partition, other, mutations, atomic);
    }
  }

  /// Reads one row. Answered by [Response.Row].
  record Read(PartitionId partition, Epoch epoch, PrimaryKey key, @Nullable Timestamp at)
      implements Request {

    @Override
    public Read withEpoch(Epoch other) {
      return new Read(partition, other, key, at);
    }
  }

  /// Reads rows in the order of primary keys. Answered by [Response.Rows].
  ///
  /// @param start first key of the range, null for an open end
  /// @param end first key behind the range, null for an open end
  /// @param after the row to go on behind, in the direction of the scan; null to begin
  /// @param limit rows at most, 1 to [Request#PAGE_ROWS_MAX]
  record Scan(
      PartitionId partition,
      Epoch epoch,
      @Nullable PrimaryKey start,
      @Nullable PrimaryKey end,
      Direction direction,
      @Nullable PrimaryKey after,
      int limit,
      @Nullable Timestamp at)
      implements Request {

    public Scan {
      checkLimit(limit);
    }

    @Override
    public Scan withEpoch(Epoch other) {
      return new Scan(partition, other, start, end, direction, after, limit, at);
    }
  }

  /// Reads the entries of an index in their order. Answered by [Response.Entries].
  ///
  /// @param terms the first terms of the entries wanted; fewer than the index has widen the range
  /// @param after position of the entry to go on behind, in the direction of the scan; null to
  ///   begin
  /// @param limit entries at most, 1 to [Request#PAGE_ROWS_MAX]
  /// @param documents whether each entry is to bring its row's document
  record IndexScan(
      PartitionId partition,
      Epoch epoch,
      long indexId,
      List<Datum> terms,
      Direction direction,
      @Nullable Key after,
      int limit,
      boolean documents,
      @Nullable Timestamp at)
      implements Request {

    public IndexScan {
      terms = List.copyOf(terms);
      checkLimit(limit);
    }

    @Override
    public IndexScan withEpoch(Epoch other) {
      return new IndexScan(
          partition, other, indexId, terms, direction, after, limit, documents, at);
    }
  }

  private static void checkLimit(int limit) {
    if (limit < 1 || limit > PAGE_ROWS_MAX) {
      throw new IllegalArgumentException("a limit is 1 to " + PAGE_ROWS_MAX + ": " + limit);
    }
  }
}
