package dev.partita.node.key;

import dev.partita.node.key.Datum.Composite;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Builds and reads the storage keys of one collection; the layout is in the package description.
///
/// In a hash-partitioned collection rows lie in the order of their bit-reversed hash. So the rows
/// with `hash mod 2^k = r`, whose hashes end with the same k bits, are one contiguous span, for
/// every k at once; an odd factor of the modulus is a filter, [#hasRemainder].
///
/// @param collectionId 0 to 2^32 - 1
/// @param columnGroup 0 to 65,535
/// @param hashed whether a hash stands in front of the primary key
public record RowKeys(long collectionId, int columnGroup, boolean hashed) {
  /// Bytes before the hash or the primary key.
  private static final int PREFIX_SIZE = 6;

  private static final long U32_MAX = 0xFFFF_FFFFL;

  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException when an id is out of its range
  public RowKeys {
    if (collectionId < 0 || collectionId > U32_MAX || columnGroup < 0 || columnGroup > 0xFFFF) {
      throw new IllegalArgumentException(
          "collection " + collectionId + " or column group " + columnGroup);
    }
  }

  /// The hash of a partition key: 32-bit Murmur3 with seed 0 over its encoded component; as an
  /// unsigned number.
  public static long hash(Datum partitionKey) {
    return Murmur3.hash(new KeyWriter().write(partitionKey).toKey().unsafeBytes()) & U32_MAX;
  }

  /// The storage key of a row.
  public Key key(PrimaryKey primaryKey) {
    KeyWriter out = start();
    if (hashed) {
      out.u32(reversed(hash(primaryKey.partitionKey())));
    }
    primaryKey.writeTo(out);
    return out.toKey();
  }

  /// The primary key of a row.
  ///
  /// @throws IllegalArgumentException when the bytes are no key of this collection
  public PrimaryKey primaryKey(Key key) {
    KeyReader in = new KeyReader(key);
    if (in.u32() != collectionId || in.u16() != columnGroup) {
      throw new IllegalArgumentException("key of another collection: " + key);
    }
    if (hashed) {
      in.u32();
    }
    PrimaryKey primaryKey = PrimaryKey.read(in);
    if (in.remaining() != 0) {
      throw new IllegalArgumentException("bytes after the primary key: " + key);
    }
    return primaryKey;
  }

  /// Every row.
  public KeyRange all() {
    return KeyRange.prefix(start().toKey());
  }

  /// The rows whose partition key is in [start, end); a composite bound is compared with the first
  /// parts of the primary key. Not for hashed collections.
  ///
  /// @throws IllegalStateException when the collection is hash-partitioned
  public KeyRange range(@Nullable Datum start, @Nullable Datum end) {
    if (hashed) {
      throw new IllegalStateException("rows lie in the order of their hash");
    }
    KeyRange all = all();
    return new KeyRange(
        start == null ? all.start() : bound(start), end == null ? all.end() : bound(end));
  }

  /// The rows whose primary key begins with these parts; all of them must be given for a hashed
  /// collection to be narrowed.
  public KeyRange startingWith(List<Datum> parts) {
    if (parts.isEmpty()) {
      return all();
    }
    KeyWriter out = start();
    if (hashed) {
      out.u32(reversed(hash(parts.getFirst())));
    }
    parts.forEach(out::write);
    return KeyRange.prefix(out.toKey());
  }

  /// The smallest span that holds every row with `hash mod modulus = remainder`; exact when the
  /// modulus is a power of two.
  ///
  /// @throws IllegalStateException when the collection is not hash-partitioned
  /// @throws IllegalArgumentException when the remainder is not in [0, modulus)
  public KeyRange hashSpan(int modulus, int remainder) {
    requireHashed();
    if (remainder < 0 || remainder >= modulus) {
      throw new IllegalArgumentException("hash " + modulus + "/" + remainder);
    }
    int bits = Integer.numberOfTrailingZeros(modulus);
    long width = 1L << (Integer.SIZE - bits);
    long first = reversed(remainder & ((1L << bits) - 1));
    Key start = start().u32(first).toKey();
    boolean last = first + width > U32_MAX;
    return new KeyRange(start, last ? all().end() : start().u32(first + width).toKey());
  }

  /// Whether the row of this storage key has `hash mod modulus = remainder`.
  ///
  /// @throws IllegalStateException when the collection is not hash-partitioned
  public boolean hasRemainder(Key key, int modulus, int remainder) {
    requireHashed();
    byte[] bytes = key.unsafeBytes();
    int reversed = 0;
    for (int i = PREFIX_SIZE; i < PREFIX_SIZE + Integer.BYTES; i++) {
      reversed = (reversed << Byte.SIZE) | (bytes[i] & 0xFF);
    }
    return Integer.remainderUnsigned(Integer.reverse(reversed), modulus) == remainder;
  }

  private void requireHashed() {
    if (!hashed) {
      throw new IllegalStateException("the collection is not hash-partitioned");
    }
  }

  private KeyWriter start() {
    return new KeyWriter().u32(collectionId).u16(columnGroup);
  }

  private Key bound(Datum bound) {
    KeyWriter out = start();
    if (bound instanceof Composite(List<Datum> parts)) {
      parts.forEach(out::write);
    } else {
      out.write(bound);
    }
    return out.toKey();
  }

  private static long reversed(long hash) {
    return Integer.reverse((int) hash) & U32_MAX;
  }
}
