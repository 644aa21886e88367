package dev.partita.node.storage.rocksdb;

import dev.partita.node.key.Key;
import dev.partita.node.storage.Version;
import dev.partita.node.time.Timestamp;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The bytes in the column families; the layout is in the package description.
final class Layout {
  /// Bytes of a timestamp, behind a key or in front of a document.
  static final int TIMESTAMP_SIZE = Long.BYTES;

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
  private static final long DELETED_BIT = Long.MIN_VALUE;
  private static final byte DELETED = 0;
  private static final byte LIVE = 1;
  private static final int LAST_KEY_SIZE = 64;

  private Layout() {}

  /// After every key.
  static Key lastKey() {
    byte[] bytes = new byte[LAST_KEY_SIZE];
    Arrays.fill(bytes, (byte) 0xFF);
    return Key.wrap(bytes);
  }

  // --- current ---

  static byte[] current(Version version) {
    byte[] document = version.value();
    byte[] stored = new byte[TIMESTAMP_SIZE + (document == null ? 0 : document.length)];
    long time = version.timestamp().value();
    LONG.set(stored, 0, document == null ? time | DELETED_BIT : time);
    if (document != null) {
      System.arraycopy(document, 0, stored, TIMESTAMP_SIZE, document.length);
    }
    return stored;
  }

  static Version currentVersion(byte[] stored) {
    return new Version(
        currentTimestamp(stored), isCurrentDeleted(stored) ? null : currentDocument(stored));
  }

  static Timestamp currentTimestamp(byte[] stored) {
    return new Timestamp((long) LONG.get(stored, 0) & ~DELETED_BIT);
  }

  static boolean isCurrentDeleted(byte[] stored) {
    return stored[0] < 0;
  }

  static byte[] currentDocument(byte[] stored) {
    return Arrays.copyOfRange(stored, TIMESTAMP_SIZE, stored.length);
  }

  // --- history and index ---

  static byte[] versioned(Key key, Timestamp timestamp) {
    byte[] bytes = Arrays.copyOf(key.unsafeBytes(), key.size() + TIMESTAMP_SIZE);
    LONG.set(bytes, key.size(), ~timestamp.value());
    return bytes;
  }

  /// After every version of the key and before every later key.
  static byte[] afterVersions(Key key) {
    byte[] bytes = Arrays.copyOf(key.unsafeBytes(), key.size() + TIMESTAMP_SIZE + 1);
    LONG.set(bytes, key.size(), -1L);
    return bytes;
  }

  /// Whether these are the bytes of a version of the key.
  static boolean isVersionOf(Key key, byte[] versioned) {
    int size = key.size();
    return versioned.length == size + TIMESTAMP_SIZE
        && Arrays.equals(versioned, 0, size, key.unsafeBytes(), 0, size);
  }

  static Key keyOf(byte[] versioned) {
    return Key.wrap(Arrays.copyOf(versioned, versioned.length - TIMESTAMP_SIZE));
  }

  static Timestamp timestampOf(byte[] versioned) {
    return new Timestamp(~(long) LONG.get(versioned, versioned.length - TIMESTAMP_SIZE));
  }

  static byte[] value(byte @Nullable [] value) {
    if (value == null) {
      return new byte[] {DELETED};
    }
    byte[] stored = new byte[value.length + 1];
    stored[0] = LIVE;
    System.arraycopy(value, 0, stored, 1, value.length);
    return stored;
  }

  static boolean isDeleted(byte[] stored) {
    return stored[0] == DELETED;
  }

  static byte @Nullable [] valueOf(byte[] stored) {
    return isDeleted(stored) ? null : liveValue(stored);
  }

  static byte[] liveValue(byte[] stored) {
    return Arrays.copyOfRange(stored, 1, stored.length);
  }
}
