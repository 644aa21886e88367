package dev.partita.node.key;

import java.util.ArrayList;
import java.util.List;

/// Reads back what a [KeyWriter] wrote. For one thread.
///
/// Bytes that no writer can have written are a defect or damage, never a client's fault: every
/// method throws an [IllegalArgumentException] then.
public final class KeyReader {
  private final byte[] bytes;
  private int position;

  /// `FF` while the bytes read are complemented.
  private int mask;

  /// Starts at the first byte.
  public KeyReader(Key key) {
    this.bytes = key.unsafeBytes();
  }

  /// Reads an ascending component.
  public Datum read() {
    int tag = u8();
    return switch (tag) {
      case KeyWriter.NULL -> Datum.ofNull();
      case KeyWriter.FALSE -> Datum.of(false);
      case KeyWriter.TRUE -> Datum.of(true);
      case KeyWriter.TEXT -> new Datum.Text(text());
      case KeyWriter.COMPOSITE -> new Datum.Composite(parts());
      default -> {
        if (!NumberFormat.isTag(tag)) {
          throw malformed();
        }
        yield NumberFormat.read(this, tag);
      }
    };
  }

  /// Reads a component in the given order.
  public Datum read(boolean descending) {
    if (!descending) {
      return read();
    }
    flip();
    Datum datum = read();
    flip();
    return datum;
  }

  /// Whether a list of components ends here; consumes the end.
  public boolean tryEnd() {
    if (peek() != KeyWriter.END) {
      return false;
    }
    position++;
    return true;
  }

  public int u8() {
    int value = peek();
    position++;
    return value;
  }

  public int u16() {
    return (u8() << 8) | u8();
  }

  public long u32() {
    return ((long) u16() << 16) | u16();
  }

  public long u64() {
    return (u32() << 32) | u32();
  }

  /// The 0-based position of the next byte.
  public int position() {
    return position;
  }

  /// How many bytes are left.
  public int remaining() {
    return bytes.length - position;
  }

  /// From here on bytes are read complemented, or no longer so.
  void flip() {
    mask ^= 0xFF;
  }

  private int peek() {
    if (position >= bytes.length) {
      throw malformed();
    }
    return (bytes[position] ^ mask) & 0xFF;
  }

  private List<Datum> parts() {
    List<Datum> parts = new ArrayList<>();
    while (!tryEnd()) {
      parts.add(read());
    }
    return parts;
  }

  private String text() {
    StringBuilder text = new StringBuilder();
    for (int first = u8(); first != KeyWriter.END; first = u8()) {
      text.appendCodePoint(codePoint(first - 1));
    }
    return text.toString();
  }

  private int codePoint(int first) {
    if (first < 0x80) {
      return first;
    }
    if (first < 0xE0) {
      return ((first & 0x1F) << 6) | continuation();
    }
    if (first < 0xF0) {
      return ((first & 0x0F) << 12) | (continuation() << 6) | continuation();
    }
    int codePoint =
        ((first & 0x07) << 18) | (continuation() << 12) | (continuation() << 6) | continuation();
    if (codePoint > Character.MAX_CODE_POINT) {
      throw malformed();
    }
    return codePoint;
  }

  private int continuation() {
    return (u8() - 1) & 0x3F;
  }

  private IllegalArgumentException malformed() {
    return new IllegalArgumentException("malformed key at byte " + position + ": " + Key.of(bytes));
  }
}
