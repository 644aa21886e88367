package dev.partita.node.partition;

import dev.partita.node.key.Datum;
import dev.partita.node.key.Key;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.time.Timestamp;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a transaction has read in one Partition at one timestamp, and needs unchanged when it
/// commits.
///
/// @param keys rows that were read or found missing
/// @param ranges what was looked through, so that nothing may have appeared there
public record ReadSet(Timestamp at, List<PrimaryKey> keys, List<ReadRange> ranges) {

  /// Rows in one set.
  public static final int KEYS_MAX = 10_000;

  /// Ranges in one set.
  public static final int RANGES_MAX = 256;

  public ReadSet {
    keys = List.copyOf(keys);
    ranges = List.copyOf(ranges);
    if (keys.size() > KEYS_MAX || ranges.size() > RANGES_MAX) {
      throw new IllegalArgumentException(
          "a read set has at most " + KEYS_MAX + " keys and " + RANGES_MAX + " ranges");
    }
  }

  /// The set of what has read nothing.
  public static ReadSet nothing(Timestamp at) {
    return new ReadSet(at, List.of(), List.of());
  }

  public boolean isEmpty() {
    return keys.isEmpty() && ranges.isEmpty();
  }

  /// A part of a Partition that was looked through.
  public sealed interface ReadRange {}

  /// Rows by primary key.
  ///
  /// @param start first key, null for an open end
  /// @param end first key behind the range, null for an open end
  public record Rows(@Nullable PrimaryKey start, @Nullable PrimaryKey end) implements ReadRange {
    boolean contains(PrimaryKey key) {
      return (start == null || start.compareTo(key) <= 0)
          && (end == null || key.compareTo(end) < 0);
    }
  }

  /// Entries of an index.
  ///
  /// @param terms the first terms of the entries
  /// @param start first position, null for an open end
  /// @param end first position behind the range, null for an open end
  public record Entries(long indexId, List<Datum> terms, @Nullable Key start, @Nullable Key end)
      implements ReadRange {

    /// Those of an index that no Partition has: ids begin at 1.
    static final Entries NOWHERE = new Entries(0, List.of(), null, null);

    public Entries {
      terms = List.copyOf(terms);
    }
  }

  void writeTo(BinaryWriter out) {
    out.timestamp(at)
        .list(keys, keys.size(), PartitionCodec::writeKey)
        .list(ranges, ranges.size(), ReadSet::writeRange);
  }

  static ReadSet read(BinaryReader in) {
    return new ReadSet(
        in.timestamp(), in.list(PartitionCodec::readKey), in.list(ReadSet::readRange));
  }

  private static void writeRange(BinaryWriter out, ReadRange range) {
    switch (range) {
      case Rows(var start, var end) ->
          out.raw(0)
              .optional(start, PartitionCodec::writeKey)
              .optional(end, PartitionCodec::writeKey);
      case Entries(long index, var terms, var start, var end) ->
          out.raw(1)
              .number(index)
              .list(terms, terms.size(), PartitionCodec::writeDatum)
              .optional(start, BinaryWriter::key)
              .optional(end, BinaryWriter::key);
    }
  }

  private static ReadRange readRange(BinaryReader in) {
    return in.flag()
        ? new Entries(
            in.number(),
            in.list(PartitionCodec::readDatum),
            in.optional(BinaryReader::key),
            in.optional(BinaryReader::key))
        : new Rows(in.optional(PartitionCodec::readKey), in.optional(PartitionCodec::readKey));
  }
}
