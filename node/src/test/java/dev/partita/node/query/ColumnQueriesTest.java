package dev.partita.node.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.IndexTerm;
import dev.partita.node.index.IndexValue;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.index.JsonColumns;
import dev.partita.node.index.JsonData;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.ColumnGroups;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.partition.PartitionCaller;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.partition.TestNode;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampOracle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Queries of a collection that is divided by columns, against a model that keeps every version of
/// every row, while writes go on.
final class ColumnQueriesTest {
  private static final int SEEDS = Integer.getInteger("partita.seeds", 6);
  private static final int STEPS = 60;

  private static final String COLLECTION = "people";

  /// The last one is of no document.
  private static final List<List<String>> GROUPS =
      List.of(List.of("name", "age"), List.of("seen"), List.of("tags", "note"), List.of("never"));

  private static final List<String> COLUMNS = GROUPS.stream().flatMap(List::stream).toList();

  private static final IndexDefinition AGES =
      new IndexDefinition(
          1,
          "ages",
          COLLECTION,
          List.of(IndexTerm.of("name")),
          List.of(IndexValue.descending("age")),
          false);

  private static final IndexDefinition TAGS =
      new IndexDefinition(
          2, "tags", COLLECTION, List.of(IndexTerm.of("tags[*]")), List.of(), false);

  @TempDir private Path directory;
  private TestNode node;
  private Queries queries;

  /// The rows of all groups by when they were written, none where one was deleted.
  private final NavigableMap<PrimaryKey, List<NavigableMap<Timestamp, Response.Row>>> model =
      new TreeMap<>();

  @BeforeEach
  void open() {
    node = new TestNode(directory);
    queries = queries(node, node.oracle);
  }

  @AfterEach
  void close() {
    node.close();
  }

  private Queries queries(PartitionCaller caller, TimestampOracle oracle) {
    return new Queries(node, caller, oracle, TestNode.CLOCK);
  }

  private void openGroups() {
    for (int at = 0; at < GROUPS.size(); at++) {
      openGroup(at + 1, GROUPS.get(at));
    }
    for (IndexDefinition index : List.of(AGES, TAGS)) {
      node.addIndex(index);
      node.awaitReady(index);
    }
  }

  private void openGroup(int number, List<String> columns) {
    node.open(TestNode.descriptor(number, COLLECTION, new Bounds.Columns(columns)));
  }

  private ColumnGroups groups() {
    return Objects.requireNonNull(node.columnGroups(COLLECTION));
  }

  // The model

  private static PrimaryKey randomKey(Random random) {
    return random.nextInt(4) == 0
        ? PrimaryKey.of("k" + random.nextInt(4))
        : PrimaryKey.of(random.nextInt(-6, 6));
  }

  private static JsonBytes randomDocument(Random random) {
    List<String> members = new ArrayList<>();
    if (random.nextBoolean()) {
      members.add("\"name\":\"n" + random.nextInt(3) + "\"");
    }
    if (random.nextBoolean()) {
      members.add("\"age\":" + random.nextInt(5) + ".0");
    }
    if (random.nextBoolean()) {
      members.add("\"seen\":" + random.nextInt(100));
    }
    if (random.nextBoolean()) {
      members.add("\"tags\":[\"a\",\"t" + random.nextInt(3) + "\"]");
    }
    if (random.nextBoolean()) {
      members.add("\"note\":null");
    }
    return JsonBytes.of("{" + String.join(",", members) + "}");
  }

  /// A whole document, nothing, or the row of one group.
  private void write(Random random) {
    PrimaryKey key = randomKey(random);
    int kind = random.nextInt(6);
    Map<PartitionDescriptor, JsonBytes> rows = new LinkedHashMap<>();
    Set<PartitionDescriptor> concerned = new LinkedHashSet<>(groups().all());
    if (kind > 0) {
      rows.putAll(groups().split(randomDocument(random)));
    }
    if (kind == 1) {
      concerned.retainAll(List.of(groups().all().get(random.nextInt(3))));
    }
    concerned.forEach(group -> write(group, key, rows.get(group)));
  }

  private void write(PartitionDescriptor group, PrimaryKey key, @Nullable JsonBytes row) {
    Mutation mutation = row == null ? Mutation.delete(key) : Mutation.put(key, row);
    Response response =
        node.call(new Request.Write(group.id(), group.epoch(), List.of(mutation), false));
    var written = (MutationResult.Written) ((Response.Writes) response).results().getFirst();
    List<NavigableMap<Timestamp, Response.Row>> rows =
        model.computeIfAbsent(
            key,
            _ ->
                GROUPS.stream()
                    .map(_ ->
                        (NavigableMap<Timestamp, Response.Row>)
                            new TreeMap<Timestamp, Response.Row>())
                    .toList());
    rows.get(group.columnGroup() - 1)
        .put(written.version(), new Response.Row(row == null ? null : written.version(), row));
  }

  private Response.Row row(PrimaryKey key, int group, Timestamp at) {
    var floor = Objects.requireNonNull(model.get(key)).get(group).floorEntry(at);
    return floor == null ? new Response.Row(null, null) : floor.getValue();
  }

  /// What a read of these columns is to find, as text; null if nothing.
  private @Nullable String document(PrimaryKey key, @Nullable List<String> columns, Timestamp at) {
    Timestamp version = null;
    Map<String, String> members = new LinkedHashMap<>();
    for (int group = 0; group < GROUPS.size(); group++) {
      Response.Row row = row(key, group, at);
      boolean asked = columns == null || GROUPS.get(group).stream().anyMatch(columns::contains);
      if (!asked || row.document() == null) {
        continue;
      }
      Timestamp written = Objects.requireNonNull(row.version());
      version = version == null || written.isAfter(version) ? written : version;
      JsonData.document(row.document())
          .properties()
          .forEach(member -> members.put(member.getKey(), member.getValue().toString()));
    }
    if (columns != null) {
      members.keySet().retainAll(columns);
    }
    return version == null ? null : key + "@" + version + new TreeMap<>(members);
  }

  private static String text(Document document) {
    Map<String, String> members = new TreeMap<>();
    JsonData.document(document.json())
        .properties()
        .forEach(member -> members.put(member.getKey(), member.getValue().toString()));
    return document.key() + "@" + document.version() + members;
  }

  private static @Nullable List<String> randomColumns(Random random) {
    if (random.nextInt(3) == 0) {
      return null;
    }
    var some = new TreeSet<String>();
    for (int count = 1 + random.nextInt(3); count > 0; count--) {
      some.add(COLUMNS.get(random.nextInt(COLUMNS.size())));
    }
    return List.copyOf(some);
  }

  @Test
  void pagesEqualTheModel() {
    openGroups();
    for (long seed = 1; seed <= SEEDS; seed++) {
      var random = new Random(seed);
      List<Timestamp> readable = new ArrayList<>();
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

  private void checkRange(Random random, @Nullable Timestamp at) {
    PrimaryKey start = random.nextBoolean() ? null : randomKey(random);
    PrimaryKey end = random.nextBoolean() ? null : randomKey(random);
    Order order = random.nextBoolean() ? Order.ASCENDING : Order.DESCENDING;
    List<String> columns = randomColumns(random);
    PageWalk.check(
        random,
        () -> write(random),
        read -> inOrder(order, documents(start, end, columns, read)),
        (limit, cursor) -> {
          Page<Document> page =
              queries.range(
                  new RangeQuery(COLLECTION, start, end, order, limit, cursor, at, columns),
                  TestNode.soon());
          return new Page<>(
              page.data().stream().map(ColumnQueriesTest::text).toList(),
              page.after(),
              page.before(),
              page.at());
        });
  }

  private List<String> documents(
      @Nullable PrimaryKey start,
      @Nullable PrimaryKey end,
      @Nullable List<String> columns,
      Timestamp read) {
    List<String> documents = new ArrayList<>();
    for (PrimaryKey key : model.keySet()) {
      boolean inside =
          (start == null || key.compareTo(start) >= 0) && (end == null || key.compareTo(end) < 0);
      String document = document(key, columns, read);
      if (inside && document != null) {
        documents.add(document);
      }
    }
    return documents;
  }

  /// What entries there are is the matter of others; here each has to bring its document.
  private void checkIndex(Random random, @Nullable Timestamp at) {
    IndexDefinition index = random.nextBoolean() ? AGES : TAGS;
    Order order = random.nextBoolean() ? Order.ASCENDING : Order.DESCENDING;
    List<String> columns = randomColumns(random);
    boolean documents = random.nextInt(4) > 0;
    PageWalk.check(
        random,
        () -> write(random),
        read -> inOrder(order, entries(index, read)),
        (limit, cursor) -> {
          Page<IndexHit> page =
              queries.index(
                  new IndexQuery(
                      index.name(), null, List.of(), order, limit, cursor, at, documents, columns),
                  TestNode.soon());
          for (IndexHit hit : page.data()) {
            Document document = hit.document();
            assertThat(document == null ? null : text(document))
                .isEqualTo(documents ? document(hit.key(), columns, page.at()) : null);
          }
          return new Page<>(
              page.data().stream().map(hit -> hit.key() + "=" + hit.values()).toList(),
              page.after(),
              page.before(),
              page.at());
        });
  }

  private record Entry(Datum term, Datum value, PrimaryKey key, String text) {}

  private List<String> entries(IndexDefinition index, Timestamp at) {
    List<Entry> entries = new ArrayList<>();
    for (PrimaryKey key : model.keySet()) {
      JsonBytes row = row(key, index.equals(AGES) ? 0 : 2, at).document();
      if (row == null) {
        continue;
      }
      var json = JsonData.document(row);
      if (index.equals(TAGS)) {
        json.path("tags")
            .forEach(tag ->
                entries.add(new Entry(JsonData.datum(tag), new Datum.Null(), key, key + "=[]")));
      } else if (json.has("name")) {
        var age = json.has("age") ? json.get("age") : JsonData.parse("null");
        entries.add(
            new Entry(
                JsonData.datum(json.get("name")),
                JsonData.datum(age),
                key,
                key + "=[" + age + "]"));
      }
    }
    entries.sort((one, other) -> {
      int order = one.term().compareTo(other.term());
      order = order == 0 ? other.value().compareTo(one.value()) : order;
      return order == 0 ? one.key().compareTo(other.key()) : order;
    });
    return entries.stream().map(Entry::text).toList();
  }

  private static List<String> inOrder(Order order, List<String> ascending) {
    List<String> list = new ArrayList<>(ascending);
    if (order == Order.DESCENDING) {
      Collections.reverse(list);
    }
    return list;
  }

  // What happens between two steps of a query

  private void put(long key, String json) {
    Map<PartitionDescriptor, JsonBytes> rows = groups().split(JsonBytes.of(json));
    groups().all().forEach(group -> write(group, PrimaryKey.of(key), rows.get(group)));
  }

  /// Writes both rows whenever one of them was read.
  @Test
  void rowsAreOfOneMoment() {
    openGroups();
    var count = new int[1];
    put(1, "{\"name\":\"0\",\"tags\":[\"0\"]}");
    PartitionCaller busy =
        (partition, request, deadline) -> {
          synchronized (count) {
            Response response = node.call(partition, request, deadline);
            count[0]++;
            put(1, "{\"name\":\"%d\",\"tags\":[\"%d\"]}".formatted(count[0], count[0]));
            node.oracle.take();
            return response;
          }
        };
    Queries disturbed = queries(busy, node.oracle);
    checkOneMoment(disturbed, null);
    checkOneMoment(disturbed, List.of("name", "tags"));
    for (List<String> columns : List.of(List.of("name", "tags"), List.of("seen", "tags"))) {
      IndexHit hit =
          disturbed
              .index(
                  IndexQuery.of("ages", List.of(), 10).withDocuments().withColumns(columns),
                  TestNode.soon())
              .data()
              .getFirst();
      checkOneMoment(Objects.requireNonNull(hit.document()));
    }
  }

  private void checkOneMoment(Queries disturbed, @Nullable List<String> columns) {
    checkOneMoment(
        disturbed
            .range(RangeQuery.of(COLLECTION, 10).withColumns(columns), TestNode.soon())
            .data()
            .getFirst());
  }

  private static void checkOneMoment(Document document) {
    var json = JsonData.document(document.json());
    String tag = json.path("tags").path(0).textValue();
    assertThat(json.has("name") ? json.get("name").textValue() : tag).isEqualTo(tag);
  }

  /// Whatever the partition that has the entries knows as the newest moment.
  @Test
  void whatWasWrittenBeforeAQueryIsRead() {
    openGroups();
    put(1, "{\"name\":\"a\"}");
    IndexQuery query = IndexQuery.of("ages", List.of(), 10).withDocuments();
    for (int at = 1; at < 5; at++) {
      write(groups().all().get(1), PrimaryKey.of(1), JsonBytes.of("{\"seen\":%d}".formatted(at)));
      for (IndexQuery each :
          List.of(
              query, query.withPartition(COLLECTION + "-1"), query.withColumns(List.of("seen")))) {
        assertThat(queries.index(each, TestNode.soon()).data())
            .extracting(hit ->
                JsonData.document(Objects.requireNonNull(hit.document()).json())
                    .path("seen")
                    .intValue())
            .containsExactly(at);
      }
    }
  }

  @Test
  void aGroupThatWasMadeBeforeTheTimestampIsRead() {
    openGroup(1, List.of("name"));
    put(1, "{\"name\":\"a\"}");
    var made = new AtomicBoolean();
    TimestampOracle slow =
        count -> {
          if (made.compareAndSet(false, true)) {
            openGroup(2, List.of("seen"));
            write(groups().all().getLast(), PrimaryKey.of(1), JsonBytes.of("{\"seen\":1}"));
          }
          return node.oracle.next(count);
        };
    Page<Document> page = queries(node, slow).range(RangeQuery.of(COLLECTION, 10), TestNode.soon());
    assertThat(page.data())
        .extracting(document -> JsonColumns.of(document.json()))
        .containsExactly(Set.of("name", "seen"));
  }

  @Test
  void aGroupThatIsLearntOfWithTheTimestampIsRead() {
    openGroup(1, List.of("name"));
    put(1, "{\"name\":\"a\"}");
    Timestamp before = node.oracle.take();
    var made = new AtomicBoolean();
    // As if this node had not heard of the group, and had the timestamp of one that has.
    Timestamp at = before.plus(1_000);
    node.onCatchUp(_ -> {
      if (made.compareAndSet(false, true)) {
        openGroup(2, List.of("seen"));
        write(groups().all().getLast(), PrimaryKey.of(1), JsonBytes.of("{\"seen\":1}"));
        node.oracle.jump(at);
      }
    });
    Page<Document> page = queries.range(RangeQuery.of(COLLECTION, 10).withAt(at), TestNode.soon());
    assertThat(page.data())
        .extracting(document -> JsonColumns.of(document.json()))
        .containsExactly(Set.of("name", "seen"));
  }

  @Test
  void onlyTheGroupsOfTheColumnsAreAsked() {
    openGroups();
    put(1, "{\"name\":\"a\",\"seen\":1,\"tags\":[\"t\"]}");
    Set<PartitionId> asked = Collections.synchronizedSet(new LinkedHashSet<>());
    PartitionCaller noting =
        (partition, request, deadline) -> {
          asked.add(partition.id());
          return node.call(partition, request, deadline);
        };
    var timestamps = new int[1];
    Queries frugal =
        queries(
            noting,
            count -> {
              timestamps[0]++;
              return node.oracle.next(count);
            });
    frugal.range(RangeQuery.of(COLLECTION, 10).withColumns(List.of("seen")), TestNode.soon());
    assertThat(asked).containsExactly(new PartitionId(2));
    asked.clear();
    frugal.index(IndexQuery.of("tags", List.of(), 10), TestNode.soon());
    assertThat(asked).containsExactly(new PartitionId(3));
    asked.clear();
    frugal.index(
        IndexQuery.of("tags", List.of(), 10).withDocuments().withColumns(List.of("note")),
        TestNode.soon());
    assertThat(asked).containsExactly(new PartitionId(3));
    assertThat(timestamps).as("one partition tells its own").containsExactly(0);
    asked.clear();
    frugal.index(
        IndexQuery.of("tags", List.of(), 10).withDocuments().withColumns(List.of("seen")),
        TestNode.soon());
    assertThat(asked).containsExactly(new PartitionId(3), new PartitionId(2));
  }

  @Test
  void largeDocumentsDoNotMakeLargePages() {
    openGroups();
    String large = "x".repeat(700_000);
    for (int key = 0; key < 60; key++) {
      put(key, "{\"name\":\"a\",\"note\":\"%s\"}".formatted(key % 2 == 0 ? large : ""));
    }
    IndexQuery query = IndexQuery.of("ages", List.of(), 1_000).withDocuments();
    List<PrimaryKey> keys = new ArrayList<>();
    String cursor = null;
    int pages = 0;
    do {
      Page<IndexHit> page = queries.index(query.withCursor(cursor), TestNode.soon());
      page.data().forEach(hit -> keys.add(hit.key()));
      cursor = page.after();
      pages++;
    } while (cursor != null);
    assertThat(pages).isGreaterThan(4);
    assertThat(keys).hasSize(60).doesNotHaveDuplicates();
  }

  @Test
  void whatMakesNoSenseIsRefused() {
    openGroups();
    assertThatThrownBy(() ->
            queries.range(
                RangeQuery.of(COLLECTION, 1).withColumns(List.of("other")), TestNode.soon()))
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_PARTITION));
    assertThatThrownBy(() ->
            queries.index(
                IndexQuery.of("ages", List.of(), 1).withPartition(COLLECTION + "-2"),
                TestNode.soon()))
        .isInstanceOfSatisfying(
            DatabaseException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST));
    String cursor = Objects.requireNonNull(twoDocuments().after(), "there is a second document");
    assertThatThrownBy(() ->
            queries.range(
                RangeQuery.of(COLLECTION, 1).withColumns(List.of("seen")).withCursor(cursor),
                TestNode.soon()))
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CURSOR));
  }

  private Page<Document> twoDocuments() {
    put(1, "{\"name\":\"a\"}");
    put(2, "{\"seen\":1}");
    return queries.range(RangeQuery.of(COLLECTION, 1), TestNode.soon());
  }
}
