package dev.partita.node.transaction;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.routing.Router;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a transaction has to claim, and may give up, in the unique indexes of the documents that it
/// writes. Its parts in the Partitions of the claims commit with those of the documents, so the two
/// always agree.
///
/// That a claim is free, or the document's own, is a precondition of the write of its row: whoever
/// claims the same terms meets it there, or its lock. To give up what somebody else has does
/// nothing, so that a document from before the index can be changed before its terms are claimed.
///
/// For one thread at a time.
public final class ClaimPlan {

  /// A document that is written.
  ///
  /// @param owner the Partition that has it
  /// @param before as the transaction has read it, null if there was none
  /// @param after null if it is deleted
  public record Row(
      String collection,
      PartitionDescriptor owner,
      PrimaryKey key,
      @Nullable JsonBytes before,
      @Nullable JsonBytes after) {}

  /// What becomes of a claim.
  ///
  /// @param former who gives it up, null if nobody of this transaction does
  /// @param next who has it from then on, null if nobody
  private record Change(@Nullable PrimaryKey former, @Nullable PrimaryKey next) {}

  /// A claim that somebody else has.
  record Contested(Claim claim, PrimaryKey wantedBy) {}

  private final Router router;
  private final Map<Claim, Change> changes = new LinkedHashMap<>();
  private final Map<PartitionDescriptor, Set<Long>> indexes = new LinkedHashMap<>();
  private final Map<PartitionId, List<Claim>> placed = new HashMap<>();

  private @Nullable Contested twice;

  private ClaimPlan(Router router) {
    this.router = router;
  }

  /// The plan of a transaction that writes no documents with unique indexes.
  static ClaimPlan nothing(Router router) {
    return new ClaimPlan(router);
  }

  /// Plans for the documents that a transaction writes. If two of them are to have the same terms,
  /// it cannot be carried out: see [#twice].
  public static ClaimPlan of(Router router, List<Row> rows) {
    var plan = new ClaimPlan(router);
    for (Row row : rows) {
      List<IndexDefinition> unique = router.uniqueIndexes(row.collection());
      for (IndexDefinition index : unique) {
        if (row.owner().bounds().hasFieldsOf(index)) {
          plan.add(index, row);
        }
      }
    }
    return plan;
  }

  private void add(IndexDefinition index, Row row) {
    indexes.merge(row.owner(), Set.of(index.id()), ClaimPlan::union);
    Set<Claim> before = Claim.of(index, row.key(), row.before());
    Set<Claim> after = Claim.of(index, row.key(), row.after());
    for (Claim claim : before) {
      if (!after.contains(claim)) {
        Change known = changes.get(claim);
        changes.put(claim, new Change(row.key(), known == null ? null : known.next()));
      }
    }
    for (Claim claim : after) {
      if (!before.contains(claim)) {
        claim(claim, row.key());
      }
    }
  }

  private static Set<Long> union(Set<Long> one, Set<Long> other) {
    var both = new HashSet<>(one);
    both.addAll(other);
    return Set.copyOf(both);
  }

  /// Has a document claim something, which it may have already.
  void claim(Claim claim, PrimaryKey wantedBy) {
    Change known = changes.get(claim);
    PrimaryKey former = known == null ? null : known.former();
    if (twice == null && isTaken(claim, wantedBy)) {
      twice = new Contested(claim, wantedBy);
    }
    changes.put(claim, new Change(former, wantedBy));
  }

  /// Whether another document of the transaction has a claim from then on.
  boolean isTaken(Claim claim, PrimaryKey wantedBy) {
    Change known = changes.get(claim);
    PrimaryKey next = known == null ? null : known.next();
    return next != null && !next.equals(wantedBy);
  }

  static DatabaseException violation(Claim claim, PrimaryKey other) {
    return new DatabaseException(
            ErrorCode.UNIQUE_VIOLATION, "another document has the same terms in a unique index")
        .with("index", claim.index().name())
        .with("terms", claim.text())
        .with("other", other);
  }

  /// A claim that a second document of the transaction wants; null if there is none.
  @Nullable Contested twice() {
    return twice;
  }

  /// Fails if two documents of the transaction are to have the same terms.
  ///
  /// @throws DatabaseException `UNIQUE_VIOLATION`
  public void checkTogether() {
    Contested contested = twice;
    if (contested != null) {
      throw violation(contested.claim(), contested.wantedBy());
    }
  }

  /// Whether no claim changes.
  boolean isEmpty() {
    return changes.isEmpty();
  }

  int size() {
    return changes.size();
  }

  /// Adds the claims to what the transaction writes.
  public void addTo(TransactionParts parts) {
    indexes.forEach((owner, ids) -> ids.forEach(id -> parts.claims(owner, id)));
    changes.forEach((claim, change) -> {
      PartitionDescriptor partition = router.claims(claim.index(), claim.key());
      PrimaryKey next = change.next();
      PrimaryKey former = change.former() == null ? next : change.former();
      if (former == null) {
        throw new IllegalStateException("nobody gives up or takes a claim");
      }
      parts.write(
          partition,
          new Mutation(
              claim.key(),
              next == null ? null : Claim.ownedBy(next),
              new Mutation.IfAbsentOr(Claim.ownedBy(former))));
      placed.computeIfAbsent(partition.id(), _ -> new ArrayList<>()).add(claim);
    });
  }

  /// Whether a Partition takes part for its claims.
  boolean concerns(PartitionId partition) {
    return placed.containsKey(partition);
  }

  /// What a Partition of claims has refused, as somebody else has it.
  List<Contested> contested(PartitionId by, List<MutationResult> results) {
    var contested = new ArrayList<Contested>();
    List<Claim> claims = placed.getOrDefault(by, List.of());
    for (int at = 0; at < Math.min(claims.size(), results.size()); at++) {
      Change change = changes.get(claims.get(at));
      PrimaryKey next = change == null ? null : change.next();
      if (next != null && results.get(at) instanceof MutationResult.Conflict) {
        contested.add(new Contested(claims.get(at), next));
      }
    }
    return contested;
  }
}
