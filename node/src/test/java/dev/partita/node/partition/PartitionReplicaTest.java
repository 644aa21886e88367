package dev.partita.node.partition;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.storage.Direction;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PartitionReplicaTest {

  private static final PartitionDescriptor THINGS =
      TestNode.descriptor(1, TestDocument.COLLECTION, new Bounds.Range(null, Datum.of(1_000_000)));

  private static final PartitionSettings SMALL =
      PartitionSettings.DEFAULT.withQueue(4, 2).withBackfillRows(3);

  @TempDir private Path directory;
  private @Nullable TestNode opened;

  private TestNode open(PartitionSettings settings) {
    TestNode node = new TestNode(directory, settings);
    opened = node;
    node.open(THINGS);
    return node;
  }

  @AfterEach
  void close() {
    if (opened != null) {
      opened.close();
    }
  }

  private static Request.Write put(long key, String json) {
    return new Request.Write(
        THINGS.id(),
        Epoch.FIRST,
        List.of(Mutation.put(PrimaryKey.of(key), JsonBytes.of(json))),
        false);
  }

  private static Request.Read read(long key, @Nullable Timestamp at) {
    return new Request.Read(THINGS.id(), Epoch.FIRST, PrimaryKey.of(key), at);
  }

  private static CompletableFuture<Response> start(TestNode node, Request request) {
    return node.partitions.handle(request, TestNode.soon());
  }

  private static Timestamp version(Response response) {
    var result = ((Response.Writes) response).results().getFirst();
    return ((MutationResult.Written) result).version();
  }

  private static @Nullable String document(Response response) {
    JsonBytes document = ((Response.Row) response).document();
    return document == null ? null : document.toString();
  }

  @Test
  void aReadSeesTheWriteBeforeIt() {
    TestNode node = open(SMALL);
    Timestamp version = version(node.call(put(1, "{\"a\":1}")));
    assertThat(node.call(read(1, null)))
        .isEqualTo(new Response.Row(version, JsonBytes.of("{\"a\":1}")));
    assertThat(node.call(read(2, null))).isEqualTo(new Response.Row(null, null));
    assertThat(document(node.call(read(1, version.previous())))).isNull();
    assertThat(document(node.call(read(1, version)))).isEqualTo("{\"a\":1}");
  }

  @Test
  void aKeyThatTakesMostRequestsIsReported() {
    TestNode node = open(PartitionSettings.DEFAULT);
    node.call(put(7, "{}"));
    PartitionReplica replica = requireNonNull(node.partitions.replica(THINGS.id()));

    // For as long as a window takes.
    Awaitility.await()
        .atMost(Duration.ofMinutes(2))
        .until(() -> {
          IntStream.range(0, 1_000).forEach(i -> node.call(read(i % 2 == 0 ? 7 : i, null)));
          return replica.report().load().hotKey() != null;
        });

    LoadProfile.HotKey hot = requireNonNull(replica.report().load().hotKey());
    assertThat(hot.key()).isEqualTo(PrimaryKey.of(7));
    assertThat(hot.share()).isBetween(0.3, 0.6);
  }

  @Test
  void writesThatWaitTogetherBecomeFewEntries() {
    TestNode node = open(PartitionSettings.DEFAULT);
    node.oracle.keep(true);
    var writes = IntStream.range(0, 100).mapToObj(key -> start(node, put(key, "{}"))).toList();
    node.oracle.keep(false);
    node.oracle.deliver();
    List<Timestamp> versions = writes.stream().map(write -> version(write.join())).toList();
    assertThat(versions).isSorted().doesNotHaveDuplicates();
    // One for the write that found nobody waiting, one for all the others; the first was Create.
    assertThat(node.group(THINGS.id()).status().lastIndex()).isEqualTo(2 + 2);
  }

  @Test
  void aFullQueueRefuses() {
    TestNode node = open(SMALL);
    node.oracle.keep(true);
    var writes = IntStream.range(0, 6).mapToObj(key -> start(node, put(key, "{}"))).toList();
    assertThat(writes.getLast())
        .isCompletedWithValueMatching(Response.Overloaded.class::isInstance);
    node.oracle.keep(false);
    node.oracle.deliver();
    writes.subList(0, 5).forEach(write -> assertThat(version(write.join())).isNotNull());
  }

  @Test
  void noMoreEntriesAreInFlightThanAllowed() {
    TestNode node = open(SMALL);
    LocalRaftGroup group = node.group(THINGS.id());
    group.hold();
    var writes = IntStream.range(0, 6).mapToObj(key -> start(node, put(key, "{}"))).toList();
    assertThat(group.waitingCount()).isEqualTo(2);
    group.release();
    writes.forEach(write -> assertThat(version(write.join())).isNotNull());
  }

  @Test
  void aSnapshotReadWaitsForWritesAtOrBelowItsTimestamp() {
    TestNode node = open(SMALL);
    LocalRaftGroup group = node.group(THINGS.id());
    group.hold();
    var write = start(node, put(1, "{\"a\":1}"));
    Timestamp at = node.oracle.take();
    var read = start(node, read(1, at));
    assertThat(group.waitingCount()).isEqualTo(1);
    assertThat(read).isNotDone();
    group.release();
    assertThat(version(write.join())).isLessThan(at);
    assertThat(document(read.join())).isEqualTo("{\"a\":1}");
  }

  private static final Request.Scan ALL =
      new Request.Scan(THINGS.id(), Epoch.FIRST, null, null, Direction.FORWARD, null, 10, null);

  private static int rows(Response response) {
    return ((Response.Rows) response).rows().size();
  }

  /// A snapshot between two writes would see the one under way and not the one elsewhere; so who
  /// knows the one elsewhere must see the one under way.
  @Test
  void readsOfNowSeeAWriteThatHasATimestampAlready() {
    TestNode node = open(SMALL);
    LocalRaftGroup group = node.group(THINGS.id());
    group.hold();
    var write = start(node, put(1, "{\"a\":1}"));
    Timestamp between = node.oracle.take();
    Timestamp elsewhere = node.oracle.take();
    var read = start(node, read(1, null));
    var scan = start(node, ALL);
    var other = start(node, read(2, null));
    assertThat(other.join()).isEqualTo(new Response.Row(null, null));
    assertThat(read).isNotDone();
    assertThat(scan).isNotDone();
    group.release();
    assertThat(version(write.join())).isLessThan(between).isLessThan(elsewhere);
    assertThat(document(read.join())).isEqualTo("{\"a\":1}");
    assertThat(rows(scan.join())).isEqualTo(1);
    assertThat(document(node.call(read(1, between)))).isEqualTo("{\"a\":1}");
  }

  @Test
  void readsOfNowSeeAWriteWhoseTimestampIsOnItsWay() {
    TestNode node = open(SMALL);
    node.oracle.keep(true);
    var write = start(node, put(1, "{\"a\":1}"));
    node.oracle.keep(false);
    Timestamp between = node.oracle.take();
    var read = start(node, read(1, null));
    var scan = start(node, ALL);
    assertThat(read).isNotDone();
    assertThat(scan).isNotDone();
    node.oracle.deliver();
    assertThat(version(write.join())).isLessThan(between);
    assertThat(document(read.join())).isEqualTo("{\"a\":1}");
    assertThat(rows(scan.join())).isEqualTo(1);
  }

  @Test
  void aScanOfNowDoesNotWaitForWritesThatComeAfterIt() {
    TestNode node = open(SMALL);
    node.call(put(1, "{\"a\":1}"));
    LocalRaftGroup group = node.group(THINGS.id());
    var rows = (Response.Rows) node.call(ALL);
    group.hold();
    var write = start(node, put(1, "{\"a\":2}"));
    var page =
        new Request.Scan(
            THINGS.id(), Epoch.FIRST, null, null, Direction.FORWARD, null, 10, rows.at());
    assertThat(((Response.Rows) node.call(page)).rows()).isEqualTo(rows.rows());
    group.release();
    assertThat(version(write.join())).isGreaterThan(rows.at());
  }

  @Test
  void aWriteWhoseTimestampWasOvertakenByAReadGetsANewOne() {
    TestNode node = open(SMALL);
    node.oracle.keep(true);
    var write = start(node, put(1, "{\"a\":1}"));
    node.oracle.keep(false);
    // Handed out later than the write's timestamp, but used before it arrives.
    Timestamp at = node.oracle.take();
    assertThat(document(node.call(read(1, at)))).isNull();
    node.oracle.deliver();
    assertThat(version(write.join())).isGreaterThan(at);
    assertThat(document(node.call(read(1, at)))).isNull();
  }

  @Test
  void readsCannotOvertakeAWriteTwice() {
    TestNode node = open(SMALL);
    node.oracle.keep(true);
    var write = start(node, put(1, "{\"a\":1}"));
    node.oracle.keep(false);
    Timestamp first = node.oracle.take();
    node.call(read(1, first));
    node.oracle.keep(true);
    node.oracle.deliver();
    // The write has asked again. A newer read waits until the write is proposed.
    Timestamp second = new Timestamp(node.oracle.newest().value() + 1);
    node.oracle.jump(second);
    var read = start(node, read(1, second));
    assertThat(read).isNotDone();
    node.oracle.keep(false);
    while (node.oracle.keptCount() > 0) {
      node.oracle.deliver();
    }
    Timestamp version = version(write.join());
    assertThat(version).isLessThan(second);
    assertThat(document(read.join())).isEqualTo("{\"a\":1}");
  }

  @Test
  void aTimestampThatWasNotHandedOutIsRefused() {
    TestNode node = open(SMALL);
    Timestamp future = node.oracle.newest().plus(1_000);
    assertThat(node.call(read(1, future))).isInstanceOf(Response.TimestampInFuture.class);
    assertThat(version(node.call(put(1, "{}")))).isLessThan(future);
  }

  @Test
  void versionsBelowTheRetentionAreRefusedAndDropped() {
    TestNode node = open(SMALL.withRetention(Duration.ofHours(1), Duration.ofMillis(50)));
    Timestamp old = version(node.call(put(1, "{\"a\":1}")));
    node.call(put(1, "{\"a\":2}"));
    node.oracle.jump(Timestamp.ofMillis(old.millis() + Duration.ofHours(3).toMillis()));
    Awaitility.await()
        .untilAsserted(
            () -> assertThat(node.call(read(1, old))).isInstanceOf(Response.TimestampTooOld.class));
    assertThat(document(node.call(read(1, null)))).isEqualTo("{\"a\":2}");
    var row = new PartitionKeys(THINGS).row(PrimaryKey.of(1));
    Awaitility.await().untilAsserted(() -> assertThat(node.storage.get(row, old)).isNull());
  }

  @Test
  void aFollowerRefuses() {
    TestNode node = open(SMALL);
    LocalRaftGroup group = node.group(THINGS.id());
    group.follow();
    Awaitility.await()
        .untilAsserted(() ->
            assertThat(node.call(put(1, "{}")))
                .isEqualTo(new Response.NotLeader(LocalRaftGroup.OTHER)));
    assertThat(node.call(read(1, null))).isEqualTo(new Response.NotLeader(LocalRaftGroup.OTHER));
    assertThat(node.call(read(1, node.oracle.newest())))
        .isEqualTo(new Response.NotLeader(LocalRaftGroup.OTHER));
  }

  @Test
  void lostLeadershipLeavesTheOutcomeOfProposedWritesUnknownAndOthersUndone() {
    TestNode node = open(SMALL.withQueue(10, 1));
    LocalRaftGroup group = node.group(THINGS.id());
    group.hold();
    var proposed = start(node, put(1, "{}"));
    var queued = start(node, put(2, "{}"));
    group.follow();
    assertThat(proposed.join()).isInstanceOf(Response.OutcomeUnknown.class);
    assertThat(queued.join()).isInstanceOf(Response.NotLeader.class);
  }

  @Test
  void aNewTermBeginsAboveAllTimestampsThatWereHandedOut() {
    TestNode node = open(SMALL);
    LocalRaftGroup group = node.group(THINGS.id());
    group.follow();
    Timestamp promised = node.oracle.take();
    group.lead();
    TestNode.awaitServing(requireNonNull(node.partitions.replica(THINGS.id())));
    assertThat(version(node.call(put(1, "{}")))).isGreaterThan(promised);
  }

  @Test
  void aWriteThatRunsOutOfTimeInTheQueueDidNotHappen() {
    TestNode node = open(SMALL);
    node.oracle.keep(true);
    var write =
        node.partitions.handle(put(1, "{}"), Deadline.after(Duration.ofMillis(1), TestNode.CLOCK));
    assertThat(write.join()).isInstanceOf(Response.Unavailable.class);
    node.oracle.keep(false);
    node.oracle.deliver();
    node.call(put(2, "{}"));
    assertThat(document(node.call(read(1, null)))).isNull();
  }

  @Test
  void aWriteThatRunsOutOfTimeInTheLogMayHaveHappened() {
    TestNode node = open(SMALL);
    LocalRaftGroup group = node.group(THINGS.id());
    group.hold();
    var write =
        node.partitions.handle(put(1, "{}"), Deadline.after(Duration.ofMillis(1), TestNode.CLOCK));
    assertThat(write.join()).isInstanceOf(Response.OutcomeUnknown.class);
    group.release();
    node.call(put(2, "{}"));
    assertThat(document(node.call(read(1, null)))).isEqualTo("{}");
  }

  @Test
  void withoutOracleWritesAreRefusedAndNewestReadsServed() {
    TestNode node = open(SMALL);
    node.call(put(1, "{}"));
    node.oracle.fail(true);
    assertThat(node.call(put(1, "{\"a\":2}"))).isInstanceOf(Response.Unavailable.class);
    assertThat(document(node.call(read(1, null)))).isEqualTo("{}");
    node.oracle.fail(false);
    assertThat(version(node.call(put(1, "{\"a\":2}")))).isNotNull();
  }

  @Test
  void staleEpochsAndForeignKeysAreRefused() {
    TestNode node = open(SMALL);
    var stale = new Request.Read(THINGS.id(), new Epoch(9), PrimaryKey.of(1), null);
    assertThat(node.call(stale)).isEqualTo(new Response.WrongEpoch(THINGS));
    assertThat(node.call(put(1, "{}").withEpoch(new Epoch(9))))
        .isEqualTo(new Response.WrongEpoch(THINGS));
    assertThat(node.call(read(1_000_000, null)))
        .isEqualTo(new Response.OutOfBounds(PrimaryKey.of(1_000_000)));
    assertThat(node.call(put(1_000_000, "{}")))
        .isEqualTo(new Response.OutOfBounds(PrimaryKey.of(1_000_000)));
  }

  @Test
  void documentsThatAreTooLargeAreRefused() {
    TestNode node = open(SMALL);
    String large = "{\"a\":\"" + "x".repeat(Request.DOCUMENT_BYTES_MAX) + "\"}";
    assertThat(node.call(put(1, large))).isInstanceOf(Response.Invalid.class);
  }

  @Test
  void aSuspendedOrRemovedReplicaIsNoReplica() {
    TestNode node = open(SMALL);
    node.call(put(1, "{}"));
    node.partitions.suspend(THINGS.id(), true);
    assertThat(node.call(read(1, null))).isEqualTo(new Response.NoReplica());
    node.partitions.suspend(THINGS.id(), false);
    assertThat(document(node.call(read(1, null)))).isEqualTo("{}");
    node.partitions.remove(THINGS.id()).join();
    assertThat(node.call(read(1, null))).isEqualTo(new Response.NoReplica());
    assertThat(node.storage.get(new PartitionKeys(THINGS).row(PrimaryKey.of(1)))).isNull();
    assertThat(node.storage.meta(PartitionKeys.stateRecord(THINGS.id()))).isNull();
  }

  /// Writers change rows all the while; whoever reads the index meanwhile is refused or sees
  /// exactly the rows of the timestamp.
  @Test
  void anIndexIsExactFromTheMomentItIsReady() throws Exception {
    TestNode node = open(PartitionSettings.DEFAULT.withBackfillRows(3));
    var model = new DocumentModel();
    var random = new Random(11);
    for (int count = 0; count < 300; count++) {
      write(node, model, random, 200);
    }
    Timestamp before = node.oracle.take();
    // However late the writers begin, what becomes ready is newer.
    write(node, model, random, 200);
    var stop = new AtomicBoolean();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> writers =
          IntStream.range(0, 2)
              .<Future<?>>mapToObj(writer ->
                  threads.submit(() -> {
                    var own = new Random(writer);
                    while (!stop.get()) {
                      write(node, model, own, 200);
                    }
                  }))
              .toList();
      try {
        for (IndexDefinition index : TestDocument.INDEXES) {
          node.addIndex(index);
          Response entries = node.call(scan(index, null));
          while (!(entries instanceof Response.Entries)) {
            assertThat(entries).isEqualTo(new Response.IndexNotReady(index.id(), null));
            entries = node.call(scan(index, null));
          }
          Timestamp first = ((Response.Entries) entries).at();
          assertThat(node.call(scan(index, before)))
              .isInstanceOfSatisfying(
                  Response.IndexNotReady.class,
                  refusal ->
                      assertThat(requireNonNull(refusal.readySince())).isLessThanOrEqualTo(first));
          checkExact(node, model, index, first);
          for (int count = 0; count < 3; count++) {
            checkExact(node, model, index, node.oracle.take());
          }
        }
      } finally {
        stop.set(true);
        for (Future<?> writer : writers) {
          writer.get();
        }
      }
    }
    for (IndexDefinition index : TestDocument.INDEXES) {
      Timestamp now = node.oracle.take();
      checkExact(node, model, index, now);
      IndexReport report =
          requireNonNull(node.partitions.replica(THINGS.id())).report().indexes().stream()
              .filter(one -> one.id() == index.id())
              .findFirst()
              .orElseThrow();
      assertThat(report.entries()).isEqualTo(model.entries(index, List.of(), now).size());
      assertThat(report.progress()).isEqualTo(100);
    }
  }

  private static Request.IndexScan scan(IndexDefinition index, @Nullable Timestamp at) {
    return new Request.IndexScan(
        THINGS.id(),
        Epoch.FIRST,
        index.id(),
        List.of(),
        Direction.FORWARD,
        null,
        Request.PAGE_ROWS_MAX,
        false,
        at);
  }

  private static void checkExact(
      TestNode node, DocumentModel model, IndexDefinition index, Timestamp at) {
    var entries = (Response.Entries) node.call(scan(index, at));
    // The read has waited for all writes up to its timestamp, but the writer may not have told the
    // model yet.
    Awaitility.await()
        .untilAsserted(() ->
            assertThat(entries.entries().stream().map(Response.Entry::key).toList())
                .isEqualTo(
                    model.entries(index, List.of(), at).stream()
                        .map(DocumentModel.Hit::key)
                        .toList()));
  }

  private static void write(TestNode node, DocumentModel model, Random random, int keys) {
    PrimaryKey key = PrimaryKey.of(random.nextInt(keys));
    TestDocument document = random.nextInt(4) == 0 ? null : TestDocument.random(random);
    Mutation mutation =
        document == null ? Mutation.delete(key) : Mutation.put(key, document.json());
    Response response =
        node.call(new Request.Write(THINGS.id(), Epoch.FIRST, List.of(mutation), false));
    model.write(key, version(response), document);
  }
}
