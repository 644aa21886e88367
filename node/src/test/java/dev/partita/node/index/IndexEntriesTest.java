package dev.partita.node.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.key.Datum;
import dev.partita.node.key.Key;
import dev.partita.node.key.KeyReader;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.key.RandomData;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

final class IndexEntriesTest {

  private static final PrimaryKey KEY = PrimaryKey.of(1);

  private static IndexDefinition index(List<String> terms, IndexValue... values) {
    return new IndexDefinition(
        1, "index", "things", terms.stream().map(IndexTerm::of).toList(), List.of(values), false);
  }

  /// The entries as `terms | values | covered`.
  private static List<String> entries(IndexDefinition index, String json) {
    return IndexEntries.of(index, KEY, JsonData.document(JsonBytes.of(json))).stream()
        .map(entry -> text(index, entry))
        .toList();
  }

  private static String text(IndexDefinition index, IndexEntry entry) {
    var in = new KeyReader(entry.position());
    Function<Datum, String> json = datum -> JsonData.toJson(datum).toString();
    var terms = index.terms().stream().map(_ -> json.apply(in.read())).toList();
    var values =
        index.values().stream().map(value -> json.apply(in.read(value.descending()))).toList();
    assertThat(PrimaryKey.read(in)).isEqualTo(KEY);
    return terms + " " + values + " " + entry.covered();
  }

  @Test
  void aFieldGivesOneEntry() {
    var index = index(List.of("color"), IndexValue.descending("size"));
    assertThat(entries(index, "{\"color\":\"red\",\"size\":1.50,\"x\":0}"))
        .containsExactly("[\"red\"] [1.5] [1.50]");
    assertThat(entries(index, "{\"color\":12345678901234567890,\"size\":false}"))
        .containsExactly("[12345678901234567890] [false] [false]");
  }

  @Test
  void aMissingTermIsNullUnlessAllAreMissing() {
    var index = index(List.of("a", "b"), IndexValue.ascending("c"));
    assertThat(entries(index, "{\"a\":1}")).containsExactly("[1, null] [null] [null]");
    assertThat(entries(index, "{\"b\":null,\"c\":2}")).containsExactly("[null, null] [2] [2]");
    assertThat(entries(index, "{\"c\":2}")).isEmpty();
  }

  @Test
  void anIndexWithoutTermsHasEveryDocument() {
    var index = index(List.of(), IndexValue.ascending("a"));
    assertThat(entries(index, "{}")).containsExactly("[] [null] [null]");
    assertThat(
            IndexEntries.of(
                IndexDefinition.primaryOrder("things"), KEY, JsonData.document(JsonBytes.of("{}"))))
        .containsExactly(new IndexEntry(KEY.encoded(), JsonBytes.of("[]"), false));
  }

  @Test
  void arrayElementsGiveOneEntryEach() {
    var index = index(List.of("tags[*]"));
    assertThat(entries(index, "{\"tags\":[\"b\",\"a\",\"b\",1,1.0,[2],{}]}"))
        .containsExactly("[\"b\"] [] []", "[\"a\"] [] []", "[1] [] []", "[[2]] [] []");
    assertThat(entries(index, "{\"tags\":[]}")).isEmpty();
    assertThat(entries(index, "{\"tags\":\"a\"}")).isEmpty();
    assertThat(entries(index(List.of("tags[*]", "x")), "{\"tags\":[],\"x\":1}"))
        .containsExactly("[null, 1] [] []");
  }

  @Test
  void severalArraysGiveEveryCombination() {
    var index = index(List.of("a[*]"), IndexValue.ascending("b[*].c"));
    assertThat(entries(index, "{\"a\":[1,2],\"b\":[{\"c\":3},{},{\"c\":4}]}"))
        .containsExactly("[1] [3] [3]", "[1] [4] [4]", "[2] [3] [3]", "[2] [4] [4]");
  }

  @Test
  void objectsHaveNoOrderButAreCovered() {
    var index = index(List.of("a"), IndexValue.ascending("b"));
    assertThat(entries(index, "{\"a\":{\"x\":1},\"b\":1}")).isEmpty();
    assertThat(entries(index, "{\"a\":1,\"b\":{\"x\":[1]}}"))
        .containsExactly("[1] [null] [{\"x\":[1]}]");
  }

  @Test
  void halfOfASurrogatePairIsIndexedAndCovered() {
    var index = index(List.of("a"), IndexValue.ascending("b"));
    String json = "{\"a\":\"\\ud800\",\"b\":\"\\udc00\u00e9\"}";
    IndexEntry entry =
        IndexEntries.of(index, KEY, JsonData.document(JsonBytes.of(json))).getFirst();
    assertThat(new KeyReader(entry.position()).read()).isEqualTo(Datum.of("\ud800"));
    assertThat(JsonData.datum(JsonData.parse(entry.covered().toString())))
        .isEqualTo(Datum.of(List.of(Datum.of("\udc00\u00e9"))));
  }

  @Test
  void positionsSortAsTermsThenValuesThenKeys() {
    var random = new Random(5);
    var index = index(List.of("a", "b"), IndexValue.descending("c"), IndexValue.ascending("d"));
    record Placed(List<Datum> fields, PrimaryKey key, Key position) {}
    var data = new RandomData(5);
    var placed = new ArrayList<Placed>();
    for (int count = 0; count < 300; count++) {
      List<Datum> fields = new ArrayList<>();
      ObjectNode document = JsonNodeFactory.instance.objectNode();
      for (String name : List.of("a", "b", "c", "d")) {
        Datum field = data.datum(1);
        fields.add(field);
        document.set(name, JsonData.toJson(field));
      }
      PrimaryKey key = PrimaryKey.of(random.nextInt(-3, 3));
      IndexEntry entry = IndexEntries.of(index, key, document).getFirst();
      placed.add(new Placed(fields, key, entry.position()));
    }
    for (Placed one : placed) {
      for (Placed other : placed) {
        int order = one.fields().get(0).compareTo(other.fields().get(0));
        order = order != 0 ? order : one.fields().get(1).compareTo(other.fields().get(1));
        order = order != 0 ? order : other.fields().get(2).compareTo(one.fields().get(2));
        order = order != 0 ? order : one.fields().get(3).compareTo(other.fields().get(3));
        order = order != 0 ? order : one.key().compareTo(other.key());
        assertThat(Integer.signum(one.position().compareTo(other.position())))
            .isEqualTo(Integer.signum(order));
      }
    }
  }

  @Test
  void tooManyAndTooLargeEntriesAreRefused() {
    String numbers = String.join(",", Collections.nCopies(40, "0"));
    assertTooLarge(
        index(List.of("a[*]", "b[*]")), "{\"a\":[" + numbers + "],\"b\":[" + numbers + "]}");
    assertTooLarge(index(List.of("a")), "{\"a\":\"" + "x".repeat(4_100) + "\"}");
    assertTooLarge(
        index(List.of("a"), IndexValue.ascending("b")),
        "{\"a\":1,\"b\":{\"c\":\"" + "x".repeat(33_000) + "\"}}");
  }

  private static void assertTooLarge(IndexDefinition index, String json) {
    assertThatThrownBy(() -> entries(index, json))
        .isInstanceOfSatisfying(
            DatabaseException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TOO_LARGE));
  }

  @Test
  void keysOfEntriesTellTheirRowAndTerms() {
    var index = index(List.of("a", "b"), IndexValue.descending("c"));
    var keys = new IndexKeys(index, 42);
    var document = JsonData.document(JsonBytes.of("{\"a\":1,\"b\":\"x\",\"c\":true}"));
    Key position = IndexEntries.of(index, KEY, document).getFirst().position();
    assertThat(IndexKeys.position(keys.key(position))).isEqualTo(position);
    assertThat(keys.primaryKey(position)).isEqualTo(KEY);
    assertThat(keys.startingWith(List.of(Datum.of(1))).contains(keys.key(position))).isTrue();
    assertThat(keys.startingWith(List.of(Datum.of(2))).contains(keys.key(position))).isFalse();
    assertThat(keys.key(position).startsWith(keys.sameTerms(position))).isTrue();
    assertThat(new IndexKeys(index, 43).all().contains(keys.key(position))).isFalse();
  }
}
