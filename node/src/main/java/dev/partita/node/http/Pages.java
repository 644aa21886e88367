package dev.partita.node.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.partita.node.query.Page;
import java.util.function.Function;

/// Writes pages: `{"data": [...], "after": cursor, "before": cursor, "at": timestamp}`. A cursor is
/// missing where there is nothing more on that side.
final class Pages {
  static final int LIMIT_DEFAULT = 64;

  private Pages() {}

  static <T> ObjectNode json(Page<T> page, Function<T, RawValue> element) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode data = json.putArray("data");
    page.data().forEach(each -> data.addRawValue(element.apply(each)));
    if (page.after() != null) {
      json.put("after", page.after());
    }
    if (page.before() != null) {
      json.put("before", page.before());
    }
    json.put("at", page.at().toString());
    return json;
  }
}
