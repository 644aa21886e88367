package dev.partita.node.key;

import dev.partita.node.key.Datum.Decimal;
import dev.partita.node.key.Datum.Int;
import java.math.BigDecimal;
import java.math.BigInteger;

/// The encoding of numbers by value; the layout is in the package description.
///
/// Nothing here expands an exponent: the cost is bounded by the digits that were written down, not
/// by the size of the number.
final class NumberFormat {
  /// Tag of zero; a positive number has this plus the bytes of its integer part, a negative one
  /// [#NEGATIVE] minus them.
  static final int POSITIVE = 0x20;

  static final int NEGATIVE = 0x1F;

  /// In place of the number of bytes, when eight do not hold the integer part.
  static final int HUGE = 9;

  /// Decimal digits of the largest integer part that eight bytes hold.
  private static final int SMALL_DIGITS_MAX = 20;

  private static final int FRACTION_NONE = 0x00;
  private static final int FRACTION_FAR = 0x01;
  private static final int FRACTION_NEAR = 0xFF;
  private static final int NEAR_ZEROS_MAX = 239;
  private static final int DIGITS_END = 0x00;

  private NumberFormat() {}

  static boolean isTag(int tag) {
    return tag >= NEGATIVE - HUGE && tag <= POSITIVE + HUGE;
  }

  static Datum canonical(BigDecimal value) {
    Decimal decimal = new Decimal(value);
    BigDecimal stripped = decimal.value();
    boolean whole =
        stripped.scale() <= 0 && (long) stripped.precision() - stripped.scale() < SMALL_DIGITS_MAX;
    return whole && stripped.toBigInteger().bitLength() < Long.SIZE
        ? new Int(stripped.longValueExact())
        : decimal;
  }

  /// The same value without zeros at the end, as far as the range of exponents allows.
  static BigDecimal strip(BigDecimal value) {
    try {
      return value.stripTrailingZeros();
    } catch (ArithmeticException _) {
      return value.setScale(Integer.MIN_VALUE);
    }
  }

  static void write(KeyWriter out, long value) {
    long magnitude = Math.abs(value);
    int size = bytesOf(magnitude);
    int from = writeTag(out, value < 0, size);
    writeIntegerPart(out, magnitude, size);
    out.u8(FRACTION_NONE);
    complementIf(value < 0, out, from);
  }

  static void write(KeyWriter out, BigDecimal value) {
    if (value.signum() == 0) {
      write(out, 0);
      return;
    }
    boolean negative = value.signum() < 0;
    String digits = withoutZerosAtEnd(value.unscaledValue().abs().toString());
    // The value is 0.digits times ten to this power.
    long integerDigits = (long) value.precision() - value.scale();
    BigInteger integerPart =
        integerDigits > SMALL_DIGITS_MAX ? null : integerPart(digits, integerDigits);
    if (integerPart == null || integerPart.bitLength() > Long.SIZE) {
      int from = writeTag(out, negative, HUGE);
      out.u64(integerDigits);
      writeDigits(out, digits);
      complementIf(negative, out, from);
      return;
    }
    int size = bytesOf(integerPart.longValue());
    int from = writeTag(out, negative, size);
    writeIntegerPart(out, integerPart.longValue(), size);
    writeFraction(out, digits, integerDigits);
    complementIf(negative, out, from);
  }

  private static void complementIf(boolean negative, KeyWriter out, int from) {
    if (negative) {
      out.complement(from);
    }
  }

  private static int writeTag(KeyWriter out, boolean negative, int size) {
    out.u8(negative ? NEGATIVE - size : POSITIVE + size);
    return out.size();
  }

  private static void writeIntegerPart(KeyWriter out, long magnitude, int size) {
    for (int shift = (size - 1) * Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
      out.u8((int) (magnitude >>> shift) & 0xFF);
    }
  }

  private static void writeFraction(KeyWriter out, String digits, long integerDigits) {
    if (integerDigits >= digits.length()) {
      out.u8(FRACTION_NONE);
      return;
    }
    String fraction = integerDigits <= 0 ? digits : digits.substring((int) integerDigits);
    int zerosInDigits = 0;
    while (fraction.charAt(zerosInDigits) == '0') {
      zerosInDigits++;
    }
    long zeros = Math.max(0, -integerDigits) + zerosInDigits;
    if (zeros <= NEAR_ZEROS_MAX) {
      out.u8(FRACTION_NEAR - (int) zeros);
    } else {
      out.u8(FRACTION_FAR);
      out.u64(~zeros);
    }
    writeDigits(out, fraction.substring(zerosInDigits));
  }

  private static void writeDigits(KeyWriter out, String digits) {
    for (int i = 0; i < digits.length(); i += 2) {
      int second = i + 1 < digits.length() ? digits.charAt(i + 1) - '0' : 0;
      out.u8((digits.charAt(i) - '0') * 10 + second + 1);
    }
    out.u8(DIGITS_END);
  }

  private static BigInteger integerPart(String digits, long integerDigits) {
    if (integerDigits <= 0) {
      return BigInteger.ZERO;
    }
    int count = (int) integerDigits;
    return count <= digits.length()
        ? new BigInteger(digits.substring(0, count))
        : new BigInteger(digits + "0".repeat(count - digits.length()));
  }

  private static int bytesOf(long magnitude) {
    return (Long.SIZE - Long.numberOfLeadingZeros(magnitude) + Byte.SIZE - 1) / Byte.SIZE;
  }

  private static String withoutZerosAtEnd(String digits) {
    int length = digits.length();
    while (length > 1 && digits.charAt(length - 1) == '0') {
      length--;
    }
    return digits.substring(0, length);
  }

  /// Reads what follows the tag.
  static Datum read(KeyReader in, int tag) {
    boolean negative = tag <= NEGATIVE;
    int size = negative ? NEGATIVE - tag : tag - POSITIVE;
    if (negative) {
      in.flip();
    }
    Datum number = size == HUGE ? readHuge(in, negative) : readSmall(in, size, negative);
    if (negative) {
      in.flip();
    }
    return number;
  }

  private static Datum readHuge(KeyReader in, boolean negative) {
    long integerDigits = in.u64();
    String digits = readDigits(in);
    // A scale has 31 bits; what does not fit stands as zeros in the digits, as it did in the number
    // that was written.
    long missingZeros = integerDigits - digits.length() + Integer.MIN_VALUE;
    if (missingZeros > 0) {
      digits += "0".repeat((int) missingZeros);
    }
    return number(digits, digits.length() - integerDigits, negative);
  }

  private static Datum readSmall(KeyReader in, int size, boolean negative) {
    long magnitude = 0;
    for (int i = 0; i < size; i++) {
      magnitude = (magnitude << Byte.SIZE) | in.u8();
    }
    int fraction = in.u8();
    if (fraction == FRACTION_NONE && (magnitude > 0 || size == 0)) {
      return new Int(negative ? -magnitude : magnitude);
    }
    if (fraction == FRACTION_NONE && negative && magnitude == Long.MIN_VALUE) {
      return new Int(Long.MIN_VALUE);
    }
    String integerDigits = Long.toUnsignedString(magnitude);
    if (fraction == FRACTION_NONE) {
      return number(integerDigits, 0, negative);
    }
    long zeros = fraction == FRACTION_FAR ? ~in.u64() : FRACTION_NEAR - fraction;
    String digits = readDigits(in);
    if (magnitude == 0) {
      return number(digits, zeros + digits.length(), negative);
    }
    return number(
        integerDigits + "0".repeat(Math.toIntExact(zeros)) + digits,
        zeros + digits.length(),
        negative);
  }

  private static String readDigits(KeyReader in) {
    StringBuilder digits = new StringBuilder();
    for (int pair = in.u8(); pair != DIGITS_END; pair = in.u8()) {
      digits.append((char) ('0' + (pair - 1) / 10)).append((char) ('0' + (pair - 1) % 10));
    }
    return withoutZerosAtEnd(digits.toString());
  }

  private static Datum number(String digits, long scale, boolean negative) {
    BigInteger unscaled = new BigInteger(negative ? "-" + digits : digits);
    return new Decimal(new BigDecimal(unscaled, Math.toIntExact(scale)));
  }
}
