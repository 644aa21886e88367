package dev.partita.node.query;

import dev.partita.node.partition.PartitionCaller;
import dev.partita.node.partition.PartitionDirectory;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.TimestampOracle;

/// Answers queries of any number of partitions.
@SuppressWarnings({"DoNotCallSuggester", "UnusedVariable"}) // the bodies follow
public final class Queries {

  /// Results in one page.
  public static final int LIMIT_MAX = 1_000;

  private final PartitionDirectory directory;
  private final PartitionCaller caller;
  private final TimestampOracle oracle;
  private final Clock clock;

  public Queries(
      PartitionDirectory directory, PartitionCaller caller, TimestampOracle oracle, Clock clock) {
    this.directory = directory;
    this.caller = caller;
    this.oracle = oracle;
    this.clock = clock;
  }

  /// One page of entries of an index.
  ///
  /// @throws dev.partita.node.error.DatabaseException if the query or its cursor makes no sense, or
  ///   a partition cannot be read before the deadline
  public Page<IndexHit> index(IndexQuery query, Deadline deadline) {
    throw new UnsupportedOperationException();
  }

  /// One page of documents.
  ///
  /// @throws dev.partita.node.error.DatabaseException if the query or its cursor makes no sense, or
  ///   a partition cannot be read before the deadline
  public Page<Document> range(RangeQuery query, Deadline deadline) {
    throw new UnsupportedOperationException();
  }
}
