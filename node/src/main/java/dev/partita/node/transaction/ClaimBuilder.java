package dev.partita.node.transaction;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.ClaimPartitions;
import dev.partita.node.catalog.IndexEntry;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.CommitProtocolKind;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.Response;
import dev.partita.node.partition.TransactionId;
import dev.partita.node.routing.Router;
import dev.partita.node.system.SystemPartition;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.WorkLoop;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Claims the terms of the documents that were there before a unique index, on the node that leads
/// the system partition.
///
/// Before it begins, every Partition has the index, so every write since claims what it changes.
/// What is left are documents as they were then: each is claimed by a transaction that has read it
/// and finds it unchanged. All of that can be done twice, so whoever leads next begins again. If
/// two documents have the same terms, the index has failed, and the Partitions forget it.
public final class ClaimBuilder implements AutoCloseable {
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  /// Documents looked at in one step.
  private static final int PAGE_ROWS = 200;

  /// Claims in one transaction: some may be more, by those of one document, and still fit.
  private static final int CLAIMS_MAX = 500;

  private static final Duration STEP = Duration.ofSeconds(10);

  private final SystemPartition system;
  private final Router router;
  private final Transactions transactions;
  private final Clock clock;
  private final ClaimDisputes disputes;
  private final WorkLoop loop;

  /// Partitions whose documents have claimed everything in an index, so that a round that was
  /// stopped is not begun from the start. Of the loop.
  private final Set<Done> done = new HashSet<>();

  private record Done(long index, PartitionId partition) {}

  /// Begins to watch the catalog.
  public static ClaimBuilder start(
      SystemPartition system, Router router, Transactions transactions, Clock clock) {
    return new ClaimBuilder(system, router, transactions, clock);
  }

  private ClaimBuilder(
      SystemPartition system, Router router, Transactions transactions, Clock clock) {
    this.system = system;
    this.router = router;
    this.transactions = transactions;
    this.clock = clock;
    this.disputes = new ClaimDisputes(router, transactions, system.oracle(), clock);
    this.loop = WorkLoop.start("claim-builder", INTERVAL, this::build);
    system.addCatalogListener(_ -> loop.wake());
  }

  private void build() {
    Catalog catalog = system.catalog();
    done.removeIf(each -> !isClaiming(catalog, each.index()));
    if (!system.leads()) {
      done.clear();
      return;
    }
    for (IndexEntry entry : catalog.indexes().values()) {
      if (entry.state() == IndexEntry.State.CLAIMING) {
        build(entry.definition());
      }
    }
  }

  private static boolean isClaiming(Catalog catalog, long index) {
    return catalog
        .index(index)
        .filter(entry -> entry.state() == IndexEntry.State.CLAIMING)
        .isPresent();
  }

  private void build(IndexDefinition index) {
    if (!isServed(index)) {
      return;
    }
    for (PartitionDescriptor partition : partitions(index)) {
      if (done.contains(new Done(index.id(), partition.id()))) {
        continue;
      }
      ClaimPlan.@Nullable Contested duplicate = claimAll(index, partition);
      if (duplicate != null) {
        fail(duplicate);
        return;
      }
      done.add(new Done(index.id(), partition.id()));
    }
    // What was split meanwhile has been looked at as a whole, or its parts come next.
    boolean all =
        isServed(index)
            && partitions(index).stream()
                .allMatch(partition -> done.contains(new Done(index.id(), partition.id())));
    if (all) {
      propose(new CatalogCommand.SetIndexState(index.id(), IndexEntry.State.READY, null));
    } else {
      loop.wake();
    }
  }

  /// Those whose rows have terms.
  private List<PartitionDescriptor> partitions(IndexDefinition index) {
    return router.partitions(index);
  }

  /// Whether terms can be claimed, and all Partitions asked for rows. One that is being created may
  /// have rows that were retained.
  private boolean isServed(IndexDefinition index) {
    Catalog catalog = system.catalog();
    return isClaiming(catalog, index.id())
        && ClaimPartitions.serve(catalog, index)
        && catalog.partitionsOf(index).stream()
            .allMatch(entry -> entry.state() == PartitionEntry.State.ACTIVE);
  }

  private void propose(CatalogCommand command) {
    var _ = system.propose(command, deadline());
  }

  private Deadline deadline() {
    return Deadline.after(STEP, clock);
  }

  private void fail(ClaimPlan.Contested duplicate) {
    Claim claim = duplicate.claim();
    PrimaryKey other = disputes.rightfulOwner(duplicate, deadline());
    if (other == null) {
      loop.wake(); // one of them has changed since
      return;
    }
    propose(
        new CatalogCommand.SetIndexState(
            claim.index().id(),
            IndexEntry.State.FAILED,
            "The documents %s and %s have the same terms: index %s, terms %s"
                .formatted(other, duplicate.wantedBy(), claim.index().name(), claim.text())));
  }

  /// Claims everything for the documents of a Partition.
  ///
  /// @return what a document cannot have, because another one has it; null if all is claimed
  private ClaimPlan.@Nullable Contested claimAll(
      IndexDefinition index, PartitionDescriptor partition) {
    PrimaryKey after = null;
    while (true) {
      Response.Rows page = RowPages.next(router, partition, after, PAGE_ROWS, deadline());
      int next = 0;
      while (next < page.rows().size()) {
        var step = new Step(index, partition, page, next);
        ClaimPlan.Contested duplicate = step.run();
        if (duplicate != null) {
          return duplicate;
        }
        if (!step.committed) {
          break; // a document has changed since the page was read
        }
        next = step.end;
        after = page.rows().get(next - 1).key();
      }
      if (next == page.rows().size() && !page.more()) {
        return null;
      }
    }
  }

  /// The next documents of a page, in one transaction.
  private final class Step {
    private final ClaimPlan plan = ClaimPlan.nothing(router);
    private final TransactionParts parts = new TransactionParts();
    private final Timestamp at;
    private final int end;
    private boolean committed;

    Step(IndexDefinition index, PartitionDescriptor partition, Response.Rows page, int from) {
      this.at = page.at();
      int next = from;
      while (next < page.rows().size() && plan.size() < CLAIMS_MAX) {
        Response.Stored row = page.rows().get(next);
        Set<Claim> claims = Claim.of(index, row.key(), row.document());
        if (claims.stream().anyMatch(claim -> plan.isTaken(claim, row.key()))) {
          break; // the first one claims; then this one finds it
        }
        claims.forEach(claim -> plan.claim(claim, row.key()));
        if (!claims.isEmpty()) {
          parts.read(partition, row.key());
        }
        next++;
      }
      this.end = next;
    }

    ClaimPlan.@Nullable Contested run() {
      if (plan.isEmpty()) {
        committed = true;
        return null;
      }
      plan.addTo(parts);
      Deadline deadline = deadline();
      Timestamp now = OneShotTransactions.now(system.oracle(), clock, deadline);
      CommitResult result =
          transactions.commit(
              TransactionId.random(),
              now,
              now,
              CommitProtocolKind.TWO_PHASE,
              parts.parts(at),
              deadline);
      return switch (result) {
        case CommitResult.Committed _, CommitResult.Repeated _ -> {
          committed = true;
          yield null;
        }
        case CommitResult.Failed(var by, var refusal) ->
            throw refusal.toException().with("partition", by.value());
        case CommitResult.Wounded() -> null;
        case CommitResult.Refused(var by, var _, var results) -> {
          List<ClaimPlan.Contested> contested = plan.contested(by, results);
          for (ClaimPlan.Contested one : contested) {
            if (disputes.rightfulOwner(one, deadline) != null) {
              yield one;
            }
          }
          yield null;
        }
      };
    }
  }

  @Override
  public void close() {
    loop.close();
  }
}
