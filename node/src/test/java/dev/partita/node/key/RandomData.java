package dev.partita.node.key;

import dev.partita.node.key.Datum.Composite;
import dev.partita.node.key.Datum.Text;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/// Seeded random data, with the edges more often than chance would give them.
public final class RandomData {
  private static final long[] LONGS = {
    Long.MIN_VALUE,
    Long.MIN_VALUE + 1,
    Integer.MIN_VALUE,
    -65_537,
    -65_536,
    -65_535,
    -257,
    -256,
    -255,
    -129,
    -128,
    -127,
    -2,
    -1,
    0,
    1,
    2,
    127,
    128,
    129,
    255,
    256,
    257,
    65_535,
    65_536,
    1 << 24,
    Integer.MAX_VALUE,
    1L << 32,
    1L << 53,
    Long.MAX_VALUE - 1,
    Long.MAX_VALUE
  };

  private static final String[] DECIMALS = {
    "0.0",
    "1.0",
    "1e0",
    "10e-1",
    "-0.5",
    "0.5",
    "0.05",
    "0.50",
    "0.500001",
    "1.5",
    "-1.5",
    "1e400",
    "-1e400",
    "1e401",
    "9e400",
    "1e-400",
    "-1e-400",
    "1e2147483647",
    "1000e2147483647",
    "-1000e2147483647",
    "1e-2147483647",
    "123456789012345678901234567890.123456789",
    "18446744073709551615",
    "18446744073709551616",
    "18446744073709551615.5",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "9223372036854775807.9",
    "0.1e-239",
    "0.1e-240",
    "0.1e-238",
    "100",
    "99.99",
    "1e19",
    "1e20",
    "1e21",
    "0.99999999999999999999999",
    "255.00390625"
  };

  private static final String[] TEXTS = {
    "",
    "\0",
    "\0\0",
    "\0a",
    "a",
    "a\0",
    "a\0b",
    "aa",
    "ab",
    "b",
    "\u007f",
    "\u0080",
    "\u07ff",
    "\u0800",
    "\ud7ff",
    "\ue000",
    "\uffff",
    "\ud800\udc00",
    "\udbff\udfff",
    "\ud83d\ude00",
    "\ud83d",
    "\ude00",
    "a\ud83d",
    "\ud83d\ud83d\ude00",
    "z".repeat(1024),
    "z".repeat(1023) + "\0",
    "é",
    "e\u0301",
    "\ufe00",
    "\uffff\ud800\udc00"
  };

  private final Random random;

  /// Data of this seed.
  public RandomData(long seed) {
    this.random = new Random(seed);
  }

  /// Any datum, composites nested up to the depth.
  public Datum datum(int depth) {
    return switch (random.nextInt(depth > 0 ? 10 : 8)) {
      case 0 -> random.nextInt(4) == 0 ? Datum.ofNull() : Datum.of(random.nextBoolean());
      case 1, 2 -> Datum.of(integer());
      case 3, 4, 5 -> decimal();
      case 6, 7 -> new Text(text());
      default ->
          new Composite(
              IntStream.range(0, random.nextInt(4)).mapToObj(_ -> datum(depth - 1)).toList());
    };
  }

  /// A whole number.
  public long integer() {
    return switch (random.nextInt(3)) {
      case 0 -> LONGS[random.nextInt(LONGS.length)];
      case 1 -> random.nextInt(-300, 300);
      default -> random.nextLong() >> random.nextInt(64);
    };
  }

  /// A text, now and then with unpaired surrogates.
  public String text() {
    if (random.nextBoolean()) {
      return TEXTS[random.nextInt(TEXTS.length)];
    }
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(6); i > 0; i--) {
      text.append(TEXTS[random.nextInt(TEXTS.length - 6)]);
    }
    return text.length() > 1024 ? text.substring(0, 1024) : text.toString();
  }

  /// A primary key.
  public PrimaryKey primaryKey() {
    List<Datum> parts = new ArrayList<>();
    for (int i = random.nextInt(1, 4); i > 0; i--) {
      parts.add(random.nextBoolean() ? Datum.of(integer()) : Datum.of(shortText()));
    }
    return new PrimaryKey(parts);
  }

  private String shortText() {
    String text = text();
    return text.length() > 100 ? text.substring(0, 100) : text;
  }

  private Datum decimal() {
    return switch (random.nextInt(4)) {
      case 0 -> Datum.number(new BigDecimal(DECIMALS[random.nextInt(DECIMALS.length)]));
      case 1 -> Datum.number(BigDecimal.valueOf(random.nextInt(-3000, 3000), 2));
      case 2 ->
          Datum.number(
              BigDecimal.valueOf(integer())
                  .add(BigDecimal.valueOf(random.nextInt(-2, 3), random.nextInt(25))));
      default ->
          Datum.number(
              new BigDecimal(new BigInteger(random.nextInt(120), random), random.nextInt(-300, 300))
                  .multiply(BigDecimal.valueOf(random.nextBoolean() ? 1 : -1)));
    };
  }
}
