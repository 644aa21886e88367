package dev.partita.node.key;

import dev.partita.node.key.Datum.Bool;
import dev.partita.node.key.Datum.Composite;
import dev.partita.node.key.Datum.Decimal;
import dev.partita.node.key.Datum.Int;
import dev.partita.node.key.Datum.Null;
import dev.partita.node.key.Datum.Text;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;

/// Builds a [Key] from components, so that the order of the keys is the order of the components,
/// first to last. The layout is in the package description. For one thread; can be used again after
/// [#reset].
public final class KeyWriter {
  /// Ends a list of components. Lower than the first byte of any ascending component.
  public static final int END = 0x00;

  static final int NULL = 0x05;
  static final int FALSE = 0x08;
  static final int TRUE = 0x09;
  static final int TEXT = 0x30;
  static final int COMPOSITE = 0x40;

  /// Holds most keys without growing.
  private static final int INITIAL_CAPACITY = 48;

  private byte[] bytes = new byte[INITIAL_CAPACITY];
  private int size;

  /// Adds a component in ascending order.
  public KeyWriter write(Datum datum) {
    switch (datum) {
      case Null() -> u8(NULL);
      case Bool(boolean value) -> u8(value ? TRUE : FALSE);
      case Int(long value) -> NumberFormat.write(this, value);
      case Decimal(BigDecimal value) -> NumberFormat.write(this, value);
      case Text(String value) -> text(value);
      case Composite(List<Datum> parts) -> {
        u8(COMPOSITE);
        parts.forEach(this::write);
        end();
      }
    }
    return this;
  }

  /// Adds a component in descending order.
  public KeyWriter writeDescending(Datum datum) {
    int from = size;
    write(datum);
    complement(from);
    return this;
  }

  /// Adds a component in the given order.
  public KeyWriter write(Datum datum, boolean descending) {
    return descending ? writeDescending(datum) : write(datum);
  }

  /// Ends a list of components: sorts it before the longer lists that begin with it.
  public KeyWriter end() {
    return u8(END);
  }

  /// Adds one byte, 0 to 255.
  public KeyWriter u8(int value) {
    reserve(1);
    bytes[size++] = (byte) value;
    return this;
  }

  /// Adds a number in two bytes, 0 to 65,535.
  public KeyWriter u16(int value) {
    return u8(value >>> 8).u8(value);
  }

  /// Adds a number in four bytes, 0 to 2^32 - 1.
  public KeyWriter u32(long value) {
    return u16((int) (value >>> 16)).u16((int) value);
  }

  /// Adds a number in eight bytes, in unsigned order.
  public KeyWriter u64(long value) {
    return u32(value >>> 32).u32(value);
  }

  /// Adds bytes as they are.
  public KeyWriter raw(Key key) {
    byte[] other = key.unsafeBytes();
    reserve(other.length);
    System.arraycopy(other, 0, bytes, size, other.length);
    size += other.length;
    return this;
  }

  /// How many bytes were written.
  public int size() {
    return size;
  }

  /// The key written so far.
  public Key toKey() {
    return Key.wrap(Arrays.copyOf(bytes, size));
  }

  /// Forgets everything written.
  public KeyWriter reset() {
    size = 0;
    return this;
  }

  /// Complements the bytes written since.
  void complement(int from) {
    for (int i = from; i < size; i++) {
      bytes[i] = (byte) ~bytes[i];
    }
  }

  private void text(String value) {
    u8(TEXT);
    int length = value.length();
    // A char has at most three bytes; a pair of surrogates has four.
    reserve(Math.addExact(Math.multiplyExact(length, 3), 1));
    int at = 0;
    while (at < length) {
      int codePoint = value.codePointAt(at);
      codePoint(codePoint);
      at += Character.charCount(codePoint);
    }
    u8(END);
  }

  /// The bytes of UTF-8, each plus one. Room was reserved.
  private void codePoint(int codePoint) {
    if (codePoint < 0x80) {
      bytes[size++] = (byte) (codePoint + 1);
      return;
    }
    if (codePoint < 0x800) {
      bytes[size++] = (byte) ((0xC0 | (codePoint >>> 6)) + 1);
    } else {
      if (codePoint < 0x10000) {
        bytes[size++] = (byte) ((0xE0 | (codePoint >>> 12)) + 1);
      } else {
        bytes[size++] = (byte) ((0xF0 | (codePoint >>> 18)) + 1);
        bytes[size++] = (byte) ((0x80 | ((codePoint >>> 12) & 0x3F)) + 1);
      }
      bytes[size++] = (byte) ((0x80 | ((codePoint >>> 6) & 0x3F)) + 1);
    }
    bytes[size++] = (byte) ((0x80 | (codePoint & 0x3F)) + 1);
  }

  private void reserve(int count) {
    int needed = Math.addExact(size, count);
    if (needed > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(needed, bytes.length * 2));
    }
  }
}
