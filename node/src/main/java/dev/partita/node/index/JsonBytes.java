package dev.partita.node.index;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// A JSON text as UTF-8 bytes: a document, or an array of covered values. Two are equal when their
/// bytes are. The bytes are shared, not copied: nobody may change them once this is made.
public final class JsonBytes {

  private final byte[] bytes;

  private JsonBytes(byte[] bytes) {
    this.bytes = bytes;
  }

  /// Wraps the bytes, which belong to the result from here on. They are not parsed.
  public static JsonBytes of(byte[] bytes) {
    return new JsonBytes(bytes);
  }

  public static JsonBytes of(String json) {
    return new JsonBytes(json.getBytes(StandardCharsets.UTF_8));
  }

  /// The bytes themselves, to be read only.
  public byte[] bytes() {
    return bytes;
  }

  public int size() {
    return bytes.length;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof JsonBytes json && Arrays.equals(bytes, json.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
