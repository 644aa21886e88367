package dev.partita.node.key;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.key.Datum.Int;
import dev.partita.node.key.Datum.Text;
import java.util.ArrayList;
import java.util.List;

/// Names a row inside its collection: 1 to [#PARTS_MAX] parts, each a whole number of 64 bits or a
/// text. The first part is the partition key. Keys sort part by part, numbers before texts, a
/// shorter key before the longer ones that begin with it; different shapes of key may live in one
/// collection.
public record PrimaryKey(List<Datum> parts) implements Comparable<PrimaryKey> {
  /// Most parts of a key.
  public static final int PARTS_MAX = 8;

  /// Most bytes of an encoded key: a text of 1 KiB fits, and index entries that hold a key stay
  /// small.
  public static final int ENCODED_BYTES_MAX = 1_100;

  /// Copies the parts.
  ///
  /// @throws DatabaseException [ErrorCode#INVALID_KEY] when the key has no part, too many, one of
  ///   another type, or is too long
  public PrimaryKey {
    parts = List.copyOf(parts);
    if (parts.isEmpty() || parts.size() > PARTS_MAX) {
      throw new DatabaseException(ErrorCode.INVALID_KEY, "a primary key has 1 to 8 parts")
          .with("parts", parts.size());
    }
    for (Datum part : parts) {
      if (!(part instanceof Int || part instanceof Text)) {
        throw new DatabaseException(
            ErrorCode.INVALID_KEY, "a part of a primary key is an integer or a string");
      }
    }
    if (!isSurelyShort(parts) && encode(parts).size() > ENCODED_BYTES_MAX) {
      throw new DatabaseException(ErrorCode.INVALID_KEY, "the primary key is too long")
          .with("maxBytes", ENCODED_BYTES_MAX);
    }
  }

  /// A key of these parts.
  public static PrimaryKey of(Datum... parts) {
    return new PrimaryKey(List.of(parts));
  }

  public static PrimaryKey of(long value) {
    return of(new Int(value));
  }

  public static PrimaryKey of(String value) {
    return of(new Text(value));
  }

  /// Reads what [#writeTo] wrote.
  ///
  /// @throws IllegalArgumentException when the bytes are no primary key
  public static PrimaryKey read(KeyReader in) {
    List<Datum> parts = new ArrayList<>(1);
    while (!in.tryEnd()) {
      parts.add(in.read());
    }
    return new PrimaryKey(parts);
  }

  /// The part by which rows are assigned to partitions.
  public Datum partitionKey() {
    return parts.getFirst();
  }

  /// Adds the components and their end to a key.
  public void writeTo(KeyWriter out) {
    parts.forEach(out::write);
    out.end();
  }

  /// The key alone, with its end.
  public Key encoded() {
    return encode(parts).toKey();
  }

  @Override
  public int compareTo(PrimaryKey other) {
    return DatumOrder.compare(new Datum.Composite(parts), new Datum.Composite(other.parts));
  }

  /// The form that stands in a URL; see [PrimaryKeyText].
  @Override
  public String toString() {
    return PrimaryKeyText.toUrl(this);
  }

  private static KeyWriter encode(List<Datum> parts) {
    KeyWriter out = new KeyWriter();
    parts.forEach(out::write);
    return out.end();
  }

  /// An upper bound without encoding: ten bytes for a number, three for each char of a text.
  private static boolean isSurelyShort(List<Datum> parts) {
    int bytes = 1;
    for (Datum part : parts) {
      bytes +=
          part instanceof Text(String text)
              ? 2 + 3 * Math.min(text.length(), ENCODED_BYTES_MAX)
              : 10;
    }
    return bytes <= ENCODED_BYTES_MAX;
  }
}
