package dev.partita.node.storage;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The keys of one family in a range that pass a filter. The filter is needed where keys of several
/// owners lie among each other, as rows of hash partitions do whose modulus has an odd factor.
///
/// @param filter decides by row key, entry key (without timestamp) or record key; null lets every
///   key pass
public record Span(Family family, KeyRange range, @Nullable Predicate<Key> filter) {
  /// Every key of the range.
  public Span(Family family, KeyRange range) {
    this(family, range, null);
  }

  /// No key.
  public static Span none(Family family) {
    return new Span(family, KeyRange.NONE);
  }

  public boolean contains(Key key) {
    return range.contains(key) && (filter == null || filter.test(key));
  }

  public boolean isEmpty() {
    return range.isEmpty();
  }

  /// Whether every key of the range belongs to the span.
  public boolean isUnfiltered() {
    return filter == null;
  }

  /// The part of this span from a key on.
  public Span from(Key key) {
    return new Span(family, range.from(key), filter);
  }
}
