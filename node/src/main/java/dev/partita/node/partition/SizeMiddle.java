package dev.partita.node.partition;

import dev.partita.node.key.Datum;
import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.key.RowKeys;
import dev.partita.node.storage.Direction;
import dev.partita.node.storage.Family;
import dev.partita.node.storage.RowCursor;
import dev.partita.node.storage.Storage;
import dev.partita.node.time.Timestamp;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Looks for the partition key nearest to the middle of a Partition of a range by bytes.
///
/// Up to [#EXACT_BYTES_MAX] the rows are looked through, and the point is exact. A larger Partition
/// is narrowed down by halves from what the store estimates of ranges, which reads no row: some
/// dozens of lookups whatever its size. The store counts all versions, compressed; of what lies in
/// files it is off by a block for each of them, and what lies in memory, at most about a third of
/// the bytes here, it takes for rows of equal size. So the point has between a quarter and three
/// quarters of the bytes on disk before it, unless a partition key has too many for any to have.
/// Where one half compresses better than the other, that one has more rows.
final class SizeMiddle {

  /// Several times what the store keeps in memory and can only guess about; some tenths of a second
  /// to read.
  static final long EXACT_BYTES_MAX = 64 << 20;

  /// An estimate that is nearer to the half than this part of the whole is good enough.
  private static final double TOLERANCE = 1.0 / 32;

  /// Each step halves the distance between two keys, whose difference is at least some bits of
  /// eight bytes.
  private static final int STEPS_MAX = 200;

  private static final int DISTANCE_BYTES = 8;

  private final Storage storage;
  private final RowKeys rows;
  private final KeyRange range;

  private SizeMiddle(Storage storage, PartitionDescriptor descriptor) {
    this.storage = storage;
    this.rows = new RowKeys(descriptor.collectionId(), descriptor.columnGroup(), false);
    this.range = new PartitionKeys(descriptor).rowSpan().range();
  }

  /// The first key of the second half; null if no partition key divides the rows.
  ///
  /// @param bytes of the live rows
  static @Nullable Datum find(Storage storage, PartitionDescriptor descriptor, long bytes) {
    return find(storage, descriptor, bytes, EXACT_BYTES_MAX);
  }

  static @Nullable Datum find(
      Storage storage, PartitionDescriptor descriptor, long bytes, long exactBytesMax) {
    if (!descriptor.bounds().isRange()) {
      return null;
    }
    SizeMiddle middle = new SizeMiddle(storage, descriptor);
    Datum found = bytes <= exactBytesMax ? middle.counted(bytes) : middle.estimated();
    return found == null ? null : inside(descriptor.bounds(), found);
  }

  /// The point itself if a Partition of these bounds can be split there, else null.
  static @Nullable Datum inside(Bounds bounds, @Nullable Datum at) {
    if (at == null || !bounds.isRange()) {
      return null;
    }
    try {
      var _ = SplitBounds.halves(bounds, at);
      return at;
    } catch (IllegalArgumentException _) {
      return null;
    }
  }

  /// The partition key of a row as a point to split at, so that all rows of it go to the second
  /// half.
  static @Nullable Datum inside(Bounds bounds, @Nullable PrimaryKey key) {
    return inside(bounds, key == null ? null : key.partitionKey());
  }

  private @Nullable Datum counted(long bytes) {
    Datum best = null;
    long bestDistance = Long.MAX_VALUE;
    Datum before = null;
    long sum = 0;
    try (RowCursor cursor = storage.rows(range, Timestamp.MAX, Direction.FORWARD)) {
      while (cursor.next()) {
        Datum partitionKey = rows.primaryKey(cursor.key()).partitionKey();
        if (before != null && !partitionKey.equals(before)) {
          long distance = Math.abs(bytes - 2 * sum);
          if (distance >= bestDistance) {
            return best; // from here on it only grows
          }
          best = partitionKey;
          bestDistance = distance;
        }
        before = partitionKey;
        sum += cursor.key().size() + cursor.value().length;
      }
    }
    return best;
  }

  private @Nullable Datum estimated() {
    Key first = firstRow(range);
    Key last = lastRow(range);
    if (first == null || last == null || first.equals(last)) {
      return null;
    }
    long whole = storage.approximateBytes(Family.ROWS, range);
    Key low = first;
    Key high = last;
    Key best = last;
    double bestDistance = 1;
    for (int step = 0; step < STEPS_MAX && bestDistance > TOLERANCE; step++) {
      Key between = between(low, high);
      Key candidate = between == null ? null : firstRow(new KeyRange(between, high.successor()));
      if (candidate == null) {
        break;
      }
      double share = share(candidate, whole);
      if (Math.abs(share - 0.5) < bestDistance) {
        best = candidate;
        bestDistance = Math.abs(share - 0.5);
      }
      if (share < 0.5) {
        low = candidate;
      } else {
        Key below = lastRow(new KeyRange(low, between));
        if (below == null || below.compareTo(low) <= 0) {
          break;
        }
        high = below;
        double belowShare = share(below, whole);
        if (Math.abs(belowShare - 0.5) < bestDistance) {
          best = below;
          bestDistance = Math.abs(belowShare - 0.5);
        }
        if (belowShare < 0.5) {
          break; // the half lies between two neighbours
        }
      }
    }
    return nearestPartitionKey(best, rows.primaryKey(first).partitionKey(), whole);
  }

  private double share(Key row, long whole) {
    return whole == 0
        ? 0
        : (double) storage.approximateBytes(Family.ROWS, range.before(row)) / whole;
  }

  /// Where the rows of one partition key begin or end, whichever is nearer to the half.
  private @Nullable Datum nearestPartitionKey(Key row, Datum first, long whole) {
    Datum own = rows.primaryKey(row).partitionKey();
    KeyRange all = rows.range(own, null);
    Key behind = rows.startingWith(List.of(own)).end();
    Key next = behind == null ? null : firstRow(range.from(behind));
    if (own.equals(first)) {
      return next == null ? null : rows.primaryKey(next).partitionKey();
    }
    if (next == null) {
      return own;
    }
    double ownShare = share(all.start(), whole);
    double nextShare = share(next, whole);
    return Math.abs(ownShare - 0.5) <= Math.abs(nextShare - 0.5)
        ? own
        : rows.primaryKey(next).partitionKey();
  }

  private @Nullable Key firstRow(KeyRange in) {
    return row(in, Direction.FORWARD);
  }

  private @Nullable Key lastRow(KeyRange in) {
    return row(in, Direction.BACKWARD);
  }

  private @Nullable Key row(KeyRange in, Direction direction) {
    if (in.isEmpty()) {
      return null;
    }
    try (RowCursor cursor = storage.rows(in, Timestamp.MAX, direction)) {
      return cursor.next() ? cursor.key() : null;
    }
  }

  /// A key about in the middle of two, above the first; null if there is hardly room between them.
  private static @Nullable Key between(Key low, Key high) {
    byte[] one = low.unsafeBytes();
    byte[] other = high.unsafeBytes();
    int common = Math.max(0, Arrays.mismatch(one, other));
    int length = common + DISTANCE_BYTES;
    BigInteger from = number(one, length);
    BigInteger middle = from.add(number(other, length)).shiftRight(1);
    return middle.compareTo(from) <= 0 ? null : key(middle, length);
  }

  private static BigInteger number(byte[] bytes, int length) {
    return new BigInteger(1, Arrays.copyOf(bytes, length));
  }

  private static Key key(BigInteger number, int length) {
    byte[] bytes = new byte[length];
    byte[] magnitude = number.toByteArray();
    int skip = Math.max(0, magnitude.length - length);
    System.arraycopy(
        magnitude, skip, bytes, length - (magnitude.length - skip), magnitude.length - skip);
    return Key.wrap(bytes);
  }
}
