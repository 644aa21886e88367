package dev.partita.node.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.index.JsonColumns;
import dev.partita.node.index.JsonData;
import dev.partita.node.raft.Configuration;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ColumnGroupsTest {
  private static final List<String> VALUES =
      List.of(
          "1",
          "0.10",
          "1E+30",
          "123456789012345678901234567890.5",
          "null",
          "true",
          "\"\u00e9,\\n\"",
          "[1,[2],{}]",
          "{\"a\":{\"id\":1}}");

  private static final PartitionDescriptor PROFILE = group(1, "name", "email");
  private static final PartitionDescriptor LOGIN = group(2, "seen");
  private static final PartitionDescriptor PICTURE = group(7, "picture", "size");
  private static final ColumnGroups GROUPS =
      ColumnGroups.of("people", List.of(PICTURE, PROFILE, LOGIN));

  private static PartitionDescriptor group(int number, String... columns) {
    return new PartitionDescriptor(
        new PartitionId(100 + number),
        "group-" + number,
        5,
        "people",
        new Bounds.Columns(List.of(columns)),
        Epoch.FIRST,
        Configuration.EMPTY,
        number);
  }

  private static Response.Row row(long version, String json) {
    return new Response.Row(new Timestamp(version), JsonBytes.of(json));
  }

  private static final Response.Row NONE = new Response.Row(null, null);

  @Test
  void groupsAreInTheOrderOfTheirNumbers() {
    assertThat(GROUPS.all()).containsExactly(PROFILE, LOGIN, PICTURE);
    assertThat(GROUPS.numbered(7)).isEqualTo(PICTURE);
    assertThat(GROUPS.numbered(3)).isNull();
  }

  @Test
  void onlyTheGroupsOfTheColumnsAreNeeded() {
    assertThat(GROUPS.having(null)).containsExactly(PROFILE, LOGIN, PICTURE);
    assertThat(GROUPS.having(Set.of("size", "name"))).containsExactly(PROFILE, PICTURE);
    assertThat(GROUPS.having(Set.of("seen", "id"))).containsExactly(LOGIN);
    assertThat(GROUPS.having(Set.of("id"))).containsExactly(PROFILE, LOGIN, PICTURE);
  }

  @Test
  void aColumnOfNoGroupIsRefusedAndNamed() {
    assertThat(GROUPS.lacking(List.of("seen", "id", "age"))).containsExactly("age");
    assertThatThrownBy(() -> GROUPS.having(Set.of("seen", "age")))
        .isInstanceOf(DatabaseException.class)
        .hasMessageContaining("people")
        .hasMessageContaining("age");
    assertThatThrownBy(() -> GROUPS.split(JsonBytes.of("{\"id\":1,\"age\":2}")))
        .isInstanceOf(DatabaseException.class)
        .hasMessageContaining("age");
    assertThatThrownBy(() -> ColumnGroups.of("people", List.of()).having(null))
        .isInstanceOf(DatabaseException.class)
        .hasMessageContaining("people");
  }

  @Test
  void eachGroupGetsItsColumnsAndTheKey() {
    Map<PartitionDescriptor, JsonBytes> rows =
        GROUPS.split(
            JsonBytes.of("{\"id\":1,\"size\":0.10,\"email\":null,\"picture\":{\"name\":1}}"));
    assertThat(rows)
        .containsExactly(
            Map.entry(PROFILE, JsonBytes.of("{\"id\":1,\"email\":null}")),
            Map.entry(PICTURE, JsonBytes.of("{\"id\":1,\"size\":0.10,\"picture\":{\"name\":1}}")));
  }

  @Test
  void aDocumentWithoutColumnsIsInTheFirstGroup() {
    assertThat(GROUPS.split(JsonBytes.of("{\"id\":[1,\"a\"]}")))
        .containsExactly(Map.entry(PROFILE, JsonBytes.of("{\"id\":[1,\"a\"]}")));
  }

  @Test
  void rowsAreOneDocumentOfTheNewestVersion() {
    assertThat(
            ColumnGroups.join(
                List.of(row(5, "{\"id\":1,\"name\":2}"), NONE, row(3, "{\"id\":1,\"size\":3}"))))
        .isEqualTo(row(5, "{\"id\":1,\"name\":2,\"size\":3}"));
    assertThat(ColumnGroups.join(List.of(NONE, NONE))).isEqualTo(NONE);
    assertThat(ColumnGroups.join(List.of(NONE, row(3, "{\"id\":1}"))))
        .isEqualTo(row(3, "{\"id\":1}"));
  }

  @Test
  void whatWasSplitIsJoinedToTheSame() {
    var random = new Random(17);
    for (int round = 0; round < 2_000; round++) {
      List<String> columns = new ArrayList<>(List.of("a", "b", "c", "d", "e", "f"));
      List<PartitionDescriptor> some = new ArrayList<>();
      var left = new ArrayList<>(columns);
      while (!left.isEmpty()) {
        int take = 1 + random.nextInt(left.size());
        some.add(
            group(
                1 + random.nextInt(50) + 50 * some.size(),
                left.subList(0, take).toArray(String[]::new)));
        left.subList(0, take).clear();
      }
      ColumnGroups groups = ColumnGroups.of("people", some);
      JsonBytes document = document(columns, random);

      Map<PartitionDescriptor, JsonBytes> rows = groups.split(document);
      Response.Row joined =
          ColumnGroups.join(
              rows.values().stream().map(row -> new Response.Row(new Timestamp(1), row)).toList());

      assertThat(tree(Objects.requireNonNull(joined.document())))
          .as(document + " over " + some)
          .isEqualTo(tree(document));
      rows.forEach((group, row) -> {
        assertThat(row.toString()).startsWith("{\"id\":" + 7);
        assertThat(ColumnGroups.columns(group)).containsAll(JsonColumns.of(row));
      });
      // A part of it is what the groups of that part have, without the others.
      Set<String> asked = new LinkedHashSet<>();
      columns.stream().filter(_ -> random.nextBoolean()).forEach(asked::add);
      JsonBytes part = JsonColumns.project(document, asked);
      Response.Row read =
          ColumnGroups.join(
              groups.having(asked).stream()
                  .filter(rows::containsKey)
                  .map(group -> new Response.Row(new Timestamp(1), rows.get(group)))
                  .toList());
      if (read.document() != null) {
        assertThat(tree(JsonColumns.project(read.document(), asked))).isEqualTo(tree(part));
      } else {
        assertThat(JsonColumns.of(part)).isEmpty();
      }
    }
  }

  @Test
  void columnsAreReplacedAndOthersStay() {
    var random = new Random(18);
    List<String> columns = List.of("a", "b", "c", "d");
    for (int round = 0; round < 500; round++) {
      JsonBytes before = document(columns, random);
      JsonBytes by = document(columns, random);
      List<String> some = columns.stream().filter(_ -> random.nextBoolean()).toList();
      List<String> others = columns.stream().filter(column -> !some.contains(column)).toList();

      JsonBytes after = JsonColumns.replace(before, some, by);

      assertThat(tree(JsonColumns.project(after, some)))
          .isEqualTo(tree(JsonColumns.project(by, some)));
      assertThat(tree(JsonColumns.project(after, others)))
          .isEqualTo(tree(JsonColumns.project(before, others)));
    }
  }

  private static JsonBytes document(List<String> columns, Random random) {
    var json = new StringBuilder("{\"id\":7");
    for (String column : columns) {
      if (random.nextInt(3) > 0) {
        json.append(",\"")
            .append(column)
            .append("\":")
            .append(VALUES.get(random.nextInt(VALUES.size())));
      }
    }
    return JsonBytes.of(json.append('}').toString());
  }

  /// The text of each member, so that every digit counts.
  private static Map<String, String> tree(JsonBytes json) {
    Map<String, String> members = new TreeMap<>();
    JsonData.document(json)
        .properties()
        .forEach(member -> members.put(member.getKey(), member.getValue().toString()));
    return members;
  }
}
