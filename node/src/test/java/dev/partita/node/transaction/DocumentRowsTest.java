package dev.partita.node.transaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.index.JsonData;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.Epoch;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.NodeId;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DocumentRowsTest {
  private static final PrimaryKey KEY = PrimaryKey.of(7);
  private static final Response.Row NONE = new Response.Row(null, null);

  private static final PartitionDescriptor CONTACT = group(1, "mail", "name");
  private static final PartitionDescriptor PICTURE = group(2, "photo");
  private static final List<PartitionDescriptor> GROUPS = List.of(CONTACT, PICTURE);
  private static final PartitionDescriptor UNDIVIDED = partition(9, Bounds.Range.ALL, 0);

  private static PartitionDescriptor group(int number, String... columns) {
    return partition(number, new Bounds.Columns(List.of(columns)), number);
  }

  private static PartitionDescriptor partition(long id, Bounds bounds, int group) {
    return new PartitionDescriptor(
        new PartitionId(id),
        "people-" + id,
        1,
        "people",
        bounds,
        Epoch.FIRST,
        Configuration.of(Set.of(new NodeId(1)), Set.of()),
        group);
  }

  private static DocumentRows rows(
      @Nullable List<String> columns, List<PartitionDescriptor> owners) {
    return new DocumentRows("people", KEY, columns, owners);
  }

  private static Response.Row row(long version, String json) {
    return new Response.Row(new Timestamp(version), JsonBytes.of(json));
  }

  private static Mutation put(String json) {
    return Mutation.put(KEY, JsonBytes.of(json));
  }

  private static List<@Nullable String> written(
      DocumentRows rows, Mutation mutation, Map<PartitionDescriptor, Response.Row> before) {
    var written = new ArrayList<@Nullable String>();
    for (Mutation each : rows.mutations(mutation, before)) {
      assertThat(each.key()).isEqualTo(KEY);
      JsonBytes document = each.document();
      written.add(document == null ? null : document.toString());
    }
    return written;
  }

  @Test
  void aDocumentHasTheNewestVersionOfItsRowsAndTheColumnsAskedFor() {
    List<Response.Row> found =
        List.of(row(3, "{\"id\":7,\"name\":\"a\"}"), row(5, "{\"id\":7,\"photo\":1}"));

    assertThat(rows(null, GROUPS).join(found))
        .isEqualTo(row(5, "{\"id\":7,\"name\":\"a\",\"photo\":1}"));
    assertThat(rows(List.of("photo", "mail"), GROUPS).join(found))
        .isEqualTo(row(5, "{\"id\":7,\"photo\":1}"));
    assertThat(rows(null, GROUPS).join(List.of(found.getFirst(), NONE)))
        .isEqualTo(found.getFirst());
    assertThat(rows(null, GROUPS).join(List.of(NONE, NONE))).isEqualTo(NONE);
    assertThat(rows(null, List.of()).join(List.of())).isEqualTo(NONE);
    assertThat(
            rows(List.of("n"), List.of(UNDIVIDED))
                .join(List.of(row(2, "{\"id\":7,\"m\":1,\"n\":2}"))))
        .isEqualTo(row(2, "{\"id\":7,\"n\":2}"));
  }

  @Test
  void aWholeDocumentReplacesItsRowsAndDeletesTheOthers() {
    DocumentRows all = rows(null, GROUPS);
    assertThat(all.needsRows(put("{\"id\":7}"))).isFalse();
    assertThat(written(all, put("{\"id\":7,\"photo\":1}"), Map.of()))
        .containsExactly(null, "{\"id\":7,\"photo\":1}");
    assertThat(written(all, put("{\"id\":7,\"photo\":1,\"mail\":2}"), Map.of()))
        .containsExactly("{\"id\":7,\"mail\":2}", "{\"id\":7,\"photo\":1}");
    assertThat(written(all, put("{\"id\":7}"), Map.of())).containsExactly("{\"id\":7}", null);
    assertThat(written(all, Mutation.delete(KEY), Map.of())).containsExactly(null, null);
  }

  @Test
  void whatIsWrittenOfADividedDocumentIsWrittenWithoutConditions() {
    DocumentRows all = rows(null, GROUPS);
    Mutation insert = put("{\"id\":7,\"photo\":1}").when(new Mutation.IfAbsent());

    assertThat(all.needsRows(insert)).isTrue();
    assertThat(all.mutations(insert, Map.of()))
        .allMatch(mutation -> mutation.precondition() instanceof Mutation.Always);
  }

  @Test
  void columnsThatAreWrittenReplaceOnlyThemselves() {
    DocumentRows mail = rows(List.of("mail"), List.of(CONTACT));
    Map<PartitionDescriptor, Response.Row> before =
        Map.of(CONTACT, row(3, "{\"id\":7,\"name\":\"a\",\"mail\":\"old\"}"));

    assertThat(mail.needsRows(put("{\"id\":7}"))).isTrue();
    assertThat(written(mail, put("{\"id\":7,\"mail\":\"new\"}"), before))
        .containsExactly("{\"id\":7,\"name\":\"a\",\"mail\":\"new\"}");
    assertThat(written(mail, put("{\"id\":7}"), before))
        .containsExactly("{\"id\":7,\"name\":\"a\"}");
    assertThat(written(mail, put("{\"id\":7,\"mail\":\"new\"}"), Map.of(CONTACT, NONE)))
        .containsExactly("{\"id\":7,\"mail\":\"new\"}");
  }

  @Test
  void columnsThatAreAllOfAGroupNeedNoRow() {
    DocumentRows contact = rows(List.of("name", "mail"), List.of(CONTACT));
    assertThat(contact.needsRows(put("{\"id\":7}"))).isFalse();
    assertThat(contact.needsRows(put("{\"id\":7}").when(new Mutation.IfPresent()))).isTrue();
    assertThat(written(contact, put("{\"id\":7,\"mail\":1}"), Map.of()))
        .containsExactly("{\"id\":7,\"mail\":1}");
    // The document must not go with its last value.
    assertThat(written(contact, put("{\"id\":7}"), Map.of())).containsExactly("{\"id\":7}");
    DocumentRows both = rows(List.of("mail", "name", "photo"), GROUPS);
    assertThat(both.needsRows(put("{\"id\":7}"))).isFalse();
    assertThat(rows(List.of("mail", "photo"), GROUPS).needsRows(put("{\"id\":7}"))).isTrue();
  }

  @Test
  void columnsOfAnUndividedCollectionAreReplacedInItsDocument() {
    DocumentRows column = rows(List.of("n"), List.of(UNDIVIDED));
    assertThat(column.needsRows(put("{\"id\":7}"))).isTrue();
    assertThat(
            written(
                column,
                put("{\"id\":7,\"n\":2}"),
                Map.of(UNDIVIDED, row(3, "{\"id\":7,\"m\":1,\"n\":1}"))))
        .containsExactly("{\"id\":7,\"m\":1,\"n\":2}");

    DocumentRows whole = rows(null, List.of(UNDIVIDED));
    Mutation insert = put("{\"id\":7}").when(new Mutation.IfAbsent());
    assertThat(whole.needsRows(insert)).isFalse();
    assertThat(whole.mutations(insert, Map.of())).containsExactly(insert);
  }

  @Test
  void whatCannotBeWrittenIsRefused() {
    assertRefused(
        ErrorCode.INVALID_REQUEST,
        () ->
            rows(List.of("mail"), List.of(CONTACT))
                .mutations(put("{\"id\":7,\"name\":1}"), Map.of()));
    assertRefused(
        ErrorCode.INVALID_REQUEST,
        () -> rows(List.of("mail"), List.of(CONTACT)).mutations(Mutation.delete(KEY), Map.of()));
    assertRefused(
        ErrorCode.NO_PARTITION,
        () -> rows(null, GROUPS).mutations(put("{\"id\":7,\"age\":1}"), Map.of()));
    String large = "x".repeat(Request.DOCUMENT_BYTES_MAX - 100);
    assertRefused(
        ErrorCode.TOO_LARGE,
        () ->
            rows(List.of("mail"), List.of(CONTACT))
                .mutations(
                    put("{\"id\":7,\"mail\":\"%s\"}".formatted(large)),
                    Map.of(CONTACT, row(1, "{\"id\":7,\"name\":\"%s\"}".formatted(large)))));
  }

  private static void assertRefused(ErrorCode code, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            DatabaseException.class, failure -> assertThat(failure.code()).isEqualTo(code));
  }

  /// Documents that are written in all ways, and read in all ways, are what a map would hold.
  @Test
  void rowsAreWhatADocumentIsByAnySeriesOfWrites() {
    List<PartitionDescriptor> groups =
        List.of(group(1, "a", "b"), group(2, "c"), group(3, "d", "e"));
    List<String> names = List.of("a", "b", "c", "d", "e");
    for (long seed = 0; seed < 50; seed++) {
      var random = new Random(seed);
      Map<PartitionDescriptor, Response.Row> stored = new HashMap<>();
      groups.forEach(group -> stored.put(group, NONE));
      ObjectNode model = null;
      for (int step = 1; step <= 40; step++) {
        ObjectNode values = JsonNodeFactory.instance.objectNode().put("id", 7);
        List<String> some = names.stream().filter(_ -> random.nextInt(3) == 0).toList();
        boolean whole = some.isEmpty() || random.nextInt(3) == 0;
        for (String name : whole ? names : some) {
          if (random.nextBoolean()) {
            values.put(name, step);
          }
        }
        List<PartitionDescriptor> owners =
            groups.stream()
                .filter(group -> whole || some.stream().anyMatch(columns(group)::contains))
                .toList();
        DocumentRows rows = rows(whole ? null : some, owners);
        boolean deletes = whole && random.nextInt(5) == 0;
        Mutation mutation =
            deletes ? Mutation.delete(KEY) : Mutation.put(KEY, JsonData.write(values));
        Map<PartitionDescriptor, Response.Row> before = new HashMap<>();
        if (rows.needsRows(mutation)) {
          owners.forEach(owner -> before.put(owner, stored.getOrDefault(owner, NONE)));
        }
        List<Mutation> mutations = rows.mutations(mutation, before);
        for (int at = 0; at < owners.size(); at++) {
          JsonBytes document = mutations.get(at).document();
          stored.put(
              owners.get(at),
              document == null ? NONE : new Response.Row(new Timestamp(step), document));
        }
        model = deletes ? null : changed(whole || model == null ? values : model, values, some);
        Response.Row read =
            rows(null, groups)
                .join(groups.stream().map(each -> stored.getOrDefault(each, NONE)).toList());
        JsonBytes document = read.document();
        assertThat(document == null ? null : JsonData.document(document))
            .as("seed %d step %d", seed, step)
            .isEqualTo(model);
      }
    }
  }

  private static List<String> columns(PartitionDescriptor group) {
    return ((Bounds.Columns) group.bounds()).columns();
  }

  private static ObjectNode changed(ObjectNode model, ObjectNode values, List<String> columns) {
    ObjectNode changed = model.deepCopy();
    for (String column : columns) {
      if (values.has(column)) {
        changed.set(column, values.get(column));
      } else {
        changed.remove(column);
      }
    }
    return changed;
  }
}
