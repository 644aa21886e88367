package dev.partita.node.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.time.Timestamp;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a replica promises when it tells changes.
final class ChangesReplicaTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final PartitionDescriptor THINGS =
      TestNode.descriptor(1, TestDocument.COLLECTION, new Bounds.Range(null, Datum.of(1_000_000)));

  @TempDir private Path directory;
  private TestNode node;

  @BeforeEach
  void open() {
    node = new TestNode(directory);
    node.open(THINGS);
  }

  @AfterEach
  void close() {
    node.close();
  }

  private static Mutation put(long key) {
    return Mutation.put(PrimaryKey.of(key), JsonBytes.of("{}"));
  }

  private static Request.Write write(long key) {
    return new Request.Write(THINGS.id(), Epoch.FIRST, List.of(put(key)), false);
  }

  private static Timestamp version(Response response) {
    var result = ((Response.Writes) response).results().getFirst();
    return ((MutationResult.Written) result).version();
  }

  private static Response.Change change(long key, Timestamp at) {
    return new Response.Change(PrimaryKey.of(key), at, JsonBytes.of("{}"), null);
  }

  private Request.Changes changes(Timestamp after, Timestamp upTo) {
    return new Request.Changes(
        THINGS.id(), Epoch.FIRST, ChangePosition.behind(after), upTo, 100, false);
  }

  private CompletableFuture<Response> start(Request request) {
    return node.partitions.handle(request, TestNode.soon());
  }

  @Test
  void nothingCommitsBelowWhatWasTold() {
    Timestamp first = version(node.call(write(1)));
    // Nobody has asked for this one, and the next write must come behind it.
    Timestamp upTo = node.oracle.take();
    assertThat(node.call(changes(Timestamp.MIN, upTo)))
        .isEqualTo(new Response.Changes(List.of(change(1, first)), false, upTo));

    Timestamp second = version(node.call(write(2)));

    assertThat(second.isAfter(upTo)).isTrue();
    Timestamp now = node.oracle.take();
    assertThat(node.call(changes(upTo, now)))
        .isEqualTo(new Response.Changes(List.of(change(2, second)), false, now));
  }

  @Test
  void aWriteOnItsWayIsWaitedFor() {
    node.group(THINGS.id()).hold();
    CompletableFuture<Response> written = start(write(1));
    Timestamp upTo = node.oracle.take();
    CompletableFuture<Response> told = start(changes(Timestamp.MIN, upTo));
    assertThat(told).isNotDone();

    node.group(THINGS.id()).release();

    assertThat(told.join())
        .isEqualTo(new Response.Changes(List.of(change(1, version(written.join()))), false, upTo));
  }

  @Test
  void aPreparedTransactionHoldsBackWhatIsBehindItAndNothingElse() {
    var asked = new LinkedBlockingQueue<TransactionId>();
    node.partitions.endWith(new Asking(asked));
    Timestamp before = version(node.call(write(1)));
    Timestamp began = node.oracle.take();
    var transaction =
        new Transaction(
            TransactionId.random(), began, began, List.of(THINGS.id(), new PartitionId(99)));
    Response prepared =
        node.call(
            new Request.Prepare(
                THINGS.id(),
                Epoch.FIRST,
                transaction,
                ReadSet.nothing(began),
                List.of(put(2), put(3))));
    Timestamp at = ((Response.Prepared) prepared).at();
    Timestamp other = node.oracle.take();
    Timestamp behind = version(node.call(write(4)));

    assertThat(node.call(changes(Timestamp.MIN, node.oracle.take())))
        .isEqualTo(new Response.Changes(List.of(change(1, before)), false, at.previous()));
    assertThat(node.call(changes(at.previous(), node.oracle.take())))
        .isEqualTo(new Response.Changes(List.of(), false, at.previous()));
    // Somebody is asked to end it, since its coordinator may be gone.
    assertThat(poll(asked)).isEqualTo(transaction.id());

    node.call(
        new Request.Finish(
            THINGS.id(),
            Epoch.FIRST,
            transaction.id(),
            began,
            new TransactionOutcome.Committed(other)));
    Timestamp now = node.oracle.take();
    assertThat(node.call(changes(at.previous(), now)))
        .isEqualTo(
            new Response.Changes(
                List.of(change(2, other), change(3, other), change(4, behind)), false, now));
  }

  private record Asking(LinkedBlockingQueue<TransactionId> asked) implements TransactionResolver {
    @Override
    public void resolve(Transaction transaction) {
      asked.add(transaction.id());
    }

    @Override
    public void complete(Transaction transaction, TransactionOutcome outcome) {}
  }

  private static TransactionId poll(LinkedBlockingQueue<TransactionId> asked) {
    try {
      TransactionId found = asked.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      assertThat(found).isNotNull();
      return found;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void timestampsThatNobodyHasYetAreRefused() {
    Timestamp future = node.oracle.newest().plus(1_000);
    assertThat(node.call(changes(Timestamp.MIN, future)))
        .isInstanceOf(Response.TimestampInFuture.class);
  }

  @Test
  void onlyTheLeaderTells() {
    node.call(write(1));
    node.group(THINGS.id()).follow();
    assertThat(node.call(changes(Timestamp.MIN, node.oracle.newest())))
        .isInstanceOf(Response.NotLeader.class);
  }
}
