package dev.partita.node.partition;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.IndexKeys;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.storage.Direction;
import dev.partita.node.storage.RowCursor;
import dev.partita.node.storage.StorageReader;
import dev.partita.node.storage.Version;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads a Partition's rows and entries at one timestamp from one state of the store. Pages are cut
/// at their limit and at [Request#PAGE_BYTES_MAX].
final class PageReader {

  private static final int ROW_OVERHEAD_BYTES = 32;

  private final StorageReader store;
  private final PartitionDescriptor descriptor;
  private final PartitionKeys keys;
  private final List<IndexState> indexes;
  private final Timestamp at;

  /// @param indexes where their entries lie; in the own space of those that are not among them
  PageReader(
      StorageReader store, PartitionDescriptor descriptor, List<IndexState> indexes, Timestamp at) {
    this.store = store;
    this.descriptor = descriptor;
    this.keys = new PartitionKeys(descriptor);
    this.indexes = indexes;
    this.at = at;
  }

  private List<EntryPlace> places(IndexDefinition index) {
    for (IndexState state : indexes) {
      if (state.index().id() == index.id()) {
        return keys.places(state, at);
      }
    }
    return List.of(new EntryPlace(keys.index(index), List.of()));
  }

  Response.Row row(PrimaryKey key) {
    return row(store.get(keys.row(key), at));
  }

  static Response.Row row(@Nullable Version version) {
    byte[] document = version == null ? null : version.value();
    return version == null || document == null
        ? new Response.Row(null, null)
        : new Response.Row(version.timestamp(), JsonBytes.of(document));
  }

  /// Rows in the order of primary keys.
  Response.Rows rows(Request.Scan scan) {
    return PartitionKeys.isHashed(descriptor) ? rowsByEntries(scan) : rowsInPlace(scan);
  }

  private Response.Rows rowsInPlace(Request.Scan scan) {
    KeyRange range =
        range(
            keys.rowSpan().range(),
            keyOrNull(scan.start()),
            keyOrNull(scan.end()),
            keyOrNull(scan.after()),
            scan.direction());
    var rows = new ArrayList<Response.Stored>();
    long bytes = 0;
    try (RowCursor cursor = store.rows(range, at, scan.direction())) {
      while (cursor.next()) {
        if (isFull(rows, scan.limit(), bytes)) {
          return new Response.Rows(rows, true, at);
        }
        JsonBytes document = JsonBytes.of(cursor.value());
        rows.add(new Response.Stored(keys.primaryKey(cursor.key()), cursor.timestamp(), document));
        bytes += cursor.key().size() + document.size() + ROW_OVERHEAD_BYTES;
      }
    }
    return new Response.Rows(rows, false, at);
  }

  private @Nullable Key keyOrNull(@Nullable PrimaryKey key) {
    return key == null ? null : keys.row(key);
  }

  /// Rows that are stored by hash are found by the index that has them by key.
  private Response.Rows rowsByEntries(Request.Scan scan) {
    List<EntryPlace> places = places(IndexDefinition.primaryOrder(descriptor.collection()));
    var rows = new ArrayList<Response.Stored>();
    long bytes = 0;
    try (var entries =
        new EntryWalk(
            store,
            places,
            order ->
                range(
                    order.all(),
                    entryOrNull(order, scan.start()),
                    entryOrNull(order, scan.end()),
                    entryOrNull(order, scan.after()),
                    scan.direction()),
            at,
            scan.direction())) {
      while (entries.next()) {
        if (isFull(rows, scan.limit(), bytes)) {
          return new Response.Rows(rows, true, at);
        }
        Response.Stored row = stored(entries.primaryKey());
        rows.add(row);
        bytes += entries.position().size() + row.document().size() + ROW_OVERHEAD_BYTES;
      }
    }
    return new Response.Rows(rows, false, at);
  }

  private static @Nullable Key entryOrNull(IndexKeys index, @Nullable PrimaryKey key) {
    return key == null ? null : index.key(key.encoded());
  }

  /// Entries of an index in their order.
  ///
  /// @throws IllegalArgumentException if there are more terms than the index has
  Response.Entries entries(IndexDefinition index, Request.IndexScan scan) {
    Key after = scan.after();
    List<Response.Entry> found = new ArrayList<>();
    long bytes = 0;
    try (var entries =
        new EntryWalk(
            store,
            places(index),
            space ->
                range(
                    space.startingWith(scan.terms()),
                    null,
                    null,
                    after == null ? null : space.key(after),
                    scan.direction()),
            at,
            scan.direction())) {
      while (entries.next()) {
        Key position = entries.position();
        PrimaryKey key = entries.primaryKey();
        if (isFull(found, scan.limit(), bytes)) {
          return new Response.Entries(found, true, at);
        }
        JsonBytes values = JsonBytes.of(entries.value());
        Response.Stored row = scan.documents() ? stored(key) : null;
        found.add(new Response.Entry(position, key, values, row));
        bytes += position.size() + values.size() + ROW_OVERHEAD_BYTES;
        bytes += row == null ? 0 : row.document().size();
      }
    }
    return new Response.Entries(found, false, at);
  }

  private static boolean isFull(List<?> page, int limit, long bytes) {
    return page.size() == limit || bytes >= Request.PAGE_BYTES_MAX;
  }

  private Response.Stored stored(PrimaryKey key) {
    Version version = store.get(keys.row(key), at);
    byte[] document = version == null ? null : version.value();
    if (version == null || document == null) {
      throw new IllegalStateException("an index entry has no row: " + key + " at " + at);
    }
    return new Response.Stored(key, version.timestamp(), JsonBytes.of(document));
  }

  private static KeyRange range(
      KeyRange all,
      @Nullable Key start,
      @Nullable Key end,
      @Nullable Key after,
      Direction direction) {
    KeyRange range = all;
    if (start != null) {
      range = range.from(start);
    }
    if (end != null) {
      range = range.before(end);
    }
    if (after != null) {
      range = direction == Direction.FORWARD ? range.from(after.successor()) : range.before(after);
    }
    return range;
  }
}
