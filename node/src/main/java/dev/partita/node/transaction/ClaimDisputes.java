package dev.partita.node.transaction;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.ColumnGroups;
import dev.partita.node.partition.CommitProtocolKind;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.Response;
import dev.partita.node.partition.TransactionId;
import dev.partita.node.routing.Router;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampOracle;
import dev.partita.node.transaction.ClaimPlan.Contested;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Finds out who is right when a claim is somebody else's.
///
/// Every document has claimed the terms it has, but not every claim has a document: a Partition
/// that is dropped takes its rows with it and leaves their claims. So whoever meets the claim of
/// another document looks at that document. If it is not there, or has other terms, the claim is
/// given up for it, in a transaction that has read it.
final class ClaimDisputes {
  private final Router router;
  private final Transactions transactions;
  private final TimestampOracle oracle;
  private final Clock clock;

  ClaimDisputes(Router router, Transactions transactions, TimestampOracle oracle, Clock clock) {
    this.router = router;
    this.transactions = transactions;
    this.oracle = oracle;
    this.clock = clock;
  }

  /// Looks into what a Partition of claims has refused.
  ///
  /// @return the violation, if there is one; null if the same may be tried again
  @Nullable DatabaseException settle(
      ClaimPlan plan, PartitionId by, List<MutationResult> results, Deadline deadline) {
    for (Contested contested : plan.contested(by, results)) {
      PrimaryKey other = rightfulOwner(contested, deadline);
      if (other != null) {
        return ClaimPlan.violation(contested.claim(), other);
      }
    }
    return null;
  }

  /// The other document that has the terms, null if there is none (any more).
  @Nullable PrimaryKey rightfulOwner(Contested contested, Deadline deadline) {
    Claim claim = contested.claim();
    PartitionDescriptor claims = router.claims(claim.index(), claim.key());
    Response.Row row = RowsAt.read(router, claims, claim.key(), null, deadline);
    JsonBytes said = row.document();
    Timestamp version = row.version();
    if (said == null || version == null) {
      return null;
    }
    PrimaryKey owner = Claim.owner(said);
    if (owner.equals(contested.wantedBy())) {
      return null;
    }
    // Before the partition is looked up: this node knows by then where the claim's row was written.
    Timestamp now = OneShotTransactions.now(oracle, clock, deadline);
    if (router.isRetained(claim.index(), owner)) {
      return owner; // its row may come back
    }
    PartitionDescriptor partition = partition(claim.index(), owner);
    if (partition != null) {
      JsonBytes document = RowsAt.read(router, partition, owner, now, deadline).document();
      if (Claim.of(claim.index(), owner, document).contains(claim)) {
        return owner;
      }
    }
    giveUp(claim, claims, version, partition, owner, now, deadline);
    return null;
  }

  /// Where the row is that has the fields of an index; null if there is no such Partition.
  private @Nullable PartitionDescriptor partition(IndexDefinition index, PrimaryKey key) {
    ColumnGroups groups = router.columnGroups(index.collection());
    if (groups != null) {
      return router.partitions(index).stream().findFirst().orElse(null);
    }
    try {
      return router.owner(index.collection(), key);
    } catch (DatabaseException e) {
      if (e.code() == ErrorCode.NO_PARTITION) {
        return null;
      }
      throw e;
    }
  }

  /// Whatever comes of it: whoever wanted the claim tries again.
  private void giveUp(
      Claim claim,
      PartitionDescriptor claims,
      Timestamp version,
      @Nullable PartitionDescriptor partition,
      PrimaryKey owner,
      Timestamp now,
      Deadline deadline) {
    var parts = new TransactionParts();
    parts.write(claims, Mutation.delete(claim.key()).when(new Mutation.IfVersion(version)));
    if (partition != null) {
      parts.read(partition, owner);
    }
    var _ =
        transactions.commit(
            TransactionId.random(),
            now,
            now,
            CommitProtocolKind.TWO_PHASE,
            parts.parts(now),
            deadline);
  }
}
