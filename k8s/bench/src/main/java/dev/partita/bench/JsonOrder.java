package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Comparator;
import java.util.Iterator;

/// The order of values in keys and indexes, told once more, so that the nodes' own can be judged by
/// it: null or missing, false, true, numbers, texts by their code points, arrays by their elements.
final class JsonOrder implements Comparator<JsonNode> {
  @Override
  public int compare(JsonNode one, JsonNode other) {
    int rank = Integer.compare(rank(one), rank(other));
    if (rank != 0) {
      return rank;
    }
    return switch (one.getNodeType()) {
      case NUMBER -> one.decimalValue().compareTo(other.decimalValue());
      case ARRAY -> elements(one, other);
      case STRING ->
          elements(
              one.textValue().codePoints().iterator(), other.textValue().codePoints().iterator());
      case NULL, MISSING, BOOLEAN, OBJECT, BINARY, POJO -> 0;
    };
  }

  /// The order of primary keys: an array is a key of several components, anything else one of one.
  Comparator<JsonNode> ofKeys() {
    return (one, other) -> elements(components(one), components(other));
  }

  private static JsonNode components(JsonNode key) {
    return key.isArray() ? key : Nodes.JSON.createArrayNode().add(key);
  }

  private static int rank(JsonNode value) {
    return switch (value.getNodeType()) {
      case NULL, MISSING -> 0;
      case BOOLEAN -> value.booleanValue() ? 2 : 1;
      case NUMBER -> 3;
      case STRING -> 4;
      case ARRAY -> 5;
      case OBJECT, BINARY, POJO ->
          throw new IllegalArgumentException("a value without an order: " + value);
    };
  }

  private int elements(JsonNode one, JsonNode other) {
    Iterator<JsonNode> left = one.iterator();
    Iterator<JsonNode> right = other.iterator();
    while (left.hasNext() && right.hasNext()) {
      int order = compare(left.next(), right.next());
      if (order != 0) {
        return order;
      }
    }
    return Boolean.compare(left.hasNext(), right.hasNext());
  }

  private static int elements(Iterator<Integer> left, Iterator<Integer> right) {
    while (left.hasNext() && right.hasNext()) {
      int order = Integer.compare(left.next(), right.next());
      if (order != 0) {
        return order;
      }
    }
    return Boolean.compare(left.hasNext(), right.hasNext());
  }
}
