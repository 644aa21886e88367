package dev.partita.node.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.partita.node.index.JsonData;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class BoundsTest {

  private static final long[] EDGES = {
    Long.MIN_VALUE,
    Long.MIN_VALUE + 1,
    -101,
    -100,
    -1,
    0,
    1,
    99,
    100,
    Long.MAX_VALUE - 1,
    Long.MAX_VALUE
  };

  /// P(x) = floor((x - origin) / width), without any limit of size.
  private static boolean inInterval(long x, long origin, long width, long number) {
    BigInteger distance = BigInteger.valueOf(x).subtract(BigInteger.valueOf(origin));
    BigInteger[] division = distance.divideAndRemainder(BigInteger.valueOf(width));
    BigInteger floor =
        division[1].signum() < 0 ? division[0].subtract(BigInteger.ONE) : division[0];
    return floor.equals(BigInteger.valueOf(number));
  }

  @Test
  void everyIntegerLiesInOneIntervalOfAFamily() {
    int without = 0;
    for (long origin : EDGES) {
      for (long width : new long[] {1, 3, 100, Long.MAX_VALUE - 1, Long.MAX_VALUE}) {
        var family = new Bounds.Family(origin, width);
        for (long x : EDGES) {
          Bounds.Interval interval;
          try {
            interval = family.interval(x);
          } catch (IllegalArgumentException _) {
            without++;
            assertThat(width).isEqualTo(1);
            continue;
          }
          assertThat(inInterval(x, origin, width, interval.number())).isTrue();
          assertThat(interval.first()).isLessThanOrEqualTo(x);
          assertThat(interval.last()).isGreaterThanOrEqualTo(x);
          assertThat(family.overlaps(interval)).isTrue();
        }
      }
    }
    assertThat(without).isPositive();
  }

  @Test
  void boundsCoverARangeWithoutGaps() {
    var low = new Bounds.Range(null, Datum.of(10));
    var middle = new Bounds.Interval(10, 5, 0);
    var high = new Bounds.Range(Datum.of(15), null);

    assertThat(Bounds.cover(List.of(high, low, middle), null, null)).isTrue();
    assertThat(Bounds.cover(List.of(high, low), null, null)).isFalse();
    assertThat(Bounds.cover(List.of(low, middle), null, null)).isFalse();
    assertThat(Bounds.cover(List.of(middle, high), null, null)).isFalse();
    assertThat(Bounds.cover(List.of(middle, high), Datum.of(10), null)).isTrue();
    assertThat(Bounds.cover(List.of(middle), Datum.of(11), Datum.of(15))).isTrue();
    assertThat(Bounds.cover(List.of(middle), Datum.of(11), Datum.of(16))).isFalse();
    assertThat(Bounds.cover(List.of(middle), Datum.of(9), Datum.of(15))).isFalse();
    assertThat(Bounds.cover(List.of(new Bounds.Family(0, 1)), Datum.of(9), Datum.of(15))).isFalse();
    Datum inside = Datum.of(List.of(Datum.of(12), Datum.of("a")));
    assertThat(Bounds.cover(List.of(middle), inside, Datum.of(13))).isTrue();
    assertThat(Bounds.cover(List.of(new Bounds.Range(inside, null)), Datum.of(12), null)).isFalse();
    assertThat(Bounds.cover(List.of(), null, null)).isFalse();
    assertThat(Bounds.cover(List.of(Bounds.Range.ALL), null, null)).isTrue();
  }

  @Test
  void hashesCoverEverythingOrNotEverything() {
    var even = new Bounds.Hash(2, 0);

    assertThat(Bounds.cover(List.of(even), null, null)).isFalse();
    assertThat(Bounds.cover(List.of(even, new Bounds.Hash(4, 1)), null, null)).isFalse();
    assertThat(
            Bounds.cover(List.of(even, new Bounds.Hash(4, 1), new Bounds.Hash(4, 3)), null, null))
        .isTrue();
    assertThat(Bounds.cover(List.of(new Bounds.Hash(1, 0)), Datum.of(1), Datum.of(2))).isTrue();
  }

  @Test
  void aFamilyHasIntegersAndNothingElse() {
    var family = new Bounds.Family(7, 10);

    assertThat(family.contains(PrimaryKey.of(Long.MIN_VALUE))).isTrue();
    assertThat(family.contains(PrimaryKey.of(Datum.of(3), Datum.of("a")))).isTrue();
    assertThat(family.contains(PrimaryKey.of("3"))).isFalse();
    assertThat(family.overlaps(new Bounds.Range(Datum.of("a"), null))).isFalse();
    assertThat(family.overlaps(new Bounds.Range(Datum.of(Long.MAX_VALUE), null))).isTrue();
    assertThat(family.overlaps(new Bounds.Family(0, 1))).isTrue();
    assertThat(family.overlaps(new Bounds.Hash(2, 0))).isTrue();
    assertThat(BoundsJson.read(BoundsJson.write(family))).isEqualTo(family);
    assertThat(BoundsJson.write(family)).hasToString("{\"range\":{\"origin\":7,\"width\":10}}");
    assertThatThrownBy(() -> new Bounds.Family(0, 0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void intervalsAreExactAtTheEdgesOf64Bits() {
    long[] widths = {1, 3, 100, Long.MAX_VALUE - 1, Long.MAX_VALUE};
    int nonEmpty = 0;
    for (long origin : EDGES) {
      for (long width : widths) {
        for (long number : new long[] {Long.MIN_VALUE, -3, -2, -1, 0, 1, 2, Long.MAX_VALUE}) {
          Bounds.Interval interval;
          try {
            interval = new Bounds.Interval(origin, width, number);
          } catch (IllegalArgumentException _) {
            for (long x : EDGES) {
              assertThat(inInterval(x, origin, width, number)).isFalse();
            }
            continue;
          }
          nonEmpty++;
          for (long x : EDGES) {
            assertThat(interval.contains(PrimaryKey.of(x)))
                .as("%s contains %d", interval, x)
                .isEqualTo(inInterval(x, origin, width, number));
          }
          assertThat(inInterval(interval.first(), origin, width, number)).isTrue();
          assertThat(inInterval(interval.last(), origin, width, number)).isTrue();
        }
      }
    }
    assertThat(nonEmpty).isGreaterThan(100);
  }

  @Test
  void anIntervalHasIntegersOnly() {
    var interval = new Bounds.Interval(0, 100, 1);
    assertThat(interval.contains(PrimaryKey.of("150"))).isFalse();
    assertThat(interval.contains(PrimaryKey.of(Datum.of(150), Datum.of("x")))).isTrue();
  }

  @Test
  void aRangeComparesAsManyComponentsAsItsBoundHas() {
    var range = new Bounds.Range(Datum.of(List.of(Datum.of(1), Datum.of("b"))), Datum.of(3));
    assertThat(range.contains(PrimaryKey.of(1))).isFalse();
    assertThat(range.contains(PrimaryKey.of(Datum.of(1), Datum.of("a")))).isFalse();
    assertThat(range.contains(PrimaryKey.of(Datum.of(1), Datum.of("b")))).isTrue();
    assertThat(range.contains(PrimaryKey.of(Datum.of(2), Datum.of("a")))).isTrue();
    assertThat(range.contains(PrimaryKey.of(Datum.of(3), Datum.of("")))).isFalse();
  }

  @Test
  void boundsThatMakeNoSenseAreRefused() {
    assertRefused(() -> new Bounds.Range(Datum.of(2), Datum.of(2)));
    assertRefused(() -> new Bounds.Range(Datum.of("a"), Datum.of(2)));
    assertRefused(() -> new Bounds.Range(Datum.of(true), null));
    assertRefused(() -> new Bounds.Interval(0, 0, 1));
    assertRefused(() -> new Bounds.Hash(4, 4));
    assertRefused(() -> new Bounds.Hash(0, 0));
    assertRefused(() -> new Bounds.Columns(List.of()));
    assertRefused(() -> new Bounds.Columns(List.of("a", "a")));
    assertRefused(() -> new Bounds.Columns(List.of("a", "id")));
    assertRefused(() -> new Bounds.Columns(List.of("a", "")));
    assertRefused(() -> new Bounds.Columns(List.of("a,b")));
  }

  private static void assertRefused(Runnable runnable) {
    assertThatThrownBy(runnable::run).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void rangesOverlapWhenAKeyIsInBoth() {
    var random = new Random(1);
    var keys = new ArrayList<PrimaryKey>();
    for (int x = -6; x <= 6; x++) {
      keys.add(PrimaryKey.of(x));
      keys.add(PrimaryKey.of(Datum.of(x), Datum.of("a")));
      keys.add(PrimaryKey.of(Datum.of(x), Datum.of("b")));
    }
    keys.add(PrimaryKey.of(""));
    keys.add(PrimaryKey.of("a"));
    for (int count = 0; count < 2_000; count++) {
      Bounds one = randomRange(random);
      Bounds other = randomRange(random);
      boolean shared = keys.stream().anyMatch(key -> one.contains(key) && other.contains(key));
      assertThat(one.overlaps(other)).as("%s and %s", one, other).isEqualTo(shared);
      assertThat(other.overlaps(one)).isEqualTo(shared);
    }
  }

  private static Bounds randomRange(Random random) {
    while (true) {
      try {
        return random.nextInt(3) == 0
            ? new Bounds.Interval(
                random.nextInt(-2, 3), random.nextInt(1, 4), random.nextInt(-1, 2))
            : new Bounds.Range(
                random.nextInt(4) == 0 ? null : Datum.of(random.nextInt(-4, 4)),
                random.nextInt(4) == 0 ? null : randomEnd(random));
      } catch (IllegalArgumentException _) {
        // The ends are the wrong way round: try others.
      }
    }
  }

  private static Datum randomEnd(Random random) {
    return switch (random.nextInt(3)) {
      case 0 -> Datum.of(List.of(Datum.of(random.nextInt(-4, 4)), Datum.of("b")));
      case 1 -> Datum.of("a");
      default -> Datum.of(random.nextInt(-4, 5));
    };
  }

  @Test
  void hashesOverlapWhenAHashIsInBoth() {
    for (int m = 1; m <= 12; m++) {
      for (int n = 1; n <= 12; n++) {
        for (int r = 0; r < m; r++) {
          for (int s = 0; s < n; s++) {
            boolean shared = false;
            for (int hash = 0; hash < m * n; hash++) {
              shared |= hash % m == r && hash % n == s;
            }
            assertThat(new Bounds.Hash(m, r).overlaps(new Bounds.Hash(n, s))).isEqualTo(shared);
          }
        }
      }
    }
  }

  @Test
  void kindsDoNotMix() {
    assertThat(new Bounds.Hash(2, 0).overlaps(Bounds.Range.ALL)).isTrue();
    assertThat(new Bounds.Columns(List.of("a")).overlaps(new Bounds.Columns(List.of("b"))))
        .isFalse();
    assertThat(new Bounds.Columns(List.of("a", "b")).overlaps(new Bounds.Columns(List.of("b"))))
        .isTrue();
  }

  @Test
  void theJsonFormIsThatOfTheResource() {
    assertRoundTrip("{\"range\":{\"start\":100,\"end\":200}}");
    assertRoundTrip("{\"range\":{\"end\":[1,\"a\"]}}");
    assertRoundTrip("{\"range\":{}}");
    assertRoundTrip("{\"range\":{\"origin\":-5,\"width\":100,\"number\":-1}}");
    assertRoundTrip("{\"hash\":{\"modulus\":4,\"remainder\":1}}");
    assertRoundTrip("{\"columns\":[\"email\",\"name\"]}");
    assertThat(BoundsJson.read(JsonData.parse("{\"range\":{\"width\":10,\"number\":2}}")))
        .isEqualTo(new Bounds.Interval(0, 10, 2));
    assertUnreadable("{}");
    assertUnreadable("{\"range\":{},\"hash\":{\"modulus\":4,\"remainder\":1}}");
    assertUnreadable("{\"range\":{\"start\":1,\"width\":2,\"number\":3}}");
    assertUnreadable("{\"range\":{\"width\":10,\"number\":9223372036854775808}}");
    assertUnreadable("{\"hash\":{\"modulus\":4}}");
  }

  private static void assertRoundTrip(String json) {
    Bounds bounds = BoundsJson.read(JsonData.parse(json));
    assertThat(BoundsJson.write(bounds)).hasToString(json);
    var out = new BinaryWriter(16);
    PartitionCodec.writeBounds(out, bounds);
    assertThat(PartitionCodec.readBounds(new BinaryReader(out.toByteArray()))).isEqualTo(bounds);
  }

  private static void assertUnreadable(String json) {
    assertThatThrownBy(() -> BoundsJson.read(JsonData.parse(json)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
