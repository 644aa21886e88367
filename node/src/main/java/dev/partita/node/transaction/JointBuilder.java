package dev.partita.node.transaction;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.IndexEntry;
import dev.partita.node.catalog.JointPartitions;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.JointRows;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.ColumnGroups;
import dev.partita.node.partition.CommitProtocolKind;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.partition.TransactionId;
import dev.partita.node.routing.JointIndex;
import dev.partita.node.routing.Router;
import dev.partita.node.system.SystemPartition;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.WorkLoop;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Makes the joint rows of documents that were there before an index whose fields lie in several
/// column groups, on the node that leads the system partition.
///
/// Before it begins, every such group knows of the index, so every write since keeps its joint row.
/// What is left are documents as they were then, joint rows that were written while some writer did
/// not know of them yet, and those of older documents that a write of some groups has begun, which
/// lack what the other groups have: the row of each document is made by a transaction that has read
/// all of it and finds it unchanged, and so is each row that is there already looked at. All of
/// that can be done twice, so whoever leads next begins again.
///
/// At the end something happens in the Partition of the joint rows, though nothing changes there:
/// the entries, which are built next, are exact from a timestamp on that is after all of this.
public final class JointBuilder implements AutoCloseable {
  private static final Duration INTERVAL = Duration.ofSeconds(1);

  /// Documents in one transaction, unless others are in the way.
  private static final int STEP_ROWS = 100;

  /// Bytes of joint rows after which a transaction ends early: one more document fits.
  private static final long STEP_BYTES_MAX = Request.WRITE_BYTES_MAX - Request.DOCUMENT_BYTES_MAX;

  private static final Duration STEP = Duration.ofSeconds(10);

  /// Changes nothing: no joint row is this one, because each has its key in it.
  private static final Mutation NOTHING =
      Mutation.delete(PrimaryKey.of("")).when(new Mutation.IfAbsentOr(JsonBytes.of("{}")));

  private final SystemPartition system;
  private final Router router;
  private final Transactions transactions;
  private final Clock clock;
  private final WorkLoop loop;

  /// Begins to watch the catalog.
  public static JointBuilder start(
      SystemPartition system, Router router, Transactions transactions, Clock clock) {
    return new JointBuilder(system, router, transactions, clock);
  }

  private JointBuilder(
      SystemPartition system, Router router, Transactions transactions, Clock clock) {
    this.system = system;
    this.router = router;
    this.transactions = transactions;
    this.clock = clock;
    this.loop = WorkLoop.start("joint-builder", INTERVAL, this::build);
    system.addCatalogListener(_ -> loop.wake());
  }

  private void build() {
    for (IndexEntry entry : system.catalog().indexes().values()) {
      if (system.leads() && entry.state() == IndexEntry.State.GATHERING) {
        build(entry.definition());
      }
    }
  }

  private void build(IndexDefinition index) {
    JointIndex joint = gathered(index);
    if (joint == null) {
      return;
    }
    List<PartitionDescriptor> all = new ArrayList<>(joint.groups());
    all.add(joint.partition());
    for (PartitionDescriptor partition : all) {
      if (!new Walk(joint, partition).run()) {
        return;
      }
    }
    pass(joint);
    if (gathered(index) != null) {
      var _ =
          system.propose(
              new CatalogCommand.SetIndexState(index.id(), IndexEntry.State.BUILDING, null),
              deadline());
    }
  }

  /// The index, if its rows are to be gathered and all groups that have fields of it can be asked;
  /// else null.
  private @Nullable JointIndex gathered(IndexDefinition index) {
    Catalog catalog = system.catalog();
    boolean asked =
        catalog
                .index(index.id())
                .filter(entry -> entry.state() == IndexEntry.State.GATHERING)
                .isPresent()
            && JointPartitions.groups(catalog, index).stream()
                .allMatch(entry -> entry.state() == PartitionEntry.State.ACTIVE);
    return asked ? router.jointIndex(index) : null;
  }

  private Deadline deadline() {
    return Deadline.after(STEP, clock);
  }

  private void pass(JointIndex joint) {
    PartitionDescriptor partition = joint.partition();
    Response response =
        router.call(
            partition,
            new Request.Write(partition.id(), partition.epoch(), List.of(NOTHING), true),
            deadline());
    if (response instanceof Response.Refusal refusal) {
      throw refusal.toException().with("partition", partition.name());
    }
  }

  /// The way through the rows of one Partition.
  private final class Walk {
    private final JointIndex joint;
    private final PartitionDescriptor partition;
    private @Nullable PrimaryKey after;
    private int rows = STEP_ROWS;

    Walk(JointIndex joint, PartitionDescriptor partition) {
      this.joint = joint;
      this.partition = partition;
    }

    /// Whether all documents that have a row here have the right joint row; if not, the index is
    /// not to be gathered any more.
    boolean run() {
      while (true) {
        if (gathered(joint.definition()) == null) {
          return false;
        }
        Response.Rows page = RowPages.next(router, partition, after, rows, deadline());
        List<PrimaryKey> keys = page.rows().stream().map(Response.Stored::key).toList();
        int done = make(keys);
        if (done > 0) {
          after = keys.get(done - 1);
          rows = Math.min(STEP_ROWS, 2 * rows);
        } else {
          // Others write some of them: fewer at once meet fewer.
          rows = Math.max(1, rows / 2);
        }
        if (done == keys.size() && !page.more()) {
          return true;
        }
      }
    }

    /// Makes the joint rows of the first of some documents, in one transaction; gives how many.
    private int make(List<PrimaryKey> keys) {
      Deadline deadline = deadline();
      Timestamp now = OneShotTransactions.now(system.oracle(), clock, deadline);
      var found = new RowsAt(router, now, deadline);
      for (PrimaryKey key : keys) {
        joint.groups().forEach(group -> found.want(group, key));
        found.want(joint.partition(), key);
      }
      found.read();
      var parts = new TransactionParts();
      long bytes = 0;
      int looked = 0;
      for (PrimaryKey key : keys) {
        if (bytes > STEP_BYTES_MAX) {
          break;
        }
        looked++;
        JsonBytes present = found.row(joint.partition(), key).document();
        JsonBytes right =
            JointRows.of(
                joint.definition(),
                ColumnGroups.join(
                        joint.groups().stream().map(group -> found.row(group, key)).toList())
                    .document());
        if (!JointRows.areSame(joint.definition(), present, right)) {
          parts.write(joint.partition(), new Mutation(key, right, new Mutation.Always()));
          parts.read(joint.partition(), key);
          joint.groups().forEach(group -> parts.read(group, key));
          bytes += right == null ? 0 : right.size();
        }
      }
      return !parts.hasWrites() || commit(parts, now, deadline) ? looked : 0;
    }

    private boolean commit(TransactionParts parts, Timestamp now, Deadline deadline) {
      CommitResult result =
          transactions.commit(
              TransactionId.random(),
              now,
              now,
              CommitProtocolKind.TWO_PHASE,
              parts.parts(now),
              deadline);
      return switch (result) {
        case CommitResult.Committed _, CommitResult.Repeated _ -> true;
        case CommitResult.Failed(var by, var refusal) ->
            throw refusal.toException().with("partition", by.value());
        case CommitResult.Wounded(), CommitResult.Refused _ -> false;
      };
    }
  }

  @Override
  public void close() {
    loop.close();
  }
}
