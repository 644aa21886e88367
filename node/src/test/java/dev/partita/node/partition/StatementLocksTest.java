package dev.partita.node.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Rows that statements lock at a replica before their transactions commit.
final class StatementLocksTest {

  private static final long PATIENCE_SECONDS = 60;
  private static final PartitionId OTHER = new PartitionId(99);

  private final PartitionDescriptor things =
      TestNode.descriptor(1, TestDocument.COLLECTION, new Bounds.Range(null, null));

  private TestNode node;

  /// Opens the replica.
  @BeforeEach
  void open(@TempDir Path directory) {
    node = new TestNode(directory);
    node.open(things);
  }

  @AfterEach
  void close() {
    node.close();
  }

  /// A transaction that has begun.
  private record Begun(TransactionId id, Timestamp at) {}

  private Begun begin() {
    return new Begun(TransactionId.random(), node.oracle.take());
  }

  private CompletableFuture<Response> start(Request request) {
    return node.partitions.handle(request, TestNode.soon());
  }

  private static Response end(CompletableFuture<Response> answer) {
    return answer.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
  }

  private Request.Lock lock(Begun begun, long row) {
    return new Request.Lock(things.id(), Epoch.FIRST, begun.id(), begun.at(), PrimaryKey.of(row));
  }

  private Request.Unlock unlock(Begun begun) {
    return new Request.Unlock(things.id(), Epoch.FIRST, begun.id());
  }

  private Request.RenewLocks renew(Begun begun, long row) {
    return new Request.RenewLocks(
        things.id(), Epoch.FIRST, begun.id(), begun.at(), List.of(PrimaryKey.of(row)));
  }

  private Request.Write write(long row, String json) {
    return new Request.Write(
        things.id(),
        Epoch.FIRST,
        List.of(Mutation.put(PrimaryKey.of(row), JsonBytes.of(json))),
        false);
  }

  private Request.Prepare prepare(
      Begun begun, List<PartitionId> participants, long row, String json) {
    return new Request.Prepare(
        things.id(),
        Epoch.FIRST,
        new Transaction(begun.id(), node.oracle.take(), begun.at(), participants),
        ReadSet.nothing(begun.at()),
        List.of(Mutation.put(PrimaryKey.of(row), JsonBytes.of(json))));
  }

  private Request.Prepare commit(Begun begun, long row, String json) {
    return prepare(begun, List.of(things.id()), row, json);
  }

  private static @Nullable String document(Response response) {
    assertThat(response).isInstanceOf(Response.Granted.class);
    JsonBytes json = ((Response.Granted) response).document();
    return json == null ? null : json.toString();
  }

  @Test
  void writersWaitForARowThatIsLockedAndReadersDoNot() {
    node.call(write(1, "{\"n\":0}"));
    Begun begun = begin();
    assertThat(document(node.call(lock(begun, 1)))).isEqualTo("{\"n\":0}");
    var waiting = start(write(1, "{\"n\":2}"));
    var harmless = start(write(2, "{\"n\":2}"));
    assertThat(end(harmless)).isInstanceOf(Response.Writes.class);
    Response read = node.call(new Request.Read(things.id(), Epoch.FIRST, PrimaryKey.of(1), null));
    assertThat(((Response.Row) read).document()).hasToString("{\"n\":0}");
    assertThat(waiting).isNotDone();
    Request.Prepare commit = commit(begun, 1, "{\"n\":1}");
    Response committed = node.call(commit);
    assertThat(committed).isInstanceOf(Response.Finished.class);
    var written = (Response.Writes) end(waiting);
    assertThat(written.results().getFirst()).isInstanceOf(MutationResult.Written.class);
    // That its locks are gone changes nothing of what a repetition is told.
    assertThat(node.call(commit)).isEqualTo(committed);
  }

  @Test
  void whoWaitsReadsWhatWasWrittenMeanwhile() {
    Begun first = begin();
    Begun second = begin();
    assertThat(document(node.call(lock(first, 1)))).isNull();
    var waiting = start(lock(second, 1));
    assertThat(waiting).isNotDone();
    node.call(commit(first, 1, "{\"n\":1}"));
    var granted = (Response.Granted) end(waiting);
    assertThat(granted.document()).hasToString("{\"n\":1}");
    assertThat(granted.version()).isBetween(second.at(), granted.at());
    // Nothing is written there at or below the moment it was told of.
    assertThat(node.call(unlock(second))).isEqualTo(new Response.Done());
    var later = (Response.Writes) node.call(write(1, "{\"n\":2}"));
    assertThat(((MutationResult.Written) later.results().getFirst()).version())
        .isGreaterThan(granted.at());
  }

  @Test
  void anOlderTransactionTakesAYoungerOnesLocksAway() {
    Begun older = begin();
    Begun younger = begin();
    node.call(lock(younger, 1));
    node.call(lock(younger, 2));
    assertThat(end(start(lock(older, 1)))).isInstanceOf(Response.Granted.class);
    assertThat(node.call(renew(younger, 2))).isEqualTo(new Response.Wounded());
    assertThat(node.call(lock(younger, 3))).isEqualTo(new Response.Wounded());
    assertThat(end(start(write(2, "{}")))).isInstanceOf(Response.Writes.class);
    assertThat(node.call(renew(older, 1))).isEqualTo(new Response.Done());
  }

  @Test
  void aYoungerTransactionWaitsForAnOlderOne() {
    Begun older = begin();
    Begun younger = begin();
    Begun youngest = begin();
    node.call(lock(older, 1));
    var last = start(lock(youngest, 1));
    var next = start(lock(younger, 1));
    assertThat(node.call(renew(older, 1))).isEqualTo(new Response.Done());
    assertThat(List.of(last, next)).allSatisfy(one -> assertThat(one).isNotDone());
    node.call(unlock(older));
    // In the order of their age, whoever asked first.
    assertThat(end(next)).isInstanceOf(Response.Granted.class);
    assertThat(last).isNotDone();
    node.call(unlock(younger));
    assertThat(end(last)).isInstanceOf(Response.Granted.class);
  }

  /// Ages are not exact, so two may have the same.
  @Test
  void ofTwoOfTheSameAgeOneGoesOn() {
    Timestamp at = node.oracle.take();
    List<Begun> begun =
        Stream.of(TransactionId.random(), TransactionId.random())
            .sorted()
            .map(id -> new Begun(id, at))
            .toList();
    Begun first = begun.getFirst();
    Begun second = begun.getLast();
    node.call(lock(first, 1));
    node.call(lock(second, 2));
    var waits = start(lock(second, 1));
    assertThat(end(start(lock(first, 2)))).isInstanceOf(Response.Granted.class);
    assertThat(end(waits)).isEqualTo(new Response.Wounded());
    assertThat(node.call(renew(first, 1))).isEqualTo(new Response.Done());
  }

  @Test
  void aStatementWaitsForWhatIsPrepared() {
    Begun other = begin();
    Begun begun = begin();
    Request.Prepare prepare = prepare(other, List.of(things.id(), OTHER), 1, "{\"n\":1}");
    assertThat(node.call(prepare)).isInstanceOf(Response.Prepared.class);
    var waiting = start(lock(begun, 1));
    assertThat(waiting).isNotDone();
    Timestamp commit = node.oracle.take();
    node.call(
        new Request.Finish(
            things.id(),
            Epoch.FIRST,
            other.id(),
            prepare.transaction().started(),
            new TransactionOutcome.Committed(commit)));
    assertThat(document(end(waiting))).isEqualTo("{\"n\":1}");
  }

  @Test
  void whoPreparesKeepsItsRows() {
    Begun begun = begin();
    Begun older = new Begun(TransactionId.random(), Timestamp.MIN.next());
    node.call(lock(begun, 1));
    Request.Prepare prepare = prepare(begun, List.of(things.id(), OTHER), 1, "{\"n\":1}");
    assertThat(node.call(prepare)).isInstanceOf(Response.Prepared.class);
    var waiting = start(lock(older, 1));
    assertThat(node.call(prepare)).isInstanceOf(Response.Prepared.class);
    assertThat(waiting).isNotDone();
    node.call(
        new Request.Finish(
            things.id(),
            Epoch.FIRST,
            begun.id(),
            prepare.transaction().started(),
            new TransactionOutcome.Aborted()));
    assertThat(document(end(waiting))).isNull();
  }

  @Test
  void whoDoesNotGetARowInTimeIsToldWhoHasIt() {
    Begun older = begin();
    Begun younger = begin();
    node.call(lock(older, 1));
    Response refused =
        end(
            node.partitions.handle(
                lock(younger, 1), Deadline.after(Duration.ofMillis(50), TestNode.CLOCK)));
    assertThat(refused).isEqualTo(new Response.Locked(older.id()));
    assertThat(node.call(lock(older, 1))).isInstanceOf(Response.Granted.class);
  }

  /// Nobody would know that it is locked, and wait until the lease is over.
  @Test
  void whatComesTooLateLocksNothing() {
    Begun begun = begin();
    assertThat(
            end(
                node.partitions.handle(
                    lock(begun, 1), Deadline.after(Duration.ZERO, TestNode.CLOCK))))
        .isInstanceOf(Response.Refusal.class);
    assertThat(
            end(
                node.partitions.handle(
                    write(1, "{}"),
                    Deadline.after(Request.LOCK_LEASE.dividedBy(2), TestNode.CLOCK))))
        .isInstanceOf(Response.Writes.class);
  }

  @Test
  void moreRowsThanMayBeLockedAreRefused() {
    Begun begun = begin();
    List<PrimaryKey> rows =
        LongStream.range(0, RowLocks.ROWS_MAX).mapToObj(PrimaryKey::of).toList();
    assertThat(
            node.call(
                new Request.RenewLocks(things.id(), Epoch.FIRST, begun.id(), begun.at(), rows)))
        .isEqualTo(new Response.Done());
    assertThat(node.call(lock(begin(), RowLocks.ROWS_MAX))).isInstanceOf(Response.Overloaded.class);
    assertThat(node.call(write(RowLocks.ROWS_MAX, "{}"))).isInstanceOf(Response.Writes.class);
    node.call(unlock(begun));
    assertThat(node.call(lock(begin(), 7))).isInstanceOf(Response.Granted.class);
  }
}
