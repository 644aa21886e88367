package dev.partita.node.partition;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.IndexTerm;
import dev.partita.node.index.IndexValue;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Response.NotPrepared;
import dev.partita.node.partition.Response.NotPrepared.Reason;
import dev.partita.node.partition.TransactionOutcome.Aborted;
import dev.partita.node.partition.TransactionOutcome.Committed;
import dev.partita.node.storage.Direction;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A replica as a participant of transactions.
final class TransactionReplicaTest {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final PartitionId OTHER = new PartitionId(99);

  private static final IndexDefinition UNIQUE =
      new IndexDefinition(
          7, "by-mail", TestDocument.COLLECTION, List.of(IndexTerm.of("mail")), List.of(), true);

  private static final IndexDefinition BY_COLOR =
      new IndexDefinition(
          8,
          "by-color",
          TestDocument.COLLECTION,
          List.of(IndexTerm.of("color")),
          List.of(IndexValue.ascending("size")),
          false);

  @TempDir private Path directory;
  private @Nullable TestNode opened;
  private PartitionDescriptor things = descriptor(new Bounds.Range(null, Datum.of(1_000_000)));

  private static PartitionDescriptor descriptor(Bounds bounds) {
    return TestNode.descriptor(1, TestDocument.COLLECTION, bounds);
  }

  private TestNode open() {
    TestNode node = new TestNode(directory);
    opened = node;
    node.open(things);
    return node;
  }

  @AfterEach
  void close() {
    if (opened != null) {
      opened.close();
    }
  }

  private static PrimaryKey key(long key) {
    return PrimaryKey.of(key);
  }

  private static Mutation put(long key, String json) {
    return Mutation.put(key(key), JsonBytes.of(json));
  }

  private Request.Write write(long key, String json) {
    return new Request.Write(things.id(), Epoch.FIRST, List.of(put(key, json)), false);
  }

  private Request.Read read(long key, @Nullable Timestamp at) {
    return new Request.Read(things.id(), Epoch.FIRST, key(key), at);
  }

  private Request.Scan scan(@Nullable Timestamp at) {
    return new Request.Scan(things.id(), Epoch.FIRST, null, null, Direction.FORWARD, null, 100, at);
  }

  private Transaction alone(TestNode node) {
    Timestamp now = node.oracle.take();
    return new Transaction(TransactionId.random(), now, now, List.of(things.id()));
  }

  private Transaction withOther(TestNode node) {
    Timestamp now = node.oracle.take();
    return new Transaction(TransactionId.random(), now, now, List.of(things.id(), OTHER));
  }

  private Request.Prepare prepare(Transaction transaction, ReadSet reads, Mutation... mutations) {
    return new Request.Prepare(things.id(), Epoch.FIRST, transaction, reads, List.of(mutations));
  }

  private Request.Prepare prepare(Transaction transaction, Mutation... mutations) {
    return prepare(transaction, ReadSet.nothing(transaction.started()), mutations);
  }

  private Request.Finish finish(Transaction transaction, TransactionOutcome outcome) {
    return new Request.Finish(
        things.id(), Epoch.FIRST, transaction.id(), transaction.started(), outcome);
  }

  private static CompletableFuture<Response> start(TestNode node, Request request) {
    return node.partitions.handle(request, TestNode.soon());
  }

  private static Timestamp prepared(Response response) {
    assertThat(response).isInstanceOf(Response.Prepared.class);
    return ((Response.Prepared) response).at();
  }

  private static Timestamp committed(Response response) {
    assertThat(response)
        .isInstanceOfSatisfying(
            Response.Finished.class,
            finished -> assertThat(finished.outcome()).isInstanceOf(Committed.class));
    return ((Committed) ((Response.Finished) response).outcome()).at();
  }

  private static Reason refused(Response response) {
    assertThat(response).isInstanceOf(NotPrepared.class);
    return ((NotPrepared) response).reason();
  }

  private static @Nullable String document(Response response) {
    assertThat(response).isInstanceOf(Response.Row.class);
    JsonBytes document = ((Response.Row) response).document();
    return document == null ? null : document.toString();
  }

  private static int rows(Response response) {
    assertThat(response).isInstanceOf(Response.Rows.class);
    return ((Response.Rows) response).rows().size();
  }

  @Test
  void aTransactionOfOnePartitionIsOneEntry() {
    TestNode node = open();
    long before = node.group(things.id()).status().lastIndex();
    Timestamp at =
        committed(node.call(prepare(alone(node), put(1, "{\"a\":1}"), put(2, "{\"a\":2}"))));
    assertThat(node.group(things.id()).status().lastIndex()).isEqualTo(before + 1);
    assertThat(document(node.call(read(1, null)))).isEqualTo("{\"a\":1}");
    assertThat(document(node.call(read(2, at)))).isEqualTo("{\"a\":2}");
    assertThat(document(node.call(read(2, at.previous())))).isNull();
  }

  @Test
  void whatWasReadMustBeUnchanged() {
    TestNode node = open();
    node.call(write(1, "{\"a\":1}"));
    Timestamp then = node.oracle.take();
    var reads = new ReadSet(then, List.of(key(1), key(2)), List.of());
    committed(node.call(prepare(alone(node), reads, put(3, "{}"))));
    node.call(write(2, "{\"new\":1}"));
    assertThat(refused(node.call(prepare(alone(node), reads, put(4, "{}")))))
        .isEqualTo(Reason.READ_CHANGED);
    assertThat(document(node.call(read(4, null)))).isNull();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void nothingMayHaveAppearedWhereRowsWereLookedThrough(boolean hashed) {
    if (hashed) {
      things = descriptor(new Bounds.Hash(1, 0));
    }
    TestNode node = open();
    node.call(write(10, "{\"a\":1}"));
    node.call(write(30, "{\"a\":1}"));
    Timestamp then = node.oracle.take();
    var reads = new ReadSet(then, List.of(), List.of(new ReadSet.Rows(key(5), key(20))));
    node.call(write(20, "{\"outside\":1}"));
    committed(node.call(prepare(alone(node), reads, put(100, "{}"))));
    node.call(write(11, "{\"phantom\":1}"));
    assertThat(refused(node.call(prepare(alone(node), reads, put(101, "{}")))))
        .isEqualTo(Reason.READ_CHANGED);
    var later =
        new ReadSet(node.oracle.take(), List.of(), List.of(new ReadSet.Rows(key(5), key(20))));
    node.call(write(10, "{\"changed\":1}"));
    assertThat(refused(node.call(prepare(alone(node), later, put(102, "{}")))))
        .isEqualTo(Reason.READ_CHANGED);
    var last =
        new ReadSet(node.oracle.take(), List.of(), List.of(new ReadSet.Rows(key(5), key(20))));
    node.call(
        new Request.Write(things.id(), Epoch.FIRST, List.of(Mutation.delete(key(11))), false));
    assertThat(refused(node.call(prepare(alone(node), last, put(103, "{}")))))
        .isEqualTo(Reason.READ_CHANGED);
  }

  @Test
  void nothingMayHaveAppearedWhereAnIndexWasLookedThrough() {
    TestNode node = open();
    node.addIndex(BY_COLOR);
    node.awaitReady(BY_COLOR);
    node.call(write(1, "{\"color\":\"red\",\"size\":1}"));
    Timestamp then = node.oracle.take();
    var red =
        new ReadSet(
            then,
            List.of(),
            List.of(new ReadSet.Entries(BY_COLOR.id(), List.of(Datum.of("red")), null, null)));
    node.call(write(2, "{\"color\":\"blue\",\"size\":1}"));
    committed(node.call(prepare(alone(node), red, put(100, "{}"))));
    // The lock of one that is prepared keeps others from what it has looked through.
    Transaction holder = withOther(node);
    prepared(node.call(prepare(holder, red, put(101, "{}"))));
    var phantom = start(node, write(3, "{\"color\":\"red\",\"size\":2}"));
    var harmless = start(node, write(4, "{\"color\":\"green\"}"));
    assertThat(harmless.join()).isInstanceOf(Response.Writes.class);
    assertThat(phantom).isNotDone();
    Timestamp commit = node.oracle.take();
    committed(node.call(finish(holder, new Committed(commit))));
    var written = (Response.Writes) phantom.join();
    assertThat(((MutationResult.Written) written.results().getFirst()).version())
        .isGreaterThan(commit);
    assertThat(refused(node.call(prepare(alone(node), red, put(102, "{}")))))
        .isEqualTo(Reason.READ_CHANGED);
  }

  @Test
  void whatIsPreparedIsInvisibleUntilItCommitsAndHoldsItsLocks() {
    TestNode node = open();
    node.call(write(1, "{\"a\":0}"));
    node.call(write(2, "{\"a\":0}"));
    Transaction transaction = withOther(node);
    var reads = new ReadSet(transaction.started(), List.of(key(2)), List.of());
    Timestamp at = prepared(node.call(prepare(transaction, reads, put(1, "{\"a\":1}"))));
    Timestamp between = node.oracle.take();
    Timestamp commit = node.oracle.take();

    assertThat(document(node.call(read(1, at.previous())))).isEqualTo("{\"a\":0}");
    assertThat(document(node.call(read(2, null)))).isEqualTo("{\"a\":0}");
    var newest = start(node, read(1, null));
    var readBetween = start(node, read(1, between));
    var scanOfNow = start(node, scan(null));
    var writeOfWritten = start(node, write(1, "{\"a\":2}"));
    var writeOfRead = start(node, write(2, "{\"a\":2}"));
    var prepareOfRead = start(node, prepare(alone(node), ReadSet.nothing(at), put(2, "{\"a\":3}")));
    assertThat(document(node.call(read(3, null)))).isNull();
    assertThat(List.of(newest, readBetween, scanOfNow, writeOfWritten, writeOfRead, prepareOfRead))
        .allSatisfy(waiting -> assertThat(waiting).isNotDone());

    assertThat(committed(node.call(finish(transaction, new Committed(commit))))).isEqualTo(commit);
    assertThat(document(readBetween.join())).isEqualTo("{\"a\":0}");
    assertThat(document(node.call(read(1, commit)))).isEqualTo("{\"a\":1}");
    assertThat(document(newest.join())).isNotEqualTo("{\"a\":0}");
    assertThat(((Response.Rows) scanOfNow.join()).at()).isGreaterThanOrEqualTo(commit);
    assertThat(writeOfWritten.join()).isInstanceOf(Response.Writes.class);
    assertThat(writeOfRead.join()).isInstanceOf(Response.Writes.class);
    assertThat(committed(prepareOfRead.join())).isGreaterThan(commit);
    assertThat(document(node.call(read(2, null)))).isEqualTo("{\"a\":3}");
  }

  @Test
  void whatIsAbortedLeavesNothing() {
    TestNode node = open();
    Transaction transaction = withOther(node);
    prepared(node.call(prepare(transaction, put(1, "{\"a\":1}"))));
    var newest = start(node, read(1, null));
    assertThat(node.call(finish(transaction, new Aborted())))
        .isEqualTo(new Response.Finished(new Aborted()));
    assertThat(document(newest.join())).isNull();
    assertThat(rows(node.call(scan(null)))).isZero();
    assertThat(refused(node.call(prepare(transaction, put(1, "{\"a\":1}")))))
        .isEqualTo(Reason.ENDED);
    // The first outcome stands.
    assertThat(node.call(finish(transaction, new Committed(node.oracle.take()))))
        .isEqualTo(new Response.Finished(new Aborted()));
    assertThat(rows(node.call(scan(null)))).isZero();
  }

  @Test
  void aScanOfNowSeesACommitThatWasAnsweredBeforeItIsFinishedHere() {
    TestNode node = open();
    Transaction transaction = withOther(node);
    prepared(node.call(prepare(transaction, put(1, "{\"a\":1}"))));
    // Prepared elsewhere at a later timestamp: committed, and its client knows it.
    Timestamp commit = node.oracle.take();
    var scan = start(node, scan(null));
    assertThat(scan).isNotDone();
    node.call(finish(transaction, new Committed(commit)));
    assertThat(rows(scan.join())).isEqualTo(1);
    assertThat(rows(node.call(scan(null)))).isEqualTo(1);
  }

  @Test
  void aRepeatedMessageGetsTheSameAnswer() {
    TestNode node = open();
    Transaction alone = alone(node);
    Timestamp once = committed(node.call(prepare(alone, put(1, "{\"a\":1}"))));
    node.call(write(1, "{\"a\":2}"));
    assertThat(committed(node.call(prepare(alone, put(1, "{\"a\":1}"))))).isEqualTo(once);
    assertThat(document(node.call(read(1, null)))).isEqualTo("{\"a\":2}");
    Transaction both = withOther(node);
    Timestamp at = prepared(node.call(prepare(both, put(2, "{}"))));
    assertThat(prepared(node.call(prepare(both, put(2, "{}"))))).isEqualTo(at);
    Timestamp commit = node.oracle.take();
    node.call(finish(both, new Committed(commit)));
    assertThat(committed(node.call(finish(both, new Aborted())))).isEqualTo(commit);
  }

  @Test
  void whoeverIsAskedBeforeItHasPreparedNeverWill() {
    TestNode node = open();
    Transaction transaction = withOther(node);
    var inspect =
        new Request.Inspect(things.id(), Epoch.FIRST, transaction.id(), transaction.started());
    assertThat(node.call(inspect)).isEqualTo(new Response.Finished(new Aborted()));
    assertThat(refused(node.call(prepare(transaction, put(1, "{}"))))).isEqualTo(Reason.ENDED);
    Transaction second = withOther(node);
    Timestamp at = prepared(node.call(prepare(second, put(1, "{}"))));
    assertThat(
            node.call(new Request.Inspect(things.id(), Epoch.FIRST, second.id(), second.started())))
        .isEqualTo(new Response.Prepared(at));
  }

  @Test
  void aRefusalIsFinal() {
    TestNode node = open();
    node.call(write(1, "{}"));
    Transaction transaction = withOther(node);
    Mutation insert = Mutation.insert(key(1), JsonBytes.of("{}"));
    assertThat(refused(node.call(prepare(transaction, insert)))).isEqualTo(Reason.WRITE_REFUSED);
    node.call(new Request.Write(things.id(), Epoch.FIRST, List.of(Mutation.delete(key(1))), false));
    assertThat(refused(node.call(prepare(transaction, insert)))).isEqualTo(Reason.ENDED);
  }

  @Test
  void whatAClientNumbersHappensOnce() {
    TestNode node = open();
    TransactionId first = TransactionId.of("till-7", 41);
    Timestamp now = node.oracle.take();
    var transaction = new Transaction(first, now, now, List.of(things.id()));
    var lookup = new Request.Lookup(things.id(), Epoch.FIRST, first);
    assertThat(node.call(lookup)).isEqualTo(new Response.Done());
    Timestamp commit = committed(node.call(prepare(transaction, put(1, "{\"a\":1}"))));
    node.call(write(1, "{\"a\":2}"));
    assertThat(committed(node.call(lookup))).isEqualTo(commit);
    Timestamp then = node.oracle.take();
    var again = new Transaction(first.again(), then, then, List.of(things.id()));
    assertThat(node.call(prepare(again, put(1, "{\"a\":1}"))))
        .isEqualTo(new Response.Repeated(commit));
    assertThat(document(node.call(read(1, null)))).isEqualTo("{\"a\":2}");
    var next = new Transaction(TransactionId.of("till-7", 42), then, then, List.of(things.id()));
    committed(node.call(prepare(next, put(1, "{\"a\":3}"))));
  }

  @Test
  void whatWillBeUniqueIsLocked() {
    TestNode node = open();
    node.addIndex(UNIQUE);
    node.awaitReady(UNIQUE);
    Transaction transaction = withOther(node);
    prepared(node.call(prepare(transaction, put(1, "{\"mail\":\"a\"}"))));
    var same = start(node, write(2, "{\"mail\":\"a\"}"));
    assertThat(node.call(write(3, "{\"mail\":\"b\"}"))).isInstanceOf(Response.Writes.class);
    assertThat(same).isNotDone();
    // Who waits does so beside the log.
    long entries = node.group(things.id()).status().lastIndex();
    assertThat(node.call(write(5, "{}"))).isInstanceOf(Response.Writes.class);
    assertThat(node.group(things.id()).status().lastIndex()).isLessThan(entries + 5);
    node.call(finish(transaction, new Committed(node.oracle.take())));
    assertThat(((Response.Writes) same.join()).results().getFirst())
        .isInstanceOf(MutationResult.UniqueViolation.class);
    Transaction second = withOther(node);
    assertThat(refused(node.call(prepare(second, put(4, "{\"mail\":\"b\"}")))))
        .isEqualTo(Reason.WRITE_REFUSED);
  }

  /// What preparing is answered with; nothing stays prepared.
  private Response prepareAndAbort(TestNode node) {
    Transaction transaction = withOther(node);
    Response answer = node.call(prepare(transaction, put(3, "{}")));
    if (answer instanceof Response.Prepared) {
      node.call(finish(transaction, new Aborted()));
    }
    return answer;
  }

  @Test
  void anIndexIsAddedWhenNothingIsPrepared() {
    TestNode node = open();
    node.call(write(1, "{\"mail\":\"a\"}"));
    Transaction transaction = withOther(node);
    prepared(node.call(prepare(transaction, put(2, "{\"mail\":\"b\"}"))));
    node.addIndex(UNIQUE);
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> prepareAndAbort(node) instanceof Response.Unavailable);
    node.call(finish(transaction, new Committed(node.oracle.take())));
    node.awaitReady(UNIQUE);
    assertThat(((Response.Writes) node.call(write(9, "{\"mail\":\"b\"}"))).results().getFirst())
        .isInstanceOf(MutationResult.UniqueViolation.class);
    Awaitility.await()
        .atMost(PATIENCE)
        .until(() -> prepareAndAbort(node) instanceof Response.Prepared);
  }

  @Test
  void writesWaitForLocksInTheOrderTheyCame() {
    TestNode node = open();
    Transaction holder = withOther(node);
    prepared(node.call(prepare(holder, put(1, "{\"a\":0}"))));
    var writes =
        List.of(1, 2, 3, 4, 5).stream()
            .map(each -> start(node, write(1, "{\"a\":" + each + "}")))
            .toList();
    Transaction late = withOther(node);
    var waiting = start(node, prepare(late, put(1, "{\"a\":6}")));
    node.call(finish(holder, new Committed(node.oracle.take())));
    prepared(waiting.join());
    List<Timestamp> versions =
        writes.stream()
            .map(write -> ((Response.Writes) write.join()).results().getFirst())
            .map(result -> ((MutationResult.Written) result).version())
            .toList();
    assertThat(versions).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void whoWaitsTooLongIsToldByWhom() {
    TestNode node = open();
    Transaction holder = withOther(node);
    prepared(node.call(prepare(holder, put(1, "{\"a\":0}"))));
    Deadline soon = Deadline.after(Duration.ofMillis(200), TestNode.CLOCK);
    assertThat(node.partitions.handle(write(1, "{}"), soon).join())
        .isEqualTo(new Response.Locked(holder.id()));
    assertThat(node.partitions.handle(read(1, null), soon).join())
        .isInstanceOf(Response.Refusal.class);
  }

  @Test
  void theOlderHasTheYoungerEndedAndOrphansAreEnded() throws Exception {
    TestNode node = open();
    var asked = new LinkedBlockingQueue<TransactionId>();
    node.partitions.endWith(
        new TransactionResolver() {
          @Override
          public void resolve(Transaction transaction) {
            asked.add(transaction.id());
            node.call(finish(transaction, new Aborted()));
          }

          @Override
          public void complete(Transaction transaction, TransactionOutcome outcome) {
            node.call(new Request.Forget(things.id(), Epoch.FIRST, transaction.id()));
          }
        });
    Transaction older = withOther(node);
    Transaction younger = withOther(node);
    prepared(node.call(prepare(younger, put(1, "{\"a\":1}"))));
    prepared(start(node, prepare(older, put(1, "{\"a\":2}"))).join());
    assertThat(asked.poll(60, TimeUnit.SECONDS)).isEqualTo(younger.id());
    // Nobody waits for the older one, and nobody ends it.
    TransactionId next = younger.id();
    while (Objects.equals(younger.id(), next)) {
      next = asked.poll(60, TimeUnit.SECONDS);
    }
    assertThat(next).isEqualTo(older.id());
    assertThat(document(node.call(read(1, null)))).isNull();
    Transaction last = withOther(node);
    prepared(node.call(prepare(last, put(1, "{\"a\":3}"))));
    committed(node.call(finish(last, new Committed(node.oracle.take()))));
    TransactionTable table =
        requireNonNull(node.partitions.replica(things.id())).machine().transactions();
    assertThat(table.unforgotten()).hasSize(1);
    Awaitility.await().atMost(PATIENCE).until(() -> table.unforgotten().isEmpty());
  }

  @Test
  void whatIsPreparedSurvivesARestart() {
    TestNode node = open();
    node.addIndex(UNIQUE);
    node.awaitReady(UNIQUE);
    Transaction transaction = withOther(node);
    Timestamp at = prepared(node.call(prepare(transaction, put(1, "{\"mail\":\"a\"}"))));
    Transaction ended = withOther(node);
    prepared(node.call(prepare(ended, put(5, "{}"))));
    Timestamp commit = node.oracle.take();
    node.call(finish(ended, new Committed(commit)));
    Timestamp newest = node.oracle.newest();
    node.close();
    TestNode again = new TestNode(directory);
    opened = again;
    again.oracle.jump(newest);
    again.open(things);
    assertThat(prepared(again.call(prepare(transaction, put(1, "{\"mail\":\"a\"}")))))
        .isEqualTo(at);
    assertThat(committed(again.call(prepare(ended, put(5, "{}"))))).isEqualTo(commit);
    var same = start(again, write(2, "{\"mail\":\"a\"}"));
    var read = start(again, read(1, null));
    assertThat(same).isNotDone();
    assertThat(read).isNotDone();
    again.call(finish(transaction, new Aborted()));
    assertThat(((Response.Writes) same.join()).results().getFirst())
        .isInstanceOf(MutationResult.Written.class);
    assertThat(document(read.join())).isNull();
  }

  @Test
  void whatIsForgottenCannotComeLate() {
    TestNode node = open();
    Transaction ended = withOther(node);
    prepared(node.call(prepare(ended, put(1, "{}"))));
    Timestamp commit = node.oracle.take();
    node.call(finish(ended, new Committed(commit)));
    Transaction late = withOther(node);
    Transaction young = withOther(node);
    node.group(things.id())
        .propose(CommandCodec.encode(new PartitionCommand.PurgeTransactions(young.started()), 64))
        .join();
    assertThat(refused(node.call(prepare(late, put(2, "{}"))))).isEqualTo(Reason.FORGOTTEN);
    prepared(node.call(prepare(young, put(3, "{}"))));
    // A commit is known until all participants know it.
    assertThat(
            committed(
                node.call(
                    new Request.Inspect(things.id(), Epoch.FIRST, ended.id(), ended.started()))))
        .isEqualTo(commit);
    node.call(new Request.Forget(things.id(), Epoch.FIRST, ended.id()));
    // Some time: nobody waits for it.
    Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() ->
            assertThat(node.call(prepare(ended, put(1, "{}"))))
                .isEqualTo(new Response.NotPrepared(Reason.FORGOTTEN, List.of())));
  }
}
