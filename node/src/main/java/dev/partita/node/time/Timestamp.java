package dev.partita.node.time;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;

/// A point in the one order of commits of a database: milliseconds since 1970 in the upper 45 bits
/// and a counter in the lower [#LOGICAL_BITS]. Never negative. The version of a document is its
/// commit timestamp. In JSON and in URLs it is the decimal number as a string, because a JSON
/// number of this size is not exact everywhere.
public record Timestamp(long value) implements Comparable<Timestamp> {
  /// Bits of the counter inside one millisecond.
  public static final int LOGICAL_BITS = 18;

  /// Before every commit.
  public static final Timestamp MIN = new Timestamp(0);

  /// After every commit.
  public static final Timestamp MAX = new Timestamp(Long.MAX_VALUE);

  /// Checks the range.
  ///
  /// @throws IllegalArgumentException when the value is negative
  public Timestamp {
    if (value < 0) {
      throw new IllegalArgumentException("negative timestamp " + value);
    }
  }

  /// The first timestamp of a millisecond.
  ///
  /// @throws IllegalArgumentException when the millisecond is before 1970 or too late to be
  ///   represented (after the year 4,000)
  public static Timestamp ofMillis(long millis) {
    if (millis < 0 || millis > MAX.millis()) {
      throw new IllegalArgumentException("millisecond out of range " + millis);
    }
    return new Timestamp(millis << LOGICAL_BITS);
  }

  /// Reads the decimal form.
  ///
  /// @throws DatabaseException [ErrorCode#INVALID_REQUEST] when the text is no timestamp
  public static Timestamp parse(String text) {
    try {
      return new Timestamp(Long.parseLong(text));
    } catch (IllegalArgumentException e) {
      throw new DatabaseException(ErrorCode.INVALID_REQUEST, "not a timestamp", e)
          .with("timestamp", text);
    }
  }

  /// Milliseconds since 1970.
  public long millis() {
    return value >>> LOGICAL_BITS;
  }

  /// The counter inside the millisecond.
  public int logical() {
    return (int) (value & ((1L << LOGICAL_BITS) - 1));
  }

  /// The following timestamp.
  public Timestamp next() {
    return plus(1);
  }

  /// The timestamp `count` places later.
  public Timestamp plus(long count) {
    return new Timestamp(Math.addExact(value, count));
  }

  /// The timestamp just before, or [#MIN] when there is none.
  public Timestamp previous() {
    return value == 0 ? this : new Timestamp(value - 1);
  }

  public boolean isAfter(Timestamp other) {
    return value > other.value;
  }

  public boolean isBefore(Timestamp other) {
    return value < other.value;
  }

  /// The later of two timestamps.
  public static Timestamp later(Timestamp one, Timestamp other) {
    return one.value >= other.value ? one : other;
  }

  /// The earlier of two timestamps.
  public static Timestamp earlier(Timestamp one, Timestamp other) {
    return one.value <= other.value ? one : other;
  }

  @Override
  public int compareTo(Timestamp other) {
    return Long.compare(value, other.value);
  }

  /// The decimal form, which [#parse] reads.
  @Override
  public String toString() {
    return Long.toString(value);
  }
}
