package dev.partita.node.key;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;

/// A value that can stand in a key or in an index.
///
/// The order is null, false, true, numbers, text, composites. Numbers compare by value, whatever
/// type they have and however they are spelled; text compares by code point; composites compare
/// component by component, a shorter one first. [#compareTo] is 0 for numbers of equal value;
/// [#equals] agrees with it for what [#number(BigDecimal)] and [KeyReader] give, which use [Int]
/// wherever it fits.
public sealed interface Datum extends Comparable<Datum> {
  /// The absent value.
  record Null() implements Datum {}

  /// A truth value.
  record Bool(boolean value) implements Datum {}

  /// A whole number of 64 bits.
  record Int(long value) implements Datum {}

  /// Any other number. Zeros at the end are stripped.
  record Decimal(BigDecimal value) implements Datum {
    /// Strips the zeros at the end, so that equal values are equal.
    public Decimal {
      value = NumberFormat.strip(value);
    }
  }

  /// A text.
  record Text(String value) implements Datum {}

  /// Several values in order.
  record Composite(List<Datum> parts) implements Datum {
    /// Copies the parts.
    public Composite {
      parts = List.copyOf(parts);
    }
  }

  static Datum ofNull() {
    return new Null();
  }

  static Datum of(boolean value) {
    return new Bool(value);
  }

  static Datum of(long value) {
    return new Int(value);
  }

  static Datum of(String value) {
    return new Text(value);
  }

  static Datum of(List<Datum> parts) {
    return new Composite(parts);
  }

  /// The number in its canonical form: [Int] when it is whole and fits, else [Decimal].
  static Datum number(BigDecimal value) {
    return NumberFormat.canonical(value);
  }

  /// The number in its canonical form.
  static Datum number(BigInteger value) {
    return value.bitLength() < Long.SIZE
        ? new Int(value.longValue())
        : new Decimal(new BigDecimal(value));
  }

  @Override
  default int compareTo(Datum other) {
    return DatumOrder.compare(this, other);
  }
}
