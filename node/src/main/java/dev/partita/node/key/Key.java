package dev.partita.node.key;

import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/// Immutable bytes in unsigned lexicographic order: what the storage sorts by.
public final class Key implements Comparable<Key> {
  /// The key before all others.
  public static final Key EMPTY = new Key(new byte[0]);

  private final byte[] bytes;

  private Key(byte[] bytes) {
    this.bytes = bytes;
  }

  /// A key with a copy of these bytes.
  public static Key of(byte[] bytes) {
    return new Key(bytes.clone());
  }

  /// A key that takes the array over; the caller must not write to it any more.
  public static Key wrap(byte[] bytes) {
    return new Key(bytes);
  }

  /// A copy of the bytes.
  public byte[] toByteArray() {
    return bytes.clone();
  }

  /// The bytes themselves, which the caller must not write to.
  public byte[] unsafeBytes() {
    return bytes;
  }

  /// How many bytes.
  public int size() {
    return bytes.length;
  }

  public boolean startsWith(Key prefix) {
    return bytes.length >= prefix.bytes.length
        && Arrays.equals(bytes, 0, prefix.bytes.length, prefix.bytes, 0, prefix.bytes.length);
  }

  /// This key followed by the other one.
  public Key append(Key suffix) {
    byte[] joined = Arrays.copyOf(bytes, bytes.length + suffix.bytes.length);
    System.arraycopy(suffix.bytes, 0, joined, bytes.length, suffix.bytes.length);
    return new Key(joined);
  }

  /// This key without its first bytes.
  ///
  /// @throws IndexOutOfBoundsException when the key is shorter
  public Key suffix(int from) {
    if (from < 0 || from > bytes.length) {
      throw new IndexOutOfBoundsException(from);
    }
    return new Key(Arrays.copyOfRange(bytes, from, bytes.length));
  }

  /// The smallest key that is larger than this one.
  public Key successor() {
    return new Key(Arrays.copyOf(bytes, bytes.length + 1));
  }

  /// The smallest key that is larger than every key which starts with this one, or null when there
  /// is none (all bytes are `FF`).
  public @Nullable Key prefixEnd() {
    int length = bytes.length;
    while (length > 0 && bytes[length - 1] == (byte) 0xFF) {
      length--;
    }
    if (length == 0) {
      return null;
    }
    byte[] end = Arrays.copyOf(bytes, length);
    end[length - 1]++;
    return new Key(end);
  }

  @Override
  public int compareTo(Key other) {
    return Arrays.compareUnsigned(bytes, other.bytes);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Key key && Arrays.equals(bytes, key.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /// The bytes in hexadecimal.
  @Override
  public String toString() {
    return HexFormat.of().formatHex(bytes);
  }
}
