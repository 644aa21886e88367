package dev.partita.node;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.admin.IndexSpec;
import dev.partita.node.admin.IndexView;
import dev.partita.node.document.Documents;
import dev.partita.node.document.SessionAction;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.ChangePosition;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.query.Change;
import dev.partita.node.query.ChangePage;
import dev.partita.node.query.Changes;
import dev.partita.node.query.Document;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transaction.OneShot;
import dev.partita.node.transaction.OneShotResult;
import dev.partita.node.transaction.OneShotTransactions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// Transactions over documents that are divided by columns: people with their contact and their
/// picture in two groups.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ColumnTransactionsClusterTest {
  private static final String PEOPLE = "people";

  private TestCluster cluster;

  @BeforeAll
  void found(@TempDir Path directory) {
    cluster = TestCluster.founded(directory, 3);
    cluster.createPartition("contact", PEOPLE, "{\"columns\":[\"mail\",\"name\"]}", 0, 1, 2);
    cluster.createPartition("picture", PEOPLE, "{\"columns\":[\"photo\",\"size\"]}", 0, 1, 2);
    index("people-by-name", "name", false);
    index("people-by-mail", "mail", true);
    for (String index : List.of("people-by-name", "people-by-mail")) {
      await()
          .atMost(TestCluster.PATIENCE)
          .ignoreExceptions()
          .until(() ->
              cluster.state().indexes().stream()
                  .anyMatch(
                      view -> view.name().equals(index) && view.state() == IndexView.State.READY));
    }
  }

  private void index(String name, String field, boolean unique) {
    cluster
        .admin()
        .putIndex(
            name,
            new IndexSpec(PEOPLE, List.of(new IndexSpec.Term(field)), List.of(), unique),
            cluster.deadline());
  }

  @AfterAll
  void close() {
    cluster.close();
  }

  private Documents documents(int node) {
    return TestCluster.documents(cluster.node(node));
  }

  private OneShotTransactions oneShots(int node) {
    return HistoryClients.oneShots(cluster.node(node));
  }

  private static OneShot.Write write(long key, String members, String... columns) {
    return new OneShot.Write(
        PEOPLE, put(key, members), columns.length == 0 ? null : List.of(columns));
  }

  private static Mutation put(long key, String members) {
    return Mutation.put(
        PrimaryKey.of(key),
        JsonBytes.of("{\"id\":%d%s}".formatted(key, members.isEmpty() ? "" : "," + members)));
  }

  private static OneShot.Item item(long key, String... columns) {
    return new OneShot.Item(
        PEOPLE, PrimaryKey.of(key), columns.length == 0 ? null : List.of(columns));
  }

  private OneShotResult run(OneShot request) {
    return oneShots(1).run(request, cluster.deadline());
  }

  private OneShotResult write(OneShot.Write... writes) {
    return run(new OneShot(null, List.of(), List.of(), List.of(writes)));
  }

  private List<@Nullable String> read(OneShot.Item... items) {
    var texts = new ArrayList<@Nullable String>();
    for (OneShotResult.Found found :
        run(new OneShot(null, List.of(items), List.of(), List.of())).reads()) {
      texts.add(found.document() == null ? null : found.document().toString());
    }
    return texts;
  }

  /// A document as a plain read sees it.
  private @Nullable String text(long key, String... columns) {
    Document document =
        documents(2)
            .get(
                PEOPLE,
                PrimaryKey.of(key),
                columns.length == 0 ? null : List.of(columns),
                null,
                cluster.deadline());
    return document == null ? null : document.json().toString();
  }

  private static void assertFails(ErrorCode code, ThrowingCallable statement) {
    assertThatThrownBy(statement)
        .isInstanceOfSatisfying(
            DatabaseException.class, failure -> assertThat(failure.code()).isEqualTo(code));
  }

  /// A session whose statements go to one node after the other.
  private final class Client {
    private final String id;
    private int node;

    Client(String options) {
      id = send(SessionAction.BEGIN, options).get("id").textValue();
    }

    Client() {
      this("");
    }

    ObjectNode send(SessionAction action, String body, Duration patience) {
      return cluster
          .node(node++ % 3)
          .sessions()
          .execute(
              action,
              action == SessionAction.BEGIN ? "" : id,
              body.getBytes(StandardCharsets.UTF_8),
              action == SessionAction.QUERY ? PEOPLE : "",
              cluster.deadline(patience));
    }

    ObjectNode send(SessionAction action, String body) {
      return send(action, body, TestCluster.PATIENCE);
    }

    private static String item(long key, String... columns) {
      return "{\"collection\":\"%s\",\"id\":%d%s}".formatted(PEOPLE, key, names(columns));
    }

    private static String names(String... columns) {
      return columns.length == 0 ? "" : ",\"columns\":[\"" + String.join("\",\"", columns) + "\"]";
    }

    JsonNode read(long key, String... columns) {
      return send(SessionAction.READ, item(key, columns)).get("document");
    }

    JsonNode lock(long key, String... columns) {
      return send(SessionAction.LOCK, item(key, columns)).get("document");
    }

    void put(long key, String members, String... columns) {
      send(
          SessionAction.WRITE,
          "{\"collection\":\"%s\",\"document\":{\"id\":%d%s}%s}"
              .formatted(PEOPLE, key, members.isEmpty() ? "" : "," + members, names(columns)));
    }

    void delete(long key) {
      send(SessionAction.WRITE, "{\"collection\":\"%s\",\"delete\":%d}".formatted(PEOPLE, key));
    }

    List<String> range(long start, long end, String order, int limit, String... columns) {
      return send(
              SessionAction.QUERY,
              "{\"collection\":\"%s\",\"start\":%d,\"end\":%d,\"order\":\"%s\",\"limit\":%d%s}"
                  .formatted(PEOPLE, start, end, order, limit, names(columns)))
          .get("data")
          .valueStream()
          .map(each -> each.get("document").toString())
          .toList();
    }

    List<String> index(String name, String... columns) {
      return send(
              SessionAction.QUERY,
              "{\"index\":\"people-by-name\",\"terms\":[\"%s\"],\"documents\":true%s}"
                  .formatted(name, names(columns)))
          .get("data")
          .valueStream()
          .map(each -> each.path("document").toString())
          .toList();
    }

    String commit() {
      return send(SessionAction.COMMIT, "").get("timestamp").textValue();
    }
  }

  @Test
  void aRequestReadsAndWritesAnyColumns() {
    OneShotResult first = write(write(1, "\"name\":\"Ada\",\"photo\":1"), write(2, "\"size\":2"));
    assertThat(read(item(1), item(1, "photo"), item(1, "mail", "name"), item(2, "name"), item(2)))
        .containsExactly(
            "{\"id\":1,\"name\":\"Ada\",\"photo\":1}",
            "{\"id\":1,\"photo\":1}",
            "{\"id\":1,\"name\":\"Ada\"}",
            null,
            "{\"id\":2,\"size\":2}");

    // Of the picture only; then the contact has an older version than the whole document.
    OneShotResult second = write(write(1, "\"photo\":2", "photo", "size"));
    OneShot.Condition unchanged =
        new OneShot.Condition(item(1, "name"), new Mutation.IfVersion(first.at()));
    OneShot.Condition whole = new OneShot.Condition(item(1), new Mutation.IfVersion(second.at()));
    OneShot.Write size = write(1, "\"size\":7", "size");
    run(new OneShot(null, List.of(), List.of(unchanged, whole), List.of(size)));
    assertThat(text(1)).isEqualTo("{\"id\":1,\"name\":\"Ada\",\"photo\":2,\"size\":7}");

    OneShot late = new OneShot(null, List.of(), List.of(whole), List.of(size));
    assertFails(ErrorCode.CONDITION_FAILED, () -> run(late));
    OneShot.Write insert =
        new OneShot.Write(PEOPLE, put(1, "\"name\":\"x\"").when(new Mutation.IfAbsent()));
    assertFails(ErrorCode.CONDITION_FAILED, () -> write(insert));
    assertFails(ErrorCode.NO_PARTITION, () -> write(write(1, "\"age\":1")));
    assertFails(ErrorCode.NO_PARTITION, () -> read(item(1, "age")));
    assertFails(ErrorCode.INVALID_REQUEST, () -> write(write(1, "\"name\":\"x\"", "photo")));

    // What a whole document does not have goes.
    write(
        write(1, "\"mail\":\"a1\""), new OneShot.Write(PEOPLE, Mutation.delete(PrimaryKey.of(2))));
    assertThat(read(item(1), item(1, "photo"), item(2)))
        .containsExactly("{\"id\":1,\"mail\":\"a1\"}", null, null);
  }

  @Test
  void whatAClientNumbersHappensOnceWhateverRowsItHas() {
    OneShot once =
        new OneShot(
            new OneShot.Name("columns", 1),
            List.of(item(9)),
            List.of(),
            List.of(write(9, "\"photo\":1"), write(10, "\"name\":\"b\"", "name")));
    OneShotResult first = oneShots(0).run(once, cluster.deadline());
    write(write(9, "\"photo\":2"));
    OneShotResult again = oneShots(2).run(once, cluster.deadline());
    assertThat(again.repeated()).isTrue();
    assertThat(again.at()).isEqualTo(first.at());
    assertThat(again.reads()).isEqualTo(first.reads());
    assertThat(text(9)).isEqualTo("{\"id\":9,\"photo\":2}");
  }

  @Test
  void aSessionSeesWhatItHasWrittenInEveryGroup() {
    write(
        write(20, "\"name\":\"s20\",\"photo\":1"),
        write(21, "\"name\":\"s21\",\"photo\":1,\"size\":1"),
        write(22, "\"photo\":1"),
        write(23, "\"name\":\"s23\""));
    var client = new Client();
    client.put(20, "\"photo\":2", "photo", "size");
    client.put(21, "\"name\":\"s20\"", "name");
    client.put(22, "\"name\":\"s20\"");
    client.put(24, "\"size\":4", "size");
    client.delete(23);

    assertThat(client.read(20)).hasToString("{\"id\":20,\"name\":\"s20\",\"photo\":2}");
    assertThat(client.read(20, "name")).hasToString("{\"id\":20,\"name\":\"s20\"}");
    assertThat(client.read(21)).hasToString("{\"id\":21,\"name\":\"s20\",\"photo\":1,\"size\":1}");
    assertThat(client.read(22, "photo").isNull()).isTrue();
    List<String> all =
        List.of(
            "{\"id\":20,\"name\":\"s20\",\"photo\":2}",
            "{\"id\":21,\"name\":\"s20\",\"photo\":1,\"size\":1}",
            "{\"id\":22,\"name\":\"s20\"}",
            "{\"id\":24,\"size\":4}");
    assertThat(client.range(20, 29, "asc", 100)).isEqualTo(all);
    assertThat(client.range(20, 29, "desc", 3)).isEqualTo(all.subList(1, 4).reversed());
    assertThat(client.range(20, 29, "asc", 100, "photo"))
        .containsExactly("{\"id\":20,\"photo\":2}", "{\"id\":21,\"photo\":1}", "{\"id\":24}");
    assertThat(client.index("s20")).isEqualTo(all.subList(0, 3));
    assertThat(client.index("s20", "name", "mail"))
        .containsExactly(
            "{\"id\":20,\"name\":\"s20\"}",
            "{\"id\":21,\"name\":\"s20\"}",
            "{\"id\":22,\"name\":\"s20\"}");
    assertThat(client.index("s21")).isEmpty();
    assertThat(text(20)).isEqualTo("{\"id\":20,\"name\":\"s20\",\"photo\":1}");

    client.commit();
    assertThat(new Client("{\"readOnly\":true}").range(20, 29, "asc", 100)).isEqualTo(all);
  }

  @Test
  void whatASessionHasReadOfADocumentMustBeUnchangedAndNothingElse() {
    write(write(30, "\"name\":\"a\",\"photo\":1"), write(31, "\"photo\":1"));
    var ofName = new Client();
    var ofAll = new Client();
    var ofNothing = new Client();
    var ofRange = new Client();
    ofName.read(30, "name");
    ofAll.read(30);
    ofNothing.read(31, "name");
    ofRange.range(30, 32, "asc", 10, "photo");
    write(write(30, "\"photo\":2", "photo"));
    ofName.put(32, "\"photo\":1");
    ofName.commit();
    ofAll.put(33, "\"photo\":1");
    assertFails(ErrorCode.SERIALIZATION_FAILURE, ofAll::commit);
    ofRange.put(33, "\"photo\":1");
    assertFails(ErrorCode.SERIALIZATION_FAILURE, ofRange::commit);
    write(write(31, "\"name\":\"new\"", "name"));
    ofNothing.put(33, "\"photo\":1");
    assertFails(ErrorCode.SERIALIZATION_FAILURE, ofNothing::commit);
    assertThat(text(33)).isNull();
  }

  @Test
  void locksAreOfTheColumnsThatAreNamed() {
    write(write(40, "\"name\":\"a\",\"photo\":1"));
    var one = new Client();
    var other = new Client();
    assertThat(one.lock(40, "name")).hasToString("{\"id\":40,\"name\":\"a\"}");
    assertThat(other.lock(40, "photo", "size")).hasToString("{\"id\":40,\"photo\":1}");
    Duration soon = Duration.ofMillis(300);
    assertFails(
        ErrorCode.UNAVAILABLE, () -> new Client().send(SessionAction.LOCK, Client.item(40), soon));
    one.put(40, "\"name\":\"b\"", "name");
    other.put(40, "\"photo\":2", "photo");
    one.commit();
    other.commit();
    assertThat(text(40)).isEqualTo("{\"id\":40,\"name\":\"b\",\"photo\":2}");
  }

  /// A whole document is read, or written, by somebody who does not know of a group that is
  /// declared before the commit.
  @Test
  void aGroupThatIsDeclaredBeforeTheCommitIsNotMissed() {
    String late = "late";
    cluster.createPartition("late-1", late, "{\"columns\":[\"a\"]}", 0, 1, 2);
    String document = "{\"collection\":\"late\",\"document\":{\"id\":%d,\"a\":1}}";
    var writer = new Client();
    writer.send(SessionAction.WRITE, document.formatted(1));
    var reader = new Client();
    reader.send(SessionAction.READ, "{\"collection\":\"late\",\"id\":2}");
    reader.send(SessionAction.WRITE, document.formatted(3).replace("}}", "},\"columns\":[\"a\"]}"));
    var column = new Client();
    column.send(SessionAction.READ, "{\"collection\":\"late\",\"id\":2,\"columns\":[\"a\"]}");
    column.send(SessionAction.WRITE, document.formatted(4).replace("}}", "},\"columns\":[\"a\"]}"));

    cluster.createPartition("late-2", late, "{\"columns\":[\"b\"]}", 0, 1, 2);
    for (long key = 1; key <= 2; key++) {
      PrimaryKey id = PrimaryKey.of(key);
      assertThat(
              documents(0)
                  .write(
                      late,
                      Mutation.put(id, JsonBytes.of("{\"id\":%d,\"b\":1}".formatted(key))),
                      List.of("b"),
                      cluster.deadline()))
          .isInstanceOf(MutationResult.Written.class);
    }

    assertFails(ErrorCode.SERIALIZATION_FAILURE, writer::commit);
    assertFails(ErrorCode.SERIALIZATION_FAILURE, reader::commit);
    column.commit();
    // Who begins again finds it, and so do requests by themselves.
    oneShots(2)
        .run(
            new OneShot(
                null,
                List.of(),
                List.of(),
                List.of(
                    new OneShot.Write(
                        late, Mutation.put(PrimaryKey.of(1), JsonBytes.of("{\"id\":1,\"a\":2}"))))),
            cluster.deadline());
    Document whole = documents(1).get(late, PrimaryKey.of(1), null, cluster.deadline());
    assertThat(requireNonNull(whole).json()).hasToString("{\"id\":1,\"a\":2}");
  }

  @Test
  void uniqueTermsAreThoseOfTheRowInTheirGroup() {
    write(write(50, "\"mail\":\"m50\",\"photo\":1"));
    assertFails(ErrorCode.UNIQUE_VIOLATION, () -> write(write(51, "\"mail\":\"m50\"")));
    assertFails(ErrorCode.UNIQUE_VIOLATION, () -> write(write(51, "\"mail\":\"m50\"", "mail")));
    MutationResult taken =
        documents(0)
            .write(
                PEOPLE, put(51, "\"mail\":\"m50\""), List.of("mail", "name"), cluster.deadline());
    assertThat(taken).isInstanceOf(MutationResult.UniqueViolation.class);
    var session = new Client();
    session.put(51, "\"mail\":\"m50\"", "mail");
    assertFails(ErrorCode.UNIQUE_VIOLATION, session::commit);
    assertThat(text(51)).isNull();

    // The picture has nothing to do with it; without the contact the mail is free.
    write(write(50, "\"photo\":2", "photo"));
    assertFails(ErrorCode.UNIQUE_VIOLATION, () -> write(write(51, "\"mail\":\"m50\"")));
    write(write(50, "\"photo\":3"));
    var other = new Client();
    other.put(51, "\"mail\":\"m50\"", "mail");
    other.commit();
    assertFails(ErrorCode.UNIQUE_VIOLATION, () -> write(write(50, "\"mail\":\"m50\"", "mail")));
    // Both at once.
    write(write(51, "\"mail\":\"m51\"", "mail"), write(50, "\"mail\":\"m50\"", "mail"));
    assertThat(read(item(50), item(51)))
        .containsExactly(
            "{\"id\":50,\"mail\":\"m50\",\"photo\":3}", "{\"id\":51,\"mail\":\"m51\"}");
  }

  @Test
  void aTransactionIsOneChangeOfEachDocument() {
    Node node = cluster.node(0);
    var changes = new Changes(node.router(), node.router(), node.oracle(), node.clock());
    ChangePosition start = changes.now(PEOPLE, cluster.deadline());
    Timestamp whole = write(write(60, "\"name\":\"a\",\"photo\":1"), write(61, "\"photo\":1")).at();
    Timestamp part = write(write(60, "\"size\":2", "size")).at();

    List<Change> seen = new ArrayList<>();
    while (seen.size() < 3) {
      ChangePage page = changes.page(PEOPLE, start, 1, false, cluster.deadline());
      page.changes().stream()
          .filter(change -> change.key().compareTo(PrimaryKey.of(60)) >= 0)
          .filter(change -> change.key().compareTo(PrimaryKey.of(62)) < 0)
          .forEach(seen::add);
      start = page.position();
    }
    assertThat(seen)
        .containsExactly(
            new Change(
                PrimaryKey.of(60),
                whole,
                JsonBytes.of("{\"id\":60,\"name\":\"a\",\"photo\":1}"),
                null,
                List.of("mail", "name", "photo", "size")),
            new Change(
                PrimaryKey.of(61),
                whole,
                JsonBytes.of("{\"id\":61,\"photo\":1}"),
                null,
                List.of("photo", "size")),
            new Change(
                PrimaryKey.of(60),
                part,
                JsonBytes.of("{\"id\":60,\"photo\":1,\"size\":2}"),
                null,
                List.of("photo", "size")));
  }
}
