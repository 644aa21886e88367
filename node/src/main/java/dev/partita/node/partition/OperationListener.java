package dev.partita.node.partition;

/// Hears of every request that a node's replicas have answered, and of the pauses between, for
/// metrics. Called on whatever thread answers, so it is quick.
@FunctionalInterface
public interface OperationListener {

  /// Ignores everything.
  OperationListener NONE = (_, _, _, _) -> {};

  /// A request was answered.
  ///
  /// @param nanos from its arrival at the replica
  /// @param refused whether the answer is a [Response.Refusal]
  void answered(PartitionId partition, Operation operation, long nanos, boolean refused);

  /// A request was refused because a bound was reached, also one that [#answered] tells of.
  default void overloaded(Bound bound) {}

  /// A Partition that was led here has been split or merged, and whoever has its rows serves.
  ///
  /// @param nanos for which no write was taken
  default void paused(Division division, long nanos) {}

  /// What closes a Partition for writes for a moment.
  enum Division {
    SPLIT,
    MERGE
  }

  /// What bounds the work of replicas.
  enum Bound {
    /// Reads of all replicas under way.
    READS,
    /// Requests of peers under way.
    CALLS,
    /// Writes of a Partition that wait to be replicated.
    WRITES
  }

  /// The kinds of requests.
  enum Operation {
    READ,
    WRITE,
    /// A page of rows, or of changes.
    SCAN,
    INDEX_SCAN,
    /// A transaction's part is checked and locked, or committed if it is the whole.
    PREPARE,
    /// A transaction is ended, or asked for.
    FINISH,
    /// A statement locks a row, or the rows of a transaction are kept or given up.
    LOCK;

    static Operation of(Request request) {
      return switch (request) {
        case Request.Read _ -> READ;
        case Request.Write _ -> WRITE;
        case Request.Scan _, Request.Changes _ -> SCAN;
        case Request.IndexScan _ -> INDEX_SCAN;
        case Request.Prepare _ -> PREPARE;
        case Request.Finish _,
            Request.Inspect _,
            Request.Vote _,
            Request.Forget _,
            Request.Lookup _ ->
            FINISH;
        case Request.Lock _, Request.RenewLocks _, Request.Unlock _ -> LOCK;
      };
    }
  }
}
