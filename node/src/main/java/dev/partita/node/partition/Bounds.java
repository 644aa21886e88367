package dev.partita.node.partition;

import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.key.RowKeys;
import java.math.BigInteger;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Which rows of a collection a Partition has. The partition key of a row is its primary key; a
/// bound with fewer components than the key compares with as many as it has. The JSON form, which
/// [BoundsJson] reads and writes, is that of the custom resource.
public sealed interface Bounds {

  /// Whether the row belongs here.
  boolean contains(PrimaryKey key);

  /// The rows from `start`, inclusive, to `end`, exclusive; null is an open end. A
  /// [Datum.Composite] compares with the first components of the key.
  record Range(@Nullable Datum start, @Nullable Datum end) implements Bounds {

    /// Every row.
    public static final Range ALL = new Range(null, null);

    public Range {
      checkBound(start);
      checkBound(end);
      if (start != null && end != null && tuple(start).compareTo(tuple(end)) >= 0) {
        throw new IllegalArgumentException("start lies before end: " + start + ", " + end);
      }
    }

    @Override
    public boolean contains(PrimaryKey key) {
      Datum tuple = Datum.of(key.parts());
      return (start == null || tuple(start).compareTo(tuple) <= 0)
          && (end == null || tuple.compareTo(tuple(end)) < 0);
    }

    private static void checkBound(@Nullable Datum bound) {
      if (bound == null) {
        return;
      }
      for (Datum part : tuple(bound).parts()) {
        if (!(part instanceof Datum.Int || part instanceof Datum.Text)) {
          throw new IllegalArgumentException("a bound is made of integers and texts: " + bound);
        }
      }
    }
  }

  /// The rows whose key x is an integer with `floor((x - origin) / width) == number`, exact up to
  /// both ends of 64 bits. Of a composite key, the first component counts.
  ///
  /// @param width greater than zero
  record Interval(long origin, long width, long number) implements Bounds {

    private static final BigInteger LONG_MIN = BigInteger.valueOf(Long.MIN_VALUE);
    private static final BigInteger LONG_MAX = BigInteger.valueOf(Long.MAX_VALUE);

    public Interval {
      if (width < 1) {
        throw new IllegalArgumentException("a width is positive: " + width);
      }
      if (lowest(origin, width, number).compareTo(LONG_MAX) > 0
          || lowest(origin, width, number).add(BigInteger.valueOf(width - 1)).compareTo(LONG_MIN)
              < 0) {
        throw new IllegalArgumentException(
            "no 64-bit integer lies in this interval: %d, %d, %d".formatted(origin, width, number));
      }
    }

    /// The smallest integer inside.
    public long first() {
      return lowest(origin, width, number).max(LONG_MIN).longValueExact();
    }

    /// The largest integer inside.
    public long last() {
      BigInteger highest = lowest(origin, width, number).add(BigInteger.valueOf(width - 1));
      return highest.min(LONG_MAX).longValueExact();
    }

    @Override
    public boolean contains(PrimaryKey key) {
      return key.parts().getFirst() instanceof Datum.Int(long x) && first() <= x && x <= last();
    }

    /// The same rows as a range. Behind the last 64-bit integer it ends at 2^63, which no key has.
    List<Datum> startAndEnd() {
      BigInteger end = BigInteger.valueOf(last()).add(BigInteger.ONE);
      return List.of(Datum.of(first()), Datum.number(end));
    }

    private static BigInteger lowest(long origin, long width, long number) {
      return BigInteger.valueOf(number)
          .multiply(BigInteger.valueOf(width))
          .add(BigInteger.valueOf(origin));
    }
  }

  /// The rows whose hash h, taken as unsigned, has `h mod modulus == remainder`.
  ///
  /// @param modulus 1 to [#MODULUS_MAX]
  /// @param remainder 0 to modulus - 1
  record Hash(int modulus, int remainder) implements Bounds {

    /// Keeps the least common multiple of two moduli within the 32 bits of a hash, so that
    /// [Bounds#overlaps] is exact.
    public static final int MODULUS_MAX = 1 << 16;

    public Hash {
      if (modulus < 1 || modulus > MODULUS_MAX) {
        throw new IllegalArgumentException("a modulus is 1 to " + MODULUS_MAX + ": " + modulus);
      }
      if (remainder < 0 || remainder >= modulus) {
        throw new IllegalArgumentException("a remainder is below its modulus: " + remainder);
      }
    }

    @Override
    public boolean contains(PrimaryKey key) {
      return RowKeys.hash(key.partitionKey()) % modulus == remainder;
    }
  }

  /// Some columns of all rows.
  record Columns(List<String> columns) implements Bounds {

    public Columns {
      columns = List.copyOf(columns);
      if (columns.isEmpty() || new HashSet<>(columns).size() != columns.size()) {
        throw new IllegalArgumentException("columns are named, and each once: " + columns);
      }
    }

    @Override
    public boolean contains(PrimaryKey key) {
      return true;
    }
  }

  /// Whether some row (for columns: some part of a row) can belong to both. Bounds of different
  /// kinds overlap: a collection is partitioned in one way.
  default boolean overlaps(Bounds other) {
    return switch (this) {
      case Range _, Interval _ -> !other.isRange() || rangesOverlap(this, other);
      case Hash(int modulus, int remainder) ->
          !(other instanceof Hash(int otherModulus, int otherRemainder))
              || (remainder - otherRemainder) % gcd(modulus, otherModulus) == 0;
      case Columns(List<String> columns) ->
          !(other instanceof Columns(List<String> others))
              || columns.stream().anyMatch(others::contains);
    };
  }

  /// Whether these are a range, in either form.
  default boolean isRange() {
    return this instanceof Range || this instanceof Interval;
  }

  private static boolean rangesOverlap(Bounds one, Bounds other) {
    Datum startOne = start(one);
    Datum startOther = start(other);
    Datum endOne = end(one);
    Datum endOther = end(other);
    return isBefore(startOne, endOther) && isBefore(startOther, endOne);
  }

  private static boolean isBefore(@Nullable Datum start, @Nullable Datum end) {
    return start == null || end == null || tuple(start).compareTo(tuple(end)) < 0;
  }

  private static @Nullable Datum start(Bounds bounds) {
    return bounds instanceof Interval interval
        ? interval.startAndEnd().getFirst()
        : ((Range) bounds).start();
  }

  private static @Nullable Datum end(Bounds bounds) {
    return bounds instanceof Interval interval
        ? interval.startAndEnd().getLast()
        : ((Range) bounds).end();
  }

  private static Datum.Composite tuple(Datum bound) {
    return bound instanceof Datum.Composite composite
        ? composite
        : new Datum.Composite(List.of(bound));
  }

  private static int gcd(int a, int b) {
    return b == 0 ? a : gcd(b, a % b);
  }
}
