package dev.partita.node.partition;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.JsonColumns;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.key.RowKeys;
import java.math.BigInteger;
import java.util.Collection;
import java.util.Comparator;
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

  /// The rows whose key is an integer, in intervals of one width: a family of Partitions, each of
  /// which has the rows of one [Interval] and is made when the first of them is written. Nothing is
  /// stored in these bounds themselves.
  ///
  /// @param width greater than zero
  record Family(long origin, long width) implements Bounds {

    public Family {
      if (width < 1) {
        throw new IllegalArgumentException("a width is positive: " + width);
      }
    }

    @Override
    public boolean contains(PrimaryKey key) {
      return key.parts().getFirst() instanceof Datum.Int;
    }

    /// The interval of a key inside.
    ///
    /// @throws IllegalArgumentException if it lies so far from the origin that 64 bits do not
    ///   number it
    public Interval interval(PrimaryKey key) {
      if (key.parts().getFirst() instanceof Datum.Int(long x)) {
        return interval(x);
      }
      throw new IllegalArgumentException("only integers lie in intervals: " + key);
    }

    /// The interval of an integer.
    ///
    /// @throws IllegalArgumentException as [#interval(PrimaryKey)]
    public Interval interval(long x) {
      BigInteger number = number(x);
      if (number.bitLength() >= Long.SIZE) {
        throw new IllegalArgumentException(
            "the key %d lies more than 2^63 intervals from the origin %d".formatted(x, origin));
      }
      return new Interval(origin, width, number.longValueExact());
    }

    /// Rounded down, whatever the signs.
    private BigInteger number(long x) {
      BigInteger[] parts =
          BigInteger.valueOf(x)
              .subtract(BigInteger.valueOf(origin))
              .divideAndRemainder(BigInteger.valueOf(width));
      return parts[1].signum() < 0 ? parts[0].subtract(BigInteger.ONE) : parts[0];
    }

    /// The same rows as a range.
    List<Datum> startAndEnd() {
      return List.of(
          Datum.of(Long.MIN_VALUE),
          Datum.number(BigInteger.valueOf(Long.MAX_VALUE).add(BigInteger.ONE)));
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

  /// Some columns of all documents: members of theirs except the key, which each row has.
  record Columns(List<String> columns) implements Bounds {

    public Columns {
      columns = List.copyOf(columns);
      if (columns.isEmpty() || new HashSet<>(columns).size() != columns.size()) {
        throw new IllegalArgumentException("columns are named, and each once: " + columns);
      }
      if (columns.contains(JsonColumns.ID)) {
        throw new IllegalArgumentException(
            "the key of a document is in every row and no column of a group: " + columns);
      }
      if (columns.stream().anyMatch(name -> name.isEmpty() || name.contains(","))) {
        throw new IllegalArgumentException(
            "a column has a name without a comma, which separates those in a request: " + columns);
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
      case Range _, Interval _, Family _ -> !other.isRange() || rangesOverlap(this, other);
      case Hash(int modulus, int remainder) ->
          !(other instanceof Hash(int otherModulus, int otherRemainder))
              || (remainder - otherRemainder) % gcd(modulus, otherModulus) == 0;
      case Columns(List<String> columns) ->
          !(other instanceof Columns(List<String> others))
              || columns.stream().anyMatch(others::contains);
    };
  }

  /// Whether both say the same; columns have no order.
  default boolean isSameAs(Bounds other) {
    if (this instanceof Columns(List<String> mine)
        && other instanceof Columns(List<String> theirs)) {
      return new HashSet<>(mine).equals(new HashSet<>(theirs));
    }
    return equals(other);
  }

  /// Whether rows inside can have entries in an index: of a group of columns if it has all of its
  /// fields.
  default boolean hasFieldsOf(IndexDefinition index) {
    return !(this instanceof Columns(List<String> columns))
        || (!index.columns().isEmpty() && columns.containsAll(index.columns()));
  }

  /// Whether these are a group of columns with some fields of an index and not all. The entries of
  /// such an index lie elsewhere, and whoever changes these fields of a row sees to them.
  default boolean divides(IndexDefinition index) {
    return this instanceof Columns(List<String> columns)
        && index.columns().stream().anyMatch(columns::contains)
        && !columns.containsAll(index.columns());
  }

  /// Whether these are a range, in any form.
  default boolean isRange() {
    return this instanceof Range || this instanceof Interval || this instanceof Family;
  }

  private static boolean rangesOverlap(Bounds one, Bounds other) {
    Datum startOne = start(one);
    Datum startOther = start(other);
    Datum endOne = end(one);
    Datum endOther = end(other);
    return isBefore(startOne, endOther) && isBefore(startOther, endOne);
  }

  /// Whether every row of a collection that lies in a range has its place in one of some bounds,
  /// which do not overlap. A null end is open.
  static boolean cover(Collection<Bounds> some, @Nullable Datum start, @Nullable Datum end) {
    if (some.stream().anyMatch(Hash.class::isInstance)) {
      return hashesCover(some);
    }
    List<Bounds> ranges =
        some.stream()
            .filter(one -> one instanceof Range || one instanceof Interval)
            .sorted(
                Comparator.comparing(
                    one -> tupleOrNull(start(one)),
                    Comparator.nullsFirst(Comparator.naturalOrder())))
            .toList();
    @Nullable Datum covered = start;
    for (Bounds one : ranges) {
      Datum first = start(one);
      Datum last = end(one);
      boolean gap =
          first != null && (covered == null || tuple(covered).compareTo(tuple(first)) < 0);
      if (gap) {
        return false;
      }
      if (last == null || (end != null && tuple(end).compareTo(tuple(last)) <= 0)) {
        return true;
      }
      if (covered == null || tuple(covered).compareTo(tuple(last)) < 0) {
        covered = last;
      }
    }
    return false;
  }

  /// Each has one of as many parts as its modulus.
  private static boolean hashesCover(Collection<Bounds> some) {
    List<BigInteger> moduli =
        some.stream()
            .filter(Hash.class::isInstance)
            .map(one -> BigInteger.valueOf(((Hash) one).modulus()))
            .toList();
    BigInteger all =
        moduli.stream().reduce(BigInteger.ONE, (x, y) -> x.multiply(y).divide(x.gcd(y)));
    return moduli.stream().map(all::divide).reduce(BigInteger.ZERO, BigInteger::add).equals(all);
  }

  private static boolean isBefore(@Nullable Datum start, @Nullable Datum end) {
    return start == null || end == null || tuple(start).compareTo(tuple(end)) < 0;
  }

  private static @Nullable Datum start(Bounds bounds) {
    return switch (bounds) {
      case Range range -> range.start();
      case Interval interval -> interval.startAndEnd().getFirst();
      case Family family -> family.startAndEnd().getFirst();
      case Hash _, Columns _ -> throw new IllegalArgumentException("no range: " + bounds);
    };
  }

  private static @Nullable Datum end(Bounds bounds) {
    return switch (bounds) {
      case Range range -> range.end();
      case Interval interval -> interval.startAndEnd().getLast();
      case Family family -> family.startAndEnd().getLast();
      case Hash _, Columns _ -> throw new IllegalArgumentException("no range: " + bounds);
    };
  }

  private static Datum.@Nullable Composite tupleOrNull(@Nullable Datum bound) {
    return bound == null ? null : tuple(bound);
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
