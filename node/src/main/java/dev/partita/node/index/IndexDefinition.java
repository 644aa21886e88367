package dev.partita.node.index;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A secondary index of one collection.
///
/// An index without terms has an entry for every document; over several column groups, for every
/// one that has a row in one of these. Otherwise a document in which every term is missing has
/// none; a single missing term counts as null. A missing value counts as null.
///
/// @param id 1 to 2^32 - 1, never reused; id 0 is the order of primary keys that hash partitions
///   keep for themselves
/// @param unique whether a second document with the same terms is refused; as in SQL, terms of
///   which one is null never collide
/// @param scope where it is unique: null for the inside of each partition, as older versions had it
public record IndexDefinition(
    long id,
    String name,
    String collection,
    List<IndexTerm> terms,
    List<IndexValue> values,
    boolean unique,
    @Nullable Scope scope) {

  /// Where a unique index is unique.
  public enum Scope {
    /// In the whole collection: whoever writes a document claims its terms first.
    COLLECTION
  }

  /// Terms and values together; the custom resource has the same bound.
  public static final int FIELDS_MAX = 16;

  public static final long ID_MAX = 0xffff_ffffL;

  /// The id of [#primaryOrder].
  public static final long PRIMARY_ORDER_ID = 0;

  /// An index that is unique, if at all, inside each partition.
  public IndexDefinition(
      long id,
      String name,
      String collection,
      List<IndexTerm> terms,
      List<IndexValue> values,
      boolean unique) {
    this(id, name, collection, terms, values, unique, null);
  }

  public IndexDefinition {
    terms = List.copyOf(terms);
    values = List.copyOf(values);
    if (id < 0 || id > ID_MAX) {
      throw new IllegalArgumentException("an index id has 32 bits: " + id);
    }
    if (name.isEmpty() || collection.isEmpty()) {
      throw new IllegalArgumentException("an index has a name and a collection");
    }
    if (terms.size() + values.size() > FIELDS_MAX) {
      throw new IllegalArgumentException(
          "an index has at most " + FIELDS_MAX + " terms and values: " + name);
    }
    if (id != PRIMARY_ORDER_ID && terms.isEmpty() && values.isEmpty()) {
      throw new IllegalArgumentException("an index needs a term or a value: " + name);
    }
    if (unique && terms.isEmpty()) {
      throw new IllegalArgumentException("a unique index needs a term: " + name);
    }
    if (scope != null && !unique) {
      throw new IllegalArgumentException("only a unique index has a scope: " + name);
    }
  }

  /// The same index as another one.
  public IndexDefinition withId(long other) {
    return new IndexDefinition(other, name, collection, terms, values, unique, scope);
  }

  /// Whether documents claim their terms in the whole collection.
  public boolean claims() {
    return scope == Scope.COLLECTION;
  }

  /// The members of a document that terms and values lie in, except its key.
  public Set<String> columns() {
    Set<String> columns = new HashSet<>();
    terms.forEach(term -> columns.add(term.field().column()));
    values.forEach(value -> columns.add(value.field().column()));
    columns.remove(JsonColumns.ID);
    return columns;
  }

  /// Whether each partition sees to it by itself.
  public boolean uniqueInside() {
    return unique && scope == null;
  }

  /// The index that has every row by its primary key alone. Hash partitions, whose rows are stored
  /// in the order of hashes, keep it so that ranges of keys can be read in order.
  public static IndexDefinition primaryOrder(String collection) {
    return new IndexDefinition(
        PRIMARY_ORDER_ID, "primary", collection, List.of(), List.of(), false);
  }
}
