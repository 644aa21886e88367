package dev.partita.node.partition;

import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.Key;
import dev.partita.node.time.Timestamp;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Reads what [BinaryWriter] wrote.
///
/// Every method throws [IllegalArgumentException] when the bytes cannot be such a part.
final class BinaryReader {

  private static final int NUMBER_BYTES_MAX = 10;

  private final byte[] bytes;
  private int position;

  BinaryReader(byte[] bytes) {
    this.bytes = bytes;
  }

  boolean isAtEnd() {
    return position == bytes.length;
  }

  /// Checks that everything was read.
  void end() {
    if (position != bytes.length) {
      throw new IllegalArgumentException("a message is longer than its parts");
    }
  }

  int raw() {
    require(1);
    return bytes[position++] & 0xff;
  }

  boolean flag() {
    return raw() != 0;
  }

  long number() {
    long value = 0;
    for (int index = 0; index < NUMBER_BYTES_MAX; index++) {
      require(1);
      byte next = bytes[position++];
      value |= (next & 0x7fL) << (7 * index);
      if (next >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("a number in a message is too long");
  }

  long signed() {
    long value = number();
    return value >>> 1 ^ -(value & 1);
  }

  /// A number that fits an int.
  int count32() {
    long value = number();
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("a number in a message is out of range: " + value);
    }
    return (int) value;
  }

  /// The number of things or bytes that follow.
  int count() {
    long value = number();
    if (value < 0 || value > bytes.length) {
      throw new IllegalArgumentException("a count in a message is larger than the message");
    }
    return (int) value;
  }

  byte[] bytes() {
    int length = count();
    require(length);
    position += length;
    return Arrays.copyOfRange(bytes, position - length, position);
  }

  String text() {
    return new String(bytes(), StandardCharsets.UTF_8);
  }

  Key key() {
    return Key.wrap(bytes());
  }

  Timestamp timestamp() {
    return new Timestamp(number());
  }

  JsonBytes json() {
    return JsonBytes.of(bytes());
  }

  <T> @Nullable T optional(Function<BinaryReader, T> part) {
    return flag() ? part.apply(this) : null;
  }

  <T> List<T> list(Function<BinaryReader, T> part) {
    int count = count();
    var values = new ArrayList<T>(count);
    for (int index = 0; index < count; index++) {
      values.add(part.apply(this));
    }
    return values;
  }

  private void require(int count) {
    if (bytes.length - position < count) {
      throw new IllegalArgumentException("a message ends in the middle of a part");
    }
  }
}
