package dev.partita.node.key;

import org.jspecify.annotations.Nullable;

/// The keys from `start`, inclusive, to `end`, exclusive; to the last one when `end` is null. May
/// be empty.
public record KeyRange(Key start, @Nullable Key end) {
  /// Every key.
  public static final KeyRange ALL = new KeyRange(Key.EMPTY, null);

  /// No key.
  public static final KeyRange NONE = new KeyRange(Key.EMPTY, Key.EMPTY);

  /// The keys that start with the prefix.
  public static KeyRange prefix(Key prefix) {
    return new KeyRange(prefix, prefix.prefixEnd());
  }

  /// The range that holds one key.
  public static KeyRange only(Key key) {
    return new KeyRange(key, key.successor());
  }

  public boolean contains(Key key) {
    return start.compareTo(key) <= 0 && (end == null || key.compareTo(end) < 0);
  }

  /// Whether every key of the other range is in this one.
  public boolean contains(KeyRange other) {
    return other.isEmpty() || (contains(other.start) && other.equals(intersect(other)));
  }

  public boolean isEmpty() {
    return end != null && start.compareTo(end) >= 0;
  }

  /// The keys that are in both ranges.
  public KeyRange intersect(KeyRange other) {
    Key laterStart = start.compareTo(other.start) >= 0 ? start : other.start;
    return new KeyRange(laterStart, earlierEnd(end, other.end));
  }

  public boolean overlaps(KeyRange other) {
    return !intersect(other).isEmpty();
  }

  /// The part of this range from a key on.
  public KeyRange from(Key key) {
    return intersect(new KeyRange(key, null));
  }

  /// The part of this range before a key.
  public KeyRange before(Key key) {
    return intersect(new KeyRange(Key.EMPTY, key));
  }

  /// The earlier of two ends; `other` when they are equal.
  private static @Nullable Key earlierEnd(@Nullable Key end, @Nullable Key other) {
    if (end == null) {
      return other;
    }
    return other != null && other.compareTo(end) <= 0 ? other : end;
  }
}
