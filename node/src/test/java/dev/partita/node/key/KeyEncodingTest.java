package dev.partita.node.key;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.partita.node.key.Datum.Composite;
import dev.partita.node.key.Datum.Decimal;
import dev.partita.node.key.Datum.Int;
import dev.partita.node.key.Datum.Text;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class KeyEncodingTest {
  private static final int SEEDS = Integer.getInteger("partita.seeds", 20);
  private static final int DATA_PER_SEED = 400;

  @Test
  void encodedOrderIsTheOrderOfTheData() {
    for (int seed = 0; seed < SEEDS; seed++) {
      List<Datum> data = data(seed);
      for (int i = 0; i < data.size(); i++) {
        Datum one = data.get(i);
        Datum other = data.get((i * 31 + 7) % data.size());
        int order = Integer.signum(one.compareTo(other));
        assertThat(Integer.signum(encode(one).compareTo(encode(other))))
            .as("seed %d: %s and %s", seed, one, other)
            .isEqualTo(order);
        assertThat(Integer.signum(encodeDescending(one).compareTo(encodeDescending(other))))
            .as("seed %d, descending: %s and %s", seed, one, other)
            .isEqualTo(-order);
      }
    }
  }

  @Test
  void sortingDataAndSortingKeysAgree() {
    for (int seed = 0; seed < SEEDS; seed++) {
      List<Datum> byDatum = data(seed);
      List<Datum> byKey = new ArrayList<>(byDatum);
      Collections.sort(byDatum);
      byKey.sort((one, other) -> encode(one).compareTo(encode(other)));
      assertThat(byKey).as("seed %d", seed).isEqualTo(byDatum);
    }
  }

  @Test
  void everyDatumIsReadBackInBothDirections() {
    for (int seed = 0; seed < SEEDS; seed++) {
      for (Datum datum : data(seed)) {
        assertThat(new KeyReader(encode(datum)).read()).as("seed %d", seed).isEqualTo(datum);
        assertThat(new KeyReader(encodeDescending(datum)).read(true))
            .as("seed %d, descending", seed)
            .isEqualTo(datum);
      }
    }
  }

  @Test
  void equalOrderMeansEqualDataAndEqualBytes() {
    for (int seed = 0; seed < SEEDS; seed++) {
      List<Datum> data = data(seed);
      Collections.sort(data);
      for (int i = 1; i < data.size(); i++) {
        boolean same = data.get(i).compareTo(data.get(i - 1)) == 0;
        assertThat(data.get(i).equals(data.get(i - 1)))
            .as("seed %d: %s", seed, data.get(i))
            .isEqualTo(same);
        assertThat(encode(data.get(i)).equals(encode(data.get(i - 1))))
            .as("seed %d: %s", seed, data.get(i))
            .isEqualTo(same);
      }
    }
  }

  @Test
  void noEncodedComponentBeginsAnotherOne() {
    for (int seed = 0; seed < SEEDS; seed++) {
      List<Key> keys =
          new ArrayList<>(data(seed).stream().map(KeyEncodingTest::encode).distinct().toList());
      Collections.sort(keys);
      for (int i = 1; i < keys.size(); i++) {
        assertThat(keys.get(i).startsWith(keys.get(i - 1)))
            .as("seed %d: %s", seed, keys.get(i))
            .isFalse();
      }
    }
  }

  @Test
  void mixedDirectionsSortComponentByComponent() {
    for (int seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      RandomData data = new RandomData(seed);
      boolean[] descending = {random.nextBoolean(), random.nextBoolean(), random.nextBoolean()};
      for (int i = 0; i < DATA_PER_SEED; i++) {
        List<Datum> one = List.of(data.datum(0), data.datum(1), data.datum(0));
        List<Datum> other = new ArrayList<>(one);
        other.set(random.nextInt(3), data.datum(1));
        assertThat(Integer.signum(encode(one, descending).compareTo(encode(other, descending))))
            .as("seed %d: %s and %s, descending %s", seed, one, other, Arrays.toString(descending))
            .isEqualTo(compare(one, other, descending));
      }
    }
  }

  @Test
  void textOrderIsTheOrderOfUtf8Bytes() {
    for (int seed = 0; seed < SEEDS; seed++) {
      RandomData data = new RandomData(seed);
      for (int i = 0; i < DATA_PER_SEED; i++) {
        String one = data.text();
        String other = data.text();
        if (isWellFormed(one) && isWellFormed(other)) {
          int bytes =
              Arrays.compareUnsigned(
                  one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
          assertThat(Integer.signum(new Text(one).compareTo(new Text(other))))
              .as("seed %d", seed)
              .isEqualTo(Integer.signum(bytes));
        }
      }
    }
  }

  @Test
  void supplementaryCharactersSortAfterTheBasicPlane() {
    assertThat(encode(Datum.of("\uffff"))).isLessThan(encode(Datum.of("\ud800\udc00")));
    assertThat(encode(Datum.of("a\0")))
        .isGreaterThan(encode(Datum.of("a")))
        .isLessThan(encode(Datum.of("a\u0001")));
  }

  @ParameterizedTest
  @CsvSource({
    "1,1.0",
    "1,1e0",
    "100,1e2",
    "-0.5,-0.50",
    "0,0.000",
    "0,-0.0",
    "1e400,10e399",
    "1000e2147483646,100e2147483647"
  })
  void spellingOfANumberDoesNotMatter(String one, String other) {
    assertThat(encode(new Decimal(new BigDecimal(one))))
        .isEqualTo(encode(new Decimal(new BigDecimal(other))));
    assertThat(new Decimal(new BigDecimal(one)).compareTo(new Decimal(new BigDecimal(other))))
        .isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "0, 2000",
    "1, 210100",
    "150, 219600",
    "256, 22010000",
    "-1, 1EFEFF",
    "-150, 1E69FF",
    "9223372036854775807, 287FFFFFFFFFFFFFFF00",
    "-9223372036854775808, 177FFFFFFFFFFFFFFFFF",
    "0.5, 20FF3300",
    "-0.5, 1F00CCFF",
    "1.05, 2101FE3300",
    "1e20, 2900000000000000150B00"
  })
  void numbersHaveTheDocumentedBytes(String number, String hex) {
    assertThat(encode(Datum.number(new BigDecimal(number))))
        .isEqualTo(Key.of(HexFormat.of().parseHex(hex)));
  }

  @Test
  void otherDataHaveTheDocumentedBytes() {
    assertThat(encode(Datum.ofNull())).hasToString("05");
    assertThat(encode(Datum.of(false))).hasToString("08");
    assertThat(encode(Datum.of(true))).hasToString("09");
    assertThat(encode(Datum.of("a\0é"))).hasToString("306201c4aa00");
    assertThat(encode(new Composite(List.of(new Int(1), Datum.of("")))))
        .hasToString("40210100300000");
  }

  @Test
  void cutBytesAreNoticed() {
    RandomData data = new RandomData(1);
    for (int i = 0; i < DATA_PER_SEED; i++) {
      byte[] bytes = encode(data.datum(2)).toByteArray();
      Key cut = Key.of(Arrays.copyOf(bytes, bytes.length - 1));
      assertThatThrownBy(() -> new KeyReader(cut).read())
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("malformed key");
    }
  }

  private static List<Datum> data(int seed) {
    RandomData random = new RandomData(seed);
    List<Datum> data = new ArrayList<>();
    for (int i = 0; i < DATA_PER_SEED; i++) {
      data.add(random.datum(2));
    }
    return data;
  }

  private static Key encode(Datum datum) {
    return new KeyWriter().write(datum).toKey();
  }

  private static Key encodeDescending(Datum datum) {
    return new KeyWriter().writeDescending(datum).toKey();
  }

  private static Key encode(List<Datum> data, boolean[] descending) {
    KeyWriter out = new KeyWriter();
    for (int i = 0; i < data.size(); i++) {
      out.write(data.get(i), descending[i]);
    }
    return out.toKey();
  }

  private static int compare(List<Datum> one, List<Datum> other, boolean[] descending) {
    for (int i = 0; i < one.size(); i++) {
      int order = one.get(i).compareTo(other.get(i));
      if (order != 0) {
        return Integer.signum(descending[i] ? -order : order);
      }
    }
    return 0;
  }

  private static boolean isWellFormed(String text) {
    return StandardCharsets.UTF_8.newEncoder().canEncode(text);
  }
}
