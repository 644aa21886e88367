package dev.partita.node.key;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RowKeysTest {
  private static final RowKeys ORDERED = new RowKeys(7, 0, false);
  private static final RowKeys HASHED = new RowKeys(0xFFFF_FFFFL, 0xFFFF, true);

  @ParameterizedTest
  @CsvSource({
    "'', 0",
    "a, 3c2569b2",
    "hello, 248bfa47",
    "'hello, world', 149bbb7f",
    "The quick brown fox jumps over the lazy dog, 2e4ff723"
  })
  void hashFunctionIsMurmur3(String text, String hash) {
    assertThat(Integer.toHexString(Murmur3.hash(text.getBytes(StandardCharsets.UTF_8))))
        .isEqualTo(hash);
  }

  @ParameterizedTest
  @CsvSource({"0", "1", "-1", "150", "9223372036854775807", "a", "things"})
  void hashOfAPartitionKeyIsThatOfItsEncodedForm(String key) {
    Datum datum = PrimaryKeyText.fromUrl(key).partitionKey();
    byte[] encoded = new KeyWriter().write(datum).toKey().toByteArray();
    assertThat(RowKeys.hash(datum)).isEqualTo(Integer.toUnsignedLong(Murmur3.hash(encoded)));
  }

  @Test
  void rowKeysAreReadBackAndSortLikePrimaryKeys() {
    RandomData data = new RandomData(5);
    for (int i = 0; i < 3_000; i++) {
      PrimaryKey one = data.primaryKey();
      PrimaryKey other = data.primaryKey();
      assertThat(ORDERED.primaryKey(ORDERED.key(one))).isEqualTo(one);
      assertThat(HASHED.primaryKey(HASHED.key(one))).isEqualTo(one);
      assertThat(Integer.signum(ORDERED.key(one).compareTo(ORDERED.key(other))))
          .isEqualTo(Integer.signum(one.compareTo(other)));
      assertThat(ORDERED.all().contains(ORDERED.key(one))).isTrue();
      assertThat(ORDERED.all().contains(HASHED.key(one))).isFalse();
      assertThat(HASHED.all().contains(HASHED.key(one))).isTrue();
    }
  }

  @Test
  void rangeHoldsTheRowsWhosePartitionKeyIsInside() {
    RandomData data = new RandomData(6);
    for (int i = 0; i < 5_000; i++) {
      PrimaryKey key = data.primaryKey();
      @Nullable Datum start = i % 5 == 0 ? null : data.primaryKey().partitionKey();
      @Nullable Datum end = i % 7 == 0 ? null : data.primaryKey().partitionKey();
      boolean inside =
          (start == null || start.compareTo(key.partitionKey()) <= 0)
              && (end == null || key.partitionKey().compareTo(end) < 0);
      assertThat(ORDERED.range(start, end).contains(ORDERED.key(key)))
          .as("%s in [%s, %s)", key, start, end)
          .isEqualTo(inside);
    }
  }

  @Test
  void startingWithHoldsTheRowsThatBeginWithTheParts() {
    RandomData data = new RandomData(8);
    for (int i = 0; i < 3_000; i++) {
      PrimaryKey key = data.primaryKey();
      PrimaryKey other = data.primaryKey();
      List<Datum> parts = other.parts().subList(0, 1);
      boolean begins = key.parts().getFirst().equals(parts.getFirst());
      assertThat(ORDERED.startingWith(parts).contains(ORDERED.key(key))).isEqualTo(begins);
      assertThat(HASHED.startingWith(parts).contains(HASHED.key(key))).isEqualTo(begins);
      assertThat(ORDERED.startingWith(key.parts().subList(0, 1)).contains(ORDERED.key(key)))
          .isTrue();
      assertThat(HASHED.startingWith(key.parts().subList(0, 1)).contains(HASHED.key(key))).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 8, 12, 16, 100, 1024, Integer.MAX_VALUE, 1 << 30})
  void everyRowHasOneRemainderAndLiesInItsSpan(int modulus) {
    RandomData data = new RandomData(modulus);
    for (int i = 0; i < 500; i++) {
      PrimaryKey primaryKey = data.primaryKey();
      Key key = HASHED.key(primaryKey);
      int remainder = (int) (RowKeys.hash(primaryKey.partitionKey()) % modulus);
      assertThat(HASHED.hasRemainder(key, modulus, remainder)).isTrue();
      assertThat(HASHED.hashSpan(modulus, remainder).contains(key)).isTrue();
      int another = (remainder + 1) % modulus;
      if (another != remainder) {
        assertThat(HASHED.hasRemainder(key, modulus, another)).isFalse();
        if (Integer.bitCount(modulus) == 1) {
          assertThat(HASHED.hashSpan(modulus, another).contains(key)).isFalse();
        }
      }
    }
  }

  @Test
  void spansOfAPowerOfTwoTileTheCollection() {
    for (int remainder = 0; remainder < 8; remainder++) {
      KeyRange span = HASHED.hashSpan(8, remainder);
      assertThat(HASHED.all().contains(span)).isTrue();
      for (int other = 0; other < remainder; other++) {
        assertThat(span.overlaps(HASHED.hashSpan(8, other))).isFalse();
      }
      KeyRange half = HASHED.hashSpan(4, remainder % 4);
      assertThat(half.contains(span)).as("a split of 4 into 8 moves no row").isTrue();
    }
    assertThat(HASHED.hashSpan(1, 0)).isEqualTo(HASHED.all().intersect(HASHED.hashSpan(1, 0)));
  }

  @Test
  void wrongUseIsRefused() {
    assertThatThrownBy(() -> HASHED.range(null, null)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> ORDERED.hashSpan(2, 0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> HASHED.hashSpan(2, 2)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ORDERED.primaryKey(HASHED.key(PrimaryKey.of(1))))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new RowKeys(1L << 32, 0, false))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
