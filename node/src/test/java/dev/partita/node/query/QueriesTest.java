package dev.partita.node.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.JsonData;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.CountingOracle;
import dev.partita.node.partition.DocumentModel;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.partition.TestDocument;
import dev.partita.node.partition.TestNode;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampOracle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Pages of queries against a model that keeps every version, while writes go on.
final class QueriesTest {

  private static final int SEEDS = Integer.getInteger("partita.seeds", 6);
  private static final int STEPS = 60;
  private static final PrimaryKey LATE = PrimaryKey.of(5);

  @TempDir private Path directory;
  private TestNode node;
  private Queries queries;
  private final DocumentModel model = new DocumentModel();

  @BeforeEach
  void open() {
    node = new TestNode(directory);
    queries = new Queries(node, node, node.oracle, TestNode.CLOCK);
  }

  @AfterEach
  void close() {
    node.close();
  }

  private void open(Bounds... bounds) {
    for (int at = 0; at < bounds.length; at++) {
      node.open(TestNode.descriptor(at + 1, TestDocument.COLLECTION, bounds[at]));
    }
    for (IndexDefinition index : TestDocument.INDEXES) {
      node.addIndex(index);
      node.awaitReady(index);
    }
  }

  @Test
  void pagesOverRangesEqualTheModel() {
    open(
        new Bounds.Range(null, Datum.of(-3)),
        new Bounds.Range(Datum.of(-3), Datum.of(List.of(Datum.of(4), Datum.of("b")))),
        new Bounds.Range(Datum.of(List.of(Datum.of(4), Datum.of("b"))), Datum.of("b")),
        new Bounds.Range(Datum.of("b"), null));
    play();
  }

  @Test
  void pagesOverHashesEqualTheModel() {
    open(
        new Bounds.Hash(3, 0), new Bounds.Hash(3, 1), new Bounds.Hash(6, 2), new Bounds.Hash(6, 5));
    play();
  }

  @Test
  void pagesOfOnePartitionEqualTheModel() {
    open(Bounds.Range.ALL);
    play();
  }

  @Test
  void partitionsThatWereMadeBeforeTheTimestampAreRead() {
    open(new Bounds.Range(null, Datum.of(0)));
    var made = new AtomicBoolean();
    TimestampOracle slow =
        count -> {
          if (made.compareAndSet(false, true)) {
            makeLate();
          }
          return node.oracle.next(count);
        };

    Page<Document> page =
        new Queries(node, node, slow, TestNode.CLOCK)
            .range(RangeQuery.of(TestDocument.COLLECTION, 10), TestNode.soon());

    assertThat(page.data()).extracting(Document::key).containsExactly(LATE);
  }

  /// The timestamp may be one of another node, which knows more than this one.
  @Test
  void partitionsThatAreLearntOfWithTheTimestampAreRead() {
    open(new Bounds.Range(null, Datum.of(0)));
    Timestamp at = new Timestamp(CountingOracle.START + 1_000);
    var asked = new AtomicReference<@Nullable Timestamp>();
    node.onCatchUp(upTo -> {
      if (asked.getAndSet(upTo) == null) {
        makeLate();
        node.oracle.jump(at);
      }
    });
    var queries = new Queries(node, node, node.oracle, TestNode.CLOCK);
    RangeQuery query = RangeQuery.of(TestDocument.COLLECTION, 10).withAt(at);

    Page<Document> page = queries.range(query, TestNode.soon());

    assertThat(page.data()).extracting(Document::key).containsExactly(LATE);
    assertThat(asked).hasValue(at);
    // There can be no others any more.
    asked.set(null);
    assertThat(queries.range(query, TestNode.soon()).data()).hasSize(1);
    assertThat(asked).hasNullValue();
  }

  /// Has one more Partition, in which a row is written.
  private void makeLate() {
    node.open(TestNode.descriptor(2, TestDocument.COLLECTION, new Bounds.Range(Datum.of(0), null)));
    PartitionDescriptor owner = owner(LATE);
    var mutation = Mutation.put(LATE, TestDocument.random(new Random(1)).json());
    assertThat(node.call(new Request.Write(owner.id(), owner.epoch(), List.of(mutation), false)))
        .isInstanceOf(Response.Writes.class);
  }

  private void play() {
    for (int seed = 0; seed < SEEDS; seed++) {
      var random = new Random(seed);
      var readable = new ArrayList<Timestamp>();
      readable.add(node.oracle.take());
      try {
        for (int step = 0; step < STEPS; step++) {
          write(random);
          if (random.nextInt(4) == 0) {
            readable.add(node.oracle.take());
          }
          if (random.nextInt(3) == 0) {
            Timestamp at =
                random.nextBoolean() ? null : readable.get(random.nextInt(readable.size()));
            if (random.nextBoolean()) {
              checkRange(random, at);
            } else {
              checkIndex(random, at);
            }
          }
        }
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }

  private static PrimaryKey randomKey(Random random) {
    String[] texts = {"", "a", "b", "\u00e9", "\ud83d\ude00"};
    return switch (random.nextInt(3)) {
      case 0 -> PrimaryKey.of(random.nextInt(-8, 8));
      case 1 -> PrimaryKey.of(texts[random.nextInt(texts.length)]);
      default ->
          PrimaryKey.of(
              Datum.of(random.nextInt(-8, 8)), Datum.of(texts[random.nextInt(texts.length)]));
    };
  }

  private void write(Random random) {
    PrimaryKey key = randomKey(random);
    TestDocument document = random.nextInt(4) == 0 ? null : TestDocument.random(random);
    PartitionDescriptor owner = owner(key);
    var mutation = document == null ? Mutation.delete(key) : Mutation.put(key, document.json());
    Response response =
        node.call(new Request.Write(owner.id(), owner.epoch(), List.of(mutation), false));
    var result = ((Response.Writes) response).results().getFirst();
    model.write(key, ((MutationResult.Written) result).version(), document);
  }

  private PartitionDescriptor owner(PrimaryKey key) {
    return node.partitions(TestDocument.COLLECTION).stream()
        .filter(partition -> partition.bounds().contains(key))
        .findFirst()
        .orElseThrow();
  }

  private void checkRange(Random random, @Nullable Timestamp at) {
    PrimaryKey start = random.nextBoolean() ? null : randomKey(random);
    PrimaryKey end = random.nextBoolean() ? null : randomKey(random);
    Order order = random.nextBoolean() ? Order.ASCENDING : Order.DESCENDING;
    RangeQuery query = new RangeQuery(TestDocument.COLLECTION, start, end, order, 1, null, at);
    Function<Timestamp, List<String>> expected =
        read ->
            inOrder(
                order,
                model.at(read).stream()
                    .filter(live -> start == null || live.key().compareTo(start) >= 0)
                    .filter(live -> end == null || live.key().compareTo(end) < 0)
                    .map(live -> live.key() + "@" + live.version() + live.document().json())
                    .toList());
    PageWalk.check(
        random,
        () -> write(random),
        expected,
        (limit, cursor) -> {
          Page<Document> page =
              queries.range(
                  new RangeQuery(query.collection(), start, end, order, limit, cursor, query.at()),
                  TestNode.soon());
          return new Page<>(
              page.data().stream()
                  .map(row -> row.key() + "@" + row.version() + row.json())
                  .toList(),
              page.after(),
              page.before(),
              page.at());
        });
  }

  private void checkIndex(Random random, @Nullable Timestamp at) {
    IndexDefinition index = TestDocument.INDEXES.get(random.nextInt(TestDocument.INDEXES.size()));
    var terms = new ArrayList<Datum>();
    for (int count = random.nextInt(index.terms().size() + 1); count > 0; count--) {
      terms.add(TestDocument.scalar(random));
    }
    Order order = random.nextBoolean() ? Order.ASCENDING : Order.DESCENDING;
    boolean documents = random.nextBoolean();
    PageWalk.check(
        random,
        () -> write(random),
        read ->
            inOrder(
                order,
                model.entries(index, terms, read).stream()
                    .map(hit -> hit.key() + "=" + hit.values())
                    .toList()),
        (limit, cursor) -> {
          Page<IndexHit> page =
              queries.index(
                  new IndexQuery(index.name(), null, terms, order, limit, cursor, at, documents),
                  TestNode.soon());
          page.data().forEach(hit -> checkDocument(hit, page.at(), documents));
          return new Page<>(
              page.data().stream().map(QueriesTest::text).toList(),
              page.after(),
              page.before(),
              page.at());
        });
  }

  private void checkDocument(IndexHit hit, Timestamp at, boolean asked) {
    Document document = hit.document();
    if (!asked || document == null) {
      assertThat(document == null).isEqualTo(!asked);
      return;
    }
    assertThat(model.at(at))
        .anyMatch(live ->
            live.key().equals(document.key())
                && live.version().equals(document.version())
                && live.document().json().equals(document.json()));
  }

  private static String text(IndexHit hit) {
    var values = (Datum.Composite) JsonData.datum(JsonData.parse(hit.values().toString()));
    return hit.key() + "=" + values.parts();
  }

  private static List<String> inOrder(Order order, List<String> ascending) {
    var list = new ArrayList<>(ascending);
    if (order == Order.DESCENDING) {
      Collections.reverse(list);
    }
    return list;
  }

  @Test
  void anIndexQueryOfOnePartitionSeesOnlyItsRows() {
    open(new Bounds.Hash(2, 0), new Bounds.Hash(2, 1));
    var random = new Random(1);
    for (int count = 0; count < 40; count++) {
      write(random);
    }
    for (PartitionDescriptor partition : node.partitions(TestDocument.COLLECTION)) {
      Page<IndexHit> page =
          queries.index(
              IndexQuery.of("index-4", List.of(), 1_000).withPartition(partition.name()),
              TestNode.soon());
      assertThat(page.data()).isNotEmpty();
      assertThat(page.data()).allMatch(hit -> partition.bounds().contains(hit.key()));
    }
  }

  @Test
  void aTamperedCursorIsRefused() {
    open(Bounds.Range.ALL);
    var random = new Random(2);
    for (int count = 0; count < 20; count++) {
      write(random);
    }
    RangeQuery query = RangeQuery.of(TestDocument.COLLECTION, 2);
    String cursor = queries.range(query, TestNode.soon()).after();
    assertThat(cursor).isNotNull();
    byte[] bytes = Base64.getUrlDecoder().decode(cursor);
    for (int at = 0; at < bytes.length; at++) {
      byte[] changed = bytes.clone();
      changed[at] ^= (byte) (1 << random.nextInt(8));
      String text = Base64.getUrlEncoder().withoutPadding().encodeToString(changed);
      assertRefused(ErrorCode.INVALID_CURSOR, query.withCursor(text));
    }
    assertRefused(ErrorCode.INVALID_CURSOR, query.withCursor(""));
    assertRefused(ErrorCode.INVALID_CURSOR, query.withCursor("no cursor!"));
    assertRefused(ErrorCode.INVALID_CURSOR, query.withCursor(cursor + "A"));
  }

  @Test
  void aCursorOfAnotherQueryIsRefused() {
    open(Bounds.Range.ALL);
    var random = new Random(3);
    for (int count = 0; count < 20; count++) {
      write(random);
    }
    RangeQuery query = RangeQuery.of(TestDocument.COLLECTION, 2);
    String cursor = queries.range(query, TestNode.soon()).after();
    assertRefused(ErrorCode.INVALID_CURSOR, query.withCursor(cursor).withOrder(Order.DESCENDING));
    assertRefused(
        ErrorCode.INVALID_CURSOR, query.withCursor(cursor).withRange(PrimaryKey.of(1), null));
    assertRefused(ErrorCode.INVALID_CURSOR, query.withCursor(cursor).withAt(node.oracle.take()));
  }

  @Test
  void limitsOutOfRangeAreRefused() {
    open(Bounds.Range.ALL);
    assertRefused(ErrorCode.INVALID_REQUEST, RangeQuery.of(TestDocument.COLLECTION, 0));
    assertRefused(
        ErrorCode.INVALID_REQUEST, RangeQuery.of(TestDocument.COLLECTION, Queries.LIMIT_MAX + 1));
  }

  @Test
  void aTimestampThatWasNotHandedOutIsRefused() {
    open(new Bounds.Hash(2, 0), new Bounds.Hash(2, 1));
    assertRefused(
        ErrorCode.TIMESTAMP_IN_FUTURE,
        RangeQuery.of(TestDocument.COLLECTION, 1).withAt(node.oracle.newest().plus(1_000_000)));
  }

  @Test
  void unknownNamesAreRefused() {
    open(Bounds.Range.ALL);
    assertRefused(ErrorCode.UNKNOWN_COLLECTION, RangeQuery.of("none", 1));
    assertThatThrownBy(() -> queries.index(IndexQuery.of("none", List.of(), 1), TestNode.soon()))
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNKNOWN_INDEX));
    assertThatThrownBy(() ->
            queries.index(
                IndexQuery.of("index-1", List.of(), 1).withPartition("none"), TestNode.soon()))
        .isInstanceOfSatisfying(
            DatabaseException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.UNKNOWN_PARTITION));
  }

  private void assertRefused(ErrorCode code, RangeQuery query) {
    assertThatThrownBy(() -> queries.range(query, TestNode.soon()))
        .isInstanceOfSatisfying(DatabaseException.class, e -> assertThat(e.code()).isEqualTo(code));
  }
}
