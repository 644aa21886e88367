package dev.partita.node.index;

/// A field that an index is looked up by.
public record IndexTerm(FieldPath field) {

  public static IndexTerm of(String field) {
    return new IndexTerm(FieldPath.parse(field));
  }
}
