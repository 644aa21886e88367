package dev.partita.node.admin;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// An Index as it is asked for (`PUT /admin/v1/indexes/{name}`).
///
/// @param terms what is looked up
/// @param values what is covered, and what entries of one term are ordered by
public record IndexSpec(
    String collection, List<Term> terms, @Nullable List<Value> values, boolean unique) {
  public IndexSpec {
    terms = List.copyOf(terms);
    values = values == null ? List.of() : List.copyOf(values);
  }

  @Override
  public List<Value> values() {
    return values == null ? List.of() : values;
  }

  /// A term.
  ///
  /// @param field a JSON path: `a`, `a.b`, `tags[*]`
  public record Term(String field) {}

  /// A covered value.
  ///
  /// @param field a JSON path
  /// @param descending whether entries are ordered from the largest
  public record Value(String field, boolean descending) {}
}
