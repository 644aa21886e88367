package dev.partita.node.index;

import dev.partita.node.key.Datum;
import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.key.KeyReader;
import dev.partita.node.key.KeyWriter;
import dev.partita.node.key.PrimaryKey;
import java.util.List;

/// The keys of one partition's entries in one index. The layout is in the package description.
///
/// @param partition the id of the partition
public record IndexKeys(IndexDefinition index, long partition) {

  private static final int PREFIX_BYTES = 12;

  /// All entries.
  public KeyRange all() {
    return KeyRange.prefix(start().toKey());
  }

  /// The entries whose first terms are these.
  ///
  /// @throws IllegalArgumentException if the index has fewer terms
  public KeyRange startingWith(List<Datum> terms) {
    return KeyRange.prefix(start().raw(termsPrefix(index, terms)).toKey());
  }

  /// What the positions begin with that have these first terms.
  ///
  /// @throws IllegalArgumentException if the index has fewer terms
  public static Key termsPrefix(IndexDefinition index, List<Datum> terms) {
    if (terms.size() > index.terms().size()) {
      throw new IllegalArgumentException(
          "the index has " + index.terms().size() + " terms, not " + terms.size());
    }
    var out = new KeyWriter();
    terms.forEach(out::write);
    return out.toKey();
  }

  /// The key of the entry at a position.
  public Key key(Key position) {
    return start().raw(position).toKey();
  }

  /// The position of the entry with this key.
  public static Key position(Key entry) {
    return entry.suffix(PREFIX_BYTES);
  }

  /// All the terms of an entry, encoded, with index and partition in front: what the keys of
  /// entries begin with that collide in a unique index.
  public Key sameTerms(Key position) {
    return key(terms(index, position));
  }

  /// All the terms of the entry at a position, encoded.
  public static Key terms(IndexDefinition index, Key position) {
    var in = new KeyReader(position);
    index.terms().forEach(_ -> in.read());
    byte[] terms = new byte[in.position()];
    System.arraycopy(position.unsafeBytes(), 0, terms, 0, terms.length);
    return Key.wrap(terms);
  }

  /// The row that the entry at a position belongs to.
  public PrimaryKey primaryKey(Key position) {
    var in = new KeyReader(position);
    index.terms().forEach(_ -> in.read());
    index.values().forEach(value -> in.read(value.descending()));
    return PrimaryKey.read(in);
  }

  private KeyWriter start() {
    return new KeyWriter().u32(index.id()).u64(partition);
  }
}
