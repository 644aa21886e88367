package dev.partita.node.index;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The rows that an index is made of whose fields lie in several column groups: of each document
/// its key and the columns that the index has fields in, whichever groups have them.
public final class JointRows {
  private JointRows() {}

  /// The joint row of a document, or of a part of one; null if it has none: an index with terms
  /// needs some of its columns, one without needs only that the document is there.
  ///
  /// @param document null if there is none
  public static @Nullable JsonBytes of(IndexDefinition index, @Nullable JsonBytes document) {
    ObjectNode part = document == null ? null : part(index, JsonData.document(document));
    return part == null ? null : JsonData.write(part);
  }

  /// Whether two documents, or parts of one, are the same for the index.
  ///
  /// @param one null if there is none
  /// @param other null if there is none
  public static boolean areSame(
      IndexDefinition index, @Nullable ObjectNode one, @Nullable ObjectNode other) {
    return Objects.equals(part(index, one), part(index, other));
  }

  /// The same of what is not parsed yet.
  public static boolean areSame(
      IndexDefinition index, @Nullable JsonBytes one, @Nullable JsonBytes other) {
    return areSame(index, document(one), document(other));
  }

  private static @Nullable ObjectNode document(@Nullable JsonBytes json) {
    return json == null ? null : JsonData.document(json);
  }

  private static @Nullable ObjectNode part(IndexDefinition index, @Nullable ObjectNode document) {
    if (document == null) {
      return null;
    }
    Set<String> columns = index.columns();
    ObjectNode part = JsonNodeFactory.instance.objectNode();
    boolean found = index.terms().isEmpty();
    for (var member : document.properties()) {
      JsonNode value = member.getValue();
      if (columns.contains(member.getKey())) {
        part.set(member.getKey(), value);
        found = true;
      } else if (member.getKey().equals(JsonColumns.ID)) {
        part.set(JsonColumns.ID, value);
      }
    }
    return found ? part : null;
  }
}
