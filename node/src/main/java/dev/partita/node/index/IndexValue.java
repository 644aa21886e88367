package dev.partita.node.index;

/// A field that an index covers and sorts the entries of one term by.
public record IndexValue(FieldPath field, boolean descending) {

  public static IndexValue ascending(String field) {
    return new IndexValue(FieldPath.parse(field), false);
  }

  public static IndexValue descending(String field) {
    return new IndexValue(FieldPath.parse(field), true);
  }
}
