package dev.partita.node.query;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.index.JsonData;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.ChangePosition;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.ReadSet;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.partition.TestNode;
import dev.partita.node.partition.Transaction;
import dev.partita.node.partition.TransactionId;
import dev.partita.node.partition.TransactionOutcome;
import dev.partita.node.time.Timestamp;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Changes of a collection that is divided by columns: each is about a document, whatever number of
/// its rows a transaction has changed.
final class ColumnChangesTest {
  private static final String PEOPLE = "people";
  private static final int KEYS = 12;
  private static final List<List<String>> COLUMNS =
      List.of(List.of("b", "a"), List.of("c"), List.of("d"));

  @TempDir private Path directory;
  private TestNode node;
  private Changes changes;
  private List<PartitionDescriptor> groups;

  @BeforeEach
  void open() {
    node = new TestNode(directory);
    changes = new Changes(node, node, node.oracle, TestNode.CLOCK);
    groups = new ArrayList<>();
    for (List<String> columns : COLUMNS) {
      PartitionDescriptor group =
          TestNode.descriptor(groups.size() + 1, PEOPLE, new Bounds.Columns(columns));
      node.open(group);
      groups.add(group);
    }
  }

  @AfterEach
  void close() {
    node.close();
  }

  private ChangePage page(ChangePosition after, int limit) {
    return changes.page(PEOPLE, after, limit, true, TestNode.soon());
  }

  /// Rows by the number of their group in [#COLUMNS]; null is a deletion.
  private Prepared prepare(PrimaryKey key, Map<Integer, @Nullable String> rows) {
    Timestamp began = node.oracle.take();
    List<PartitionDescriptor> participants = rows.keySet().stream().map(groups::get).toList();
    var transaction =
        new Transaction(
            TransactionId.random(),
            began,
            began,
            participants.stream().map(PartitionDescriptor::id).toList());
    Timestamp commit = began;
    for (var row : rows.entrySet()) {
      PartitionDescriptor group = groups.get(row.getKey());
      String document = row.getValue();
      Response response =
          node.call(
              new Request.Prepare(
                  group.id(),
                  group.epoch(),
                  transaction,
                  ReadSet.nothing(began),
                  List.of(
                      new Mutation(
                          key,
                          document == null ? null : JsonBytes.of(document),
                          new Mutation.Always()))));
      commit =
          switch (response) {
            case Response.Prepared(Timestamp at) -> Timestamp.later(commit, at);
            case Response.Finished(TransactionOutcome.Committed(Timestamp at)) -> at;
            default -> throw new AssertionError("not prepared: " + response);
          };
    }
    return new Prepared(transaction, participants, commit);
  }

  private record Prepared(
      Transaction transaction, List<PartitionDescriptor> participants, Timestamp commit) {}

  private void finish(Prepared prepared, boolean commits) {
    if (prepared.transaction().isOnePhase()) {
      return;
    }
    for (PartitionDescriptor group : prepared.participants()) {
      node.call(
          new Request.Finish(
              group.id(),
              group.epoch(),
              prepared.transaction().id(),
              prepared.transaction().started(),
              commits
                  ? new TransactionOutcome.Committed(prepared.commit())
                  : new TransactionOutcome.Aborted()));
    }
  }

  private Timestamp commit(long key, Map<Integer, @Nullable String> rows) {
    Prepared prepared = prepare(PrimaryKey.of(key), rows);
    finish(prepared, true);
    return prepared.commit();
  }

  private static Map<Integer, @Nullable String> rows(@Nullable String... rows) {
    Map<Integer, @Nullable String> byGroup = new TreeMap<>();
    for (int group = 0; group < rows.length; group++) {
      if (!"".equals(rows[group])) {
        byGroup.put(group, rows[group]);
      }
    }
    return byGroup;
  }

  @Test
  void whatATransactionChangesInSeveralGroupsIsOneChange() {
    ChangePosition start = ChangePosition.behind(node.oracle.take());
    Timestamp first =
        commit(1, rows("{\"id\":1,\"a\":1}", "{\"id\":1,\"c\":1}", "{\"id\":1,\"d\":1}"));
    Timestamp second = commit(1, rows("", "{\"id\":1,\"c\":2}"));
    Timestamp third = commit(1, rows(null, "{\"id\":1,\"c\":3}", null));
    Timestamp last = commit(1, rows(null, null, null));

    ChangePage all = page(start, 100);
    assertThat(all.changes())
        .containsExactly(
            new Change(
                PrimaryKey.of(1),
                first,
                JsonBytes.of("{\"id\":1,\"a\":1,\"c\":1,\"d\":1}"),
                null,
                List.of("a", "b", "c", "d")),
            new Change(
                PrimaryKey.of(1),
                second,
                JsonBytes.of("{\"id\":1,\"c\":2}"),
                JsonBytes.of("{\"id\":1,\"c\":1}"),
                List.of("c")),
            new Change(
                PrimaryKey.of(1),
                third,
                JsonBytes.of("{\"id\":1,\"c\":3}"),
                JsonBytes.of("{\"id\":1,\"a\":1,\"c\":2,\"d\":1}"),
                List.of("a", "b", "c", "d")),
            new Change(
                PrimaryKey.of(1), last, null, JsonBytes.of("{\"id\":1,\"c\":3}"), List.of("c")));
    // A page of one has all of one, and the next one goes on behind it.
    ChangePosition at = start;
    for (Change each : all.changes()) {
      ChangePage one = page(at, 1);
      assertThat(one.changes()).containsExactly(each);
      at = one.position();
    }
    assertThat(page(at, 1).changes()).isEmpty();
  }

  /// A copy of the collection by its changes.
  private final class Copy {
    private final Map<PrimaryKey, Document> documents = new HashMap<>();
    private ChangePosition position;
    private Timestamp resolved;

    /// Begins with what is there.
    Copy(Timestamp at) {
      position = ChangePosition.behind(at);
      resolved = at;
      documents.putAll(read());
    }

    /// @return whether that was all for now
    boolean step(int limit) {
      ChangePage page = page(position, limit);
      assertThat(page.changes().size()).isLessThanOrEqualTo(limit);
      ChangePosition last = position;
      for (Change change : page.changes()) {
        var at = new ChangePosition(change.timestamp(), change.key());
        assertThat(at).isGreaterThan(last);
        assertThat(change.timestamp()).isGreaterThan(resolved);
        take(change);
        last = at;
      }
      position = page.position();
      resolved = Timestamp.later(resolved, page.resolved());
      return !page.more();
    }

    private void take(Change change) {
      List<String> columns = Objects.requireNonNull(change.columns());
      assertThat(columns).isSorted();
      Document present = documents.get(change.key());
      JsonBytes before = change.before();
      ObjectNode former = JsonData.document(present == null ? JsonBytes.of("{}") : present.json());
      ObjectNode told = JsonData.document(before == null ? JsonBytes.of("{}") : before);
      columns.forEach(column -> assertThat(told.get(column)).isEqualTo(former.get(column)));
      JsonBytes document = change.document();
      if (document == null) {
        documents.remove(change.key());
        return;
      }
      former.remove(columns);
      former.setAll(JsonData.document(document));
      documents.put(change.key(), new Document(change.key(), change.timestamp(), sorted(former)));
    }

    void compare() {
      assertThat(documents).isEqualTo(read());
    }

    private Map<PrimaryKey, Document> read() {
      var found = new HashMap<PrimaryKey, Document>();
      new Queries(node, node, node.oracle, TestNode.CLOCK)
          .range(RangeQuery.of(PEOPLE, 1_000).withAt(resolved), TestNode.soon())
          .data()
          .forEach(document ->
              found.put(
                  document.key(),
                  new Document(
                      document.key(),
                      document.version(),
                      sorted(JsonData.document(document.json())))));
      return found;
    }
  }

  private static JsonBytes sorted(ObjectNode document) {
    ObjectNode sorted = document.objectNode();
    new TreeMap<>(
            document.properties().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)))
        .forEach(sorted::set);
    return JsonData.write(sorted);
  }

  /// Whole documents, some columns and deletions, in transactions that take their time, with pages
  /// of all sizes.
  @Test
  void aCopyThatIsMadeOfChangesIsTheCollectionAtEveryMark() {
    for (long seed = 0; seed < 4; seed++) {
      var random = new Random(seed);
      var copy = new Copy(node.oracle.take());
      node.oracle.take();
      Map<PrimaryKey, Prepared> open = new HashMap<>();
      int compared = 0;
      for (int step = 0; step < 250; step++) {
        PrimaryKey key = PrimaryKey.of(seed * KEYS + random.nextInt(KEYS));
        switch (random.nextInt(4)) {
          case 0, 1 -> {
            Prepared mine = open.remove(key);
            if (mine != null) {
              finish(mine, random.nextInt(4) > 0);
              break;
            }
            Prepared prepared = prepare(key, someRows(key, step, random));
            if (open.size() < 3 && random.nextInt(3) == 0) {
              open.put(key, prepared);
            } else {
              finish(prepared, true);
            }
          }
          default -> {
            if (copy.step(1 + random.nextInt(6)) && open.isEmpty()) {
              copy.compare();
              compared++;
            }
          }
        }
      }
      open.values().forEach(each -> finish(each, true));
      Timestamp end = node.oracle.take();
      while (copy.resolved.isBefore(end)) {
        copy.step(1 + random.nextInt(6));
      }
      copy.compare();
      assertThat(compared).as("seed " + seed).isPositive();
    }
  }

  /// As documents are written: no row but those of a whole document is deleted.
  private static Map<Integer, @Nullable String> someRows(PrimaryKey key, int n, Random random) {
    Map<Integer, @Nullable String> rows = new TreeMap<>();
    int kind = random.nextInt(4);
    for (int group = 0; group < COLUMNS.size(); group++) {
      String row =
          "{\"id\":%s,\"%s\":%d}".formatted(key.toString(), COLUMNS.get(group).getLast(), n);
      if (kind == 0) {
        rows.put(group, null);
      } else if (kind == 1) {
        rows.put(group, group == n % 3 || random.nextBoolean() ? row : null);
      } else if (group == n % 3 || random.nextInt(3) == 0) {
        rows.put(group, row);
      }
    }
    return rows;
  }
}
