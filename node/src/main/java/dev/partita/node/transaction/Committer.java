package dev.partita.node.transaction;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.partition.CommitProtocolKind;
import dev.partita.node.partition.TransactionId;
import dev.partita.node.routing.Router;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampOracle;

/// Commits transactions whose statements came one by one. Safe for any thread; calls block.
public final class Committer {
  private final Transactions transactions;
  private final TimestampOracle oracle;
  private final Clock clock;
  private final ClaimDisputes disputes;

  public Committer(Router router, Transactions transactions, TimestampOracle oracle, Clock clock) {
    this.disputes = new ClaimDisputes(router, transactions, oracle, clock);
    this.transactions = transactions;
    this.oracle = oracle;
    this.clock = clock;
  }

  /// A timestamp of now, above everything that was answered before.
  ///
  /// @throws DatabaseException `UNAVAILABLE` if none can be had before the deadline
  public Timestamp now(Deadline deadline) {
    return OneShotTransactions.now(oracle, clock, deadline);
  }

  /// A timestamp of about now, for the beginning of a commit.
  ///
  /// @throws DatabaseException as [#now]
  public Timestamp start(Deadline deadline) {
    Timestamp about = oracle.estimate();
    return about == null ? now(deadline) : about;
  }

  /// Commits what was read at one timestamp and is to be written.
  ///
  /// @param priority as [dev.partita.node.partition.Transaction#priority]
  /// @param started of when this was first asked, see [#start]; asking again with the same one
  ///   tells what became of it
  /// @param protocol how the partitions agree
  /// @param claims what the parts claim in unique indexes
  /// @return the timestamp of the commit
  /// @throws DatabaseException `SERIALIZATION_FAILURE` if something that was read has changed, or
  ///   an older transaction was in the way; `UNIQUE_VIOLATION` and the like; `UNAVAILABLE`: nothing
  ///   was written. `OUTCOME_UNKNOWN`
  public Timestamp commit(
      TransactionId id,
      Timestamp priority,
      Timestamp readAt,
      Timestamp started,
      CommitProtocolKind protocol,
      TransactionParts parts,
      ClaimPlan claims,
      Deadline deadline) {
    return switch (transactions.commit(
        id, started, priority, protocol, parts.parts(readAt), deadline)) {
      case CommitResult.Committed(Timestamp at) -> at;
      case CommitResult.Repeated(Timestamp at) -> at;
      case CommitResult.Failed(var by, var refusal) ->
          throw refusal.toException().with("partition", by.value());
      case CommitResult.Refused(var by, var reason, var results) -> {
        DatabaseException refused =
            claims.concerns(by)
                ? disputes.settle(claims, by, results, deadline)
                : OneShotTransactions.refused(results);
        throw refused == null ? conflict(reason.name()) : refused;
      }
      case CommitResult.Wounded() -> throw conflict("WOUNDED");
    };
  }

  private static DatabaseException conflict(String reason) {
    return new DatabaseException(
            ErrorCode.SERIALIZATION_FAILURE, "another transaction was in the way: begin again")
        .with("reason", reason);
  }
}
