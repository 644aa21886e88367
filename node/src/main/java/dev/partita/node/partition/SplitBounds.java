package dev.partita.node.partition;

import dev.partita.node.key.Datum;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How bounds are cut in two: every row of theirs belongs to exactly one of the halves.
public final class SplitBounds {

  private SplitBounds() {}

  /// The halves of bounds.
  ///
  /// @param at where a range is cut: the first key of the second half. Null for hash bounds, whose
  ///   modulus is doubled
  /// @throws IllegalArgumentException if the bounds cannot be cut there, with the reason
  public static List<Bounds> halves(Bounds bounds, @Nullable Datum at) {
    return switch (bounds) {
      case Bounds.Range(Datum start, Datum end) -> halves(start, end, needed(at));
      case Bounds.Interval interval -> {
        List<Datum> ends = interval.startAndEnd();
        if (!(ends.getLast() instanceof Datum.Int)) {
          throw new IllegalArgumentException(
              "an interval that ends behind the largest integer cannot be split");
        }
        yield halves(ends.getFirst(), ends.getLast(), needed(at));
      }
      case Bounds.Hash(int modulus, int remainder) -> {
        if (at != null) {
          throw new IllegalArgumentException(
              "a hash partition is split by doubling its modulus, not at a key");
        }
        if (modulus > Bounds.Hash.MODULUS_MAX / 2) {
          throw new IllegalArgumentException(
              "a modulus is at most " + Bounds.Hash.MODULUS_MAX + " and would be " + 2 * modulus);
        }
        yield List.of(
            new Bounds.Hash(2 * modulus, remainder),
            new Bounds.Hash(2 * modulus, remainder + modulus));
      }
      case Bounds.Family _ ->
          throw new IllegalArgumentException("its intervals are split one by one");
      case Bounds.Columns _ ->
          throw new IllegalArgumentException("a partition of columns cannot be split");
    };
  }

  private static Datum needed(@Nullable Datum at) {
    if (at == null) {
      throw new IllegalArgumentException("a range is split at a key");
    }
    return at;
  }

  private static List<Bounds> halves(@Nullable Datum start, @Nullable Datum end, Datum at) {
    // Each is refused unless its start lies before its end.
    return List.of(new Bounds.Range(start, at), new Bounds.Range(at, end));
  }
}
