package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// What ledgers are shown in tests: good records, and such with something planted in them.
final class Shown {
  private Shown() {}

  static JsonNode json(String text) {
    try {
      return Nodes.JSON.readTree(text);
    } catch (IOException e) {
      throw new IllegalArgumentException(text, e);
    }
  }

  /// @param text an array
  static List<JsonNode> list(String text) {
    List<JsonNode> list = new ArrayList<>();
    json(text).forEach(list::add);
    return list;
  }

  static <T> List<T> changed(List<T> list, Consumer<List<T>> change) {
    List<T> changed = new ArrayList<>(list);
    change.accept(changed);
    return changed;
  }
}
