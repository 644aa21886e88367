package dev.partita.node.index;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The columns of documents, which are their members but for the key: documents are taken apart by
/// them and put together again. Values stay as they are, in every digit; the key comes first.
public final class JsonColumns {
  /// The member of a document that is its primary key. It is in no column and in every part.
  public static final String ID = "id";

  private JsonColumns() {}

  /// The columns of a document, in its order.
  public static Set<String> of(JsonBytes document) {
    Set<String> names = new LinkedHashSet<>();
    JsonData.document(document).fieldNames().forEachRemaining(names::add);
    names.remove(ID);
    return names;
  }

  /// A document with these columns of it and no others.
  public static JsonBytes project(JsonBytes document, Collection<String> columns) {
    return JsonData.write(part(JsonData.document(document), columns));
  }

  /// One document of the parts of one: first what the first has.
  ///
  /// @throws IllegalArgumentException if there are no parts
  public static JsonBytes join(List<JsonBytes> parts) {
    if (parts.isEmpty()) {
      throw new IllegalArgumentException("a document has a part");
    }
    if (parts.size() == 1) {
      return parts.getFirst();
    }
    ObjectNode whole = JsonNodeFactory.instance.objectNode();
    for (JsonBytes part : parts) {
      JsonData.document(part)
          .properties()
          .forEach(member -> whole.set(member.getKey(), member.getValue()));
    }
    return JsonData.write(whole);
  }

  /// A document with these columns as another one has them, or without them where that has none;
  /// the others stay.
  public static JsonBytes replace(
      JsonBytes document, Collection<String> columns, JsonBytes replacement) {
    ObjectNode other = JsonData.document(replacement);
    ObjectNode replaced = JsonData.document(document);
    for (String column : columns) {
      JsonNode value = other.get(column);
      if (column.equals(ID)) {
        continue;
      }
      if (value == null) {
        replaced.remove(column);
      } else {
        replaced.set(column, value);
      }
    }
    return JsonData.write(replaced);
  }

  private static ObjectNode part(ObjectNode document, Collection<String> columns) {
    ObjectNode part = JsonNodeFactory.instance.objectNode();
    for (Map.Entry<String, JsonNode> member : document.properties()) {
      if (member.getKey().equals(ID) || columns.contains(member.getKey())) {
        part.set(member.getKey(), member.getValue());
      }
    }
    return part;
  }
}
