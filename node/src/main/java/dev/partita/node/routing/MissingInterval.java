package dev.partita.node.routing;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.IntervalPartitions;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// An interval of a family that no Partition served when somebody looked.
public record MissingInterval(String collection, Bounds.Interval bounds) {

  private static final BigInteger LEAST = BigInteger.valueOf(Long.MIN_VALUE);
  private static final BigInteger MOST = BigInteger.valueOf(Long.MAX_VALUE);

  /// A key inside: who has its Partition made has the interval's.
  public PrimaryKey key() {
    return PrimaryKey.of(bounds.first());
  }

  /// Those in a range, null if there are more than so many.
  static @Nullable List<MissingInterval> of(
      Catalog catalog,
      String collection,
      @Nullable PrimaryKey start,
      @Nullable PrimaryKey end,
      int most) {
    List<MissingInterval> missing = new ArrayList<>();
    for (PartitionEntry family : catalog.partitions().families(collection)) {
      BigInteger first = first(start).max(LEAST);
      BigInteger last = last(end).min(MOST);
      if (first.compareTo(last) <= 0
          && !add(missing, catalog, family, first.longValueExact(), last.longValueExact(), most)) {
        return null;
      }
    }
    return missing;
  }

  private static boolean add(
      List<MissingInterval> missing,
      Catalog catalog,
      PartitionEntry family,
      long first,
      long last,
      int most) {
    var bounds = (Bounds.Family) family.bounds();
    if (bounds
            .count(first, last)
            .compareTo(BigInteger.valueOf((long) IntervalPartitions.INTERVALS_MAX + most))
        > 0) {
      return false;
    }
    Set<Bounds> served =
        catalog.children(family.id()).stream()
            .filter(child -> child.state() != PartitionEntry.State.CREATING)
            .map(PartitionEntry::bounds)
            .collect(Collectors.toSet());
    long at = first;
    while (true) {
      Bounds.Interval interval;
      try {
        interval = bounds.interval(at);
      } catch (IllegalArgumentException e) {
        return false; // there is no number for it, so there never will be a Partition
      }
      if (!served.contains(interval)) {
        missing.add(new MissingInterval(family.collection(), interval));
      }
      if (missing.size() > most) {
        return false;
      }
      if (interval.last() >= last) {
        return true;
      }
      at = interval.last() + 1;
    }
  }

  /// The smallest integer whose rows may lie behind a start.
  private static BigInteger first(@Nullable PrimaryKey start) {
    return start == null ? LEAST : integer(start.parts().getFirst());
  }

  /// The largest integer whose rows may lie before an end.
  private static BigInteger last(@Nullable PrimaryKey end) {
    if (end == null) {
      return MOST;
    }
    Datum part = end.parts().getFirst();
    // Of a composite end, rows with the same first component may lie before it.
    boolean exact = end.parts().size() == 1 && part instanceof Datum.Int;
    return exact ? integer(part).subtract(BigInteger.ONE) : integer(part);
  }

  /// The integer of a bound; of a fraction one that is not too near; beyond all of 64 bits for what
  /// is no number.
  private static BigInteger integer(Datum part) {
    return switch (part) {
      case Datum.Int(long x) -> BigInteger.valueOf(x);
      case Datum.Decimal(var value) -> value.toBigInteger();
      case Datum.Null _, Datum.Bool _ -> LEAST.subtract(BigInteger.ONE);
      case Datum.Text _, Datum.Composite _ -> MOST.add(BigInteger.ONE);
    };
  }
}
