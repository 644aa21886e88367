package dev.partita.node.partition;

import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.Key;
import dev.partita.node.time.Timestamp;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Writes the parts of a message one behind the other; [BinaryReader] reads them in the same order.
/// Numbers are unsigned LEB128 (zigzag where they may be negative), byte strings have their length
/// in front, an optional part has a byte 0 or 1 in front.
final class BinaryWriter {

  private byte[] bytes;
  private int size;

  BinaryWriter(int sizeExpected) {
    bytes = new byte[Math.max(16, sizeExpected)];
  }

  byte[] toByteArray() {
    return Arrays.copyOf(bytes, size);
  }

  BinaryWriter raw(int value) {
    reserve(1);
    bytes[size++] = (byte) value;
    return this;
  }

  BinaryWriter flag(boolean value) {
    return raw(value ? 1 : 0);
  }

  BinaryWriter number(long value) {
    reserve(10);
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      bytes[size++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[size++] = (byte) rest;
    return this;
  }

  BinaryWriter signed(long value) {
    return number(value << 1 ^ value >> 63);
  }

  BinaryWriter bytes(byte[] value) {
    number(value.length);
    reserve(value.length);
    System.arraycopy(value, 0, bytes, size, value.length);
    size += value.length;
    return this;
  }

  BinaryWriter text(String value) {
    return bytes(value.getBytes(StandardCharsets.UTF_8));
  }

  BinaryWriter key(Key value) {
    return bytes(value.unsafeBytes());
  }

  BinaryWriter timestamp(Timestamp value) {
    return number(value.value());
  }

  BinaryWriter json(JsonBytes value) {
    return bytes(value.bytes());
  }

  /// A part that may be missing.
  <T> BinaryWriter optional(@Nullable T value, PartWriter<T> part) {
    flag(value != null);
    if (value != null) {
      part.write(this, value);
    }
    return this;
  }

  <T> BinaryWriter list(Iterable<? extends T> values, int count, PartWriter<T> part) {
    number(count);
    for (T value : values) {
      part.write(this, value);
    }
    return this;
  }

  private void reserve(int more) {
    if (bytes.length - size < more) {
      bytes = Arrays.copyOf(bytes, Math.max(size + more, bytes.length * 2));
    }
  }

  /// Writes one part.
  @FunctionalInterface
  interface PartWriter<T> {
    void write(BinaryWriter out, T value);
  }
}
