package dev.partita.node.index;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.key.Datum;
import dev.partita.node.key.Key;
import dev.partita.node.key.KeyWriter;
import dev.partita.node.key.PrimaryKey;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Computes the entries of documents.
///
/// A path that ends at several array elements gives one entry for each distinct one, several such
/// paths give every combination. A path that ends at an object, or at an array with an object in
/// it, gives something without order: it counts as missing, but a value is covered all the same. An
/// explicit null is a value like others.
public final class IndexEntries {

  /// Entries of one document in one index.
  public static final int ENTRIES_MAX = 1_000;

  /// Bytes of an entry's position; the primary key may take 1,100 of them.
  public static final int POSITION_BYTES_MAX = 4_096;

  /// Bytes of an entry's covered values.
  public static final int COVERED_BYTES_MAX = 32_768;

  private static final JsonBytes NOTHING_COVERED = JsonBytes.of("[]");

  private static final Found MISSING = new Found(new Datum.Null(), null);

  private IndexEntries() {}

  /// The entries of a document, each with another position.
  ///
  /// @throws DatabaseException [ErrorCode#TOO_LARGE] when they are too many or one is too large
  public static List<IndexEntry> of(IndexDefinition index, PrimaryKey key, ObjectNode document) {
    List<List<Found>> terms = new ArrayList<>(index.terms().size());
    boolean found = index.terms().isEmpty();
    for (IndexTerm term : index.terms()) {
      List<Found> choices = find(term.field(), document);
      choices.removeIf(choice -> choice.order() == null);
      found |= !choices.isEmpty();
      terms.add(choices.isEmpty() ? List.of(MISSING) : choices);
    }
    if (!found) {
      return List.of();
    }
    List<List<Found>> fields = new ArrayList<>(terms);
    for (IndexValue value : index.values()) {
      List<Found> choices = find(value.field(), document);
      fields.add(choices.isEmpty() ? List.of(MISSING) : choices);
    }
    Map<Key, IndexEntry> entries = new LinkedHashMap<>();
    for (int number = 0, count = combinations(index, fields); number < count; number++) {
      IndexEntry entry = entry(index, key, combination(fields, number));
      entries.putIfAbsent(entry.position(), entry);
    }
    return List.copyOf(entries.values());
  }

  /// What a path ended at.
  ///
  /// @param order null for what has none
  /// @param json null for what is missing
  private record Found(@Nullable Datum order, @Nullable JsonNode json) {}

  private static List<Found> find(FieldPath path, ObjectNode document) {
    List<JsonNode> nodes = List.of(document);
    for (FieldPath.Step step : path.steps()) {
      List<JsonNode> next = new ArrayList<>();
      for (JsonNode node : nodes) {
        switch (step) {
          case FieldPath.Member(String name) -> {
            JsonNode member = node.get(name);
            if (member != null) {
              next.add(member);
            }
          }
          case FieldPath.Elements() -> {
            if (node.isArray()) {
              node.forEach(next::add);
            }
          }
        }
      }
      nodes = next;
    }
    List<Found> found = new ArrayList<>(nodes.size());
    nodes.forEach(node -> found.add(new Found(order(node), node)));
    return found;
  }

  private static @Nullable Datum order(JsonNode node) {
    return JsonData.hasOrder(node) ? JsonData.datum(node) : null;
  }

  private static int combinations(IndexDefinition index, List<List<Found>> fields) {
    long count = 1;
    for (List<Found> choices : fields) {
      count *= choices.size();
      if (count > ENTRIES_MAX) {
        throw new DatabaseException(ErrorCode.TOO_LARGE, "too many index entries in a document")
            .with("index", index.name())
            .with("maximum", ENTRIES_MAX);
      }
    }
    return (int) count;
  }

  /// The combination with this 0-based number, the last field changing fastest.
  private static List<Found> combination(List<List<Found>> fields, int number) {
    var chosen = new Found[fields.size()];
    int rest = number;
    for (int field = fields.size() - 1; field >= 0; field--) {
      List<Found> choices = fields.get(field);
      chosen[field] = choices.get(rest % choices.size());
      rest /= choices.size();
    }
    return List.of(chosen);
  }

  private static IndexEntry entry(IndexDefinition index, PrimaryKey key, List<Found> fields) {
    var position = new KeyWriter();
    int termCount = index.terms().size();
    boolean hasNullTerm = false;
    for (Found term : fields.subList(0, termCount)) {
      Datum order = orderOrNull(term);
      hasNullTerm |= order instanceof Datum.Null;
      position.write(order);
    }
    ArrayNode covered = JsonNodeFactory.instance.arrayNode(index.values().size());
    for (int value = 0; value < index.values().size(); value++) {
      Found found = fields.get(termCount + value);
      position.write(orderOrNull(found), index.values().get(value).descending());
      covered.add(found.json());
    }
    key.writeTo(position);
    JsonBytes json = covered.isEmpty() ? NOTHING_COVERED : JsonData.write(covered);
    checkSize(index, "entryBytes", position.size(), POSITION_BYTES_MAX);
    checkSize(index, "coveredBytes", json.size(), COVERED_BYTES_MAX);
    return new IndexEntry(position.toKey(), json, hasNullTerm);
  }

  private static Datum orderOrNull(Found found) {
    Datum order = found.order();
    return order == null ? new Datum.Null() : order;
  }

  private static void checkSize(IndexDefinition index, String what, int size, int maximum) {
    if (size > maximum) {
      throw new DatabaseException(ErrorCode.TOO_LARGE, "an index entry is too large")
          .with("index", index.name())
          .with(what, size)
          .with("maximum", maximum);
    }
  }
}
