package dev.partita.node.partition;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.key.Key;
import dev.partita.node.key.KeyReader;
import dev.partita.node.key.KeyWriter;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.time.Timestamp;
import org.jspecify.annotations.Nullable;

/// A place in the order of a collection's changes, which is by commit timestamp and then by primary
/// key. A row changes once at a timestamp, so the place of a change names it.
///
/// @param key null behind all changes of the timestamp
public record ChangePosition(Timestamp timestamp, @Nullable PrimaryKey key)
    implements Comparable<ChangePosition> {

  private static final int AT_KEY = 0;
  private static final int AT_END = 1;

  /// Behind everything up to a timestamp.
  public static ChangePosition behind(Timestamp timestamp) {
    return new ChangePosition(timestamp, null);
  }

  /// Everything up to here lies before this place.
  public Timestamp passed() {
    return key == null ? timestamp : timestamp.previous();
  }

  /// Whether all changes behind this place have later timestamps than the one given.
  boolean isBehindAll(Timestamp other) {
    return !passed().isBefore(other);
  }

  @Override
  public int compareTo(ChangePosition other) {
    int byTime = timestamp.compareTo(other.timestamp);
    if (byTime != 0) {
      return byTime;
    }
    PrimaryKey own = key;
    PrimaryKey others = other.key;
    if (own == null || others == null) {
      return Boolean.compare(own == null, others == null);
    }
    return own.compareTo(others);
  }

  /// Bytes that compare as the positions do.
  public Key encoded() {
    var out = new KeyWriter().u64(timestamp.value());
    PrimaryKey own = key;
    return own == null ? out.u8(AT_END).toKey() : out.u8(AT_KEY).raw(own.encoded()).toKey();
  }

  /// Reads what [#encoded] wrote.
  ///
  /// @throws IllegalArgumentException if it is something else
  public static ChangePosition decode(Key bytes) {
    var in = new KeyReader(bytes);
    try {
      var timestamp = new Timestamp(in.u64());
      var position = new ChangePosition(timestamp, in.u8() == AT_KEY ? PrimaryKey.read(in) : null);
      if (position.encoded().equals(bytes)) {
        return position;
      }
    } catch (DatabaseException e) {
      throw new IllegalArgumentException("no position of a change", e);
    }
    throw new IllegalArgumentException("no position of a change");
  }
}
