package dev.partita.node.key;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class KeyTest {
  @Test
  void bytesCompareUnsigned() {
    assertThat(key(0x7F)).isLessThan(key(0x80));
    assertThat(key(1)).isLessThan(key(1, 0));
    assertThat(key(1, 0xFF)).isLessThan(key(2));
  }

  @Test
  void successorIsTheNextKey() {
    assertThat(key(1).successor()).isEqualTo(key(1, 0));
  }

  @Test
  void prefixEndSkipsBytesThatCannotGrow() {
    assertThat(key(1, 2).prefixEnd()).isEqualTo(key(1, 3));
    assertThat(key(1, 0xFF, 0xFF).prefixEnd()).isEqualTo(key(2));
    assertThat(key(0xFF, 0xFF).prefixEnd()).isNull();
    assertThat(Key.EMPTY.prefixEnd()).isNull();
  }

  @Test
  void prefixRangeHoldsExactlyTheKeysThatStartWithThePrefix() {
    Random random = new Random(1);
    for (int i = 0; i < 20_000; i++) {
      Key prefix = random(random);
      Key key = random.nextBoolean() ? random(random) : prefix.append(random(random));
      assertThat(KeyRange.prefix(prefix).contains(key))
          .as("%s in prefix %s", key, prefix)
          .isEqualTo(key.startsWith(prefix));
    }
  }

  @Test
  void rangesBehaveAsSetsOfKeys() {
    Random random = new Random(2);
    for (int i = 0; i < 20_000; i++) {
      KeyRange one = range(random);
      KeyRange other = range(random);
      Key key = random(random);
      boolean both = one.contains(key) && other.contains(key);
      assertThat(one.intersect(other).contains(key)).isEqualTo(both);
      assertThat(one.from(key).isEmpty() || one.contains(one.from(key))).isTrue();
      assertThat(one.before(key).contains(key)).isFalse();
      if (both) {
        assertThat(one.overlaps(other)).isTrue();
        assertThat(one.isEmpty()).isFalse();
      }
      if (one.contains(other) && other.contains(key)) {
        assertThat(one.contains(key)).as("%s contains %s", one, other).isTrue();
      }
      if (!one.contains(other) && !other.isEmpty()) {
        Key start = other.start();
        @Nullable Key end = other.end();
        boolean leavesByStart = !one.contains(start);
        boolean leavesByEnd = one.end() != null && (end == null || one.end().compareTo(end) < 0);
        assertThat(leavesByStart || leavesByEnd).as("%s contains %s", one, other).isTrue();
      }
    }
  }

  @Test
  void changingTheGivenOrTakenArrayChangesNoKey() {
    byte[] bytes = {1, 2};
    Key key = Key.of(bytes);
    bytes[0] = 9;
    key.toByteArray()[1] = 9;
    assertThat(key).isEqualTo(key(1, 2));
    assertThat(key.suffix(1)).isEqualTo(key(2));
  }

  private static Key key(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return Key.of(bytes);
  }

  /// Few different bytes, so that prefixes and equal keys are common.
  private static Key random(Random random) {
    int[] values = {0, 1, 0xFE, 0xFF};
    int[] bytes = random.ints(random.nextInt(4), 0, values.length).map(i -> values[i]).toArray();
    return key(bytes);
  }

  private static KeyRange range(Random random) {
    return new KeyRange(random(random), random.nextInt(4) == 0 ? null : random(random));
  }
}
