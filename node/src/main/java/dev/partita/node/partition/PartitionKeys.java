package dev.partita.node.partition;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.IndexKeys;
import dev.partita.node.key.Datum;
import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.key.KeyReader;
import dev.partita.node.key.KeyWriter;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.key.RowKeys;
import dev.partita.node.storage.Family;
import dev.partita.node.storage.Span;
import dev.partita.node.storage.StorageReader;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// Where a Partition's rows, entries and records lie in the node's store.
final class PartitionKeys {

  private static final byte STATE_RECORD = 'p';
  private static final byte INSTALL_RECORD = 'i';
  private static final byte LITTER_RECORD = 'l';
  private static final byte LEADER_RECORD = 'v';

  private final PartitionDescriptor descriptor;
  private final RowKeys rows;

  PartitionKeys(PartitionDescriptor descriptor) {
    this.descriptor = descriptor;
    this.rows =
        new RowKeys(descriptor.collectionId(), descriptor.columnGroup(), isHashed(descriptor));
  }

  /// The key of the record that holds a replica's [PartitionState].
  static Key stateRecord(PartitionId id) {
    return record(STATE_RECORD, id);
  }

  /// The key of the record that is there while a snapshot is being installed.
  static Key installRecord(PartitionId id) {
    return record(INSTALL_RECORD, id);
  }

  /// The key of the record that tells who leads a Partition first that a split has made.
  static Key leaderRecord(PartitionId id) {
    return record(LEADER_RECORD, id);
  }

  /// The Partitions that this node has a state of, or began to install one of.
  static Set<PartitionId> stored(StorageReader store) {
    var stored = new TreeSet<PartitionId>();
    for (byte kind : List.of(STATE_RECORD, INSTALL_RECORD)) {
      KeyRange records = KeyRange.prefix(new KeyWriter().u8(kind).toKey());
      for (Key record : store.metaRange(records).keySet()) {
        var in = new KeyReader(record);
        in.u8();
        stored.add(new PartitionId(in.u64()));
      }
    }
    return stored;
  }

  /// The keys of the records of entries that this replica does not need any more and has to remove.
  static KeyRange litterRecords(PartitionId id) {
    return KeyRange.prefix(record(LITTER_RECORD, id));
  }

  /// @param part tells apart what lies in one space
  static Key litterRecord(PartitionId id, long index, long space, Key part) {
    return new KeyWriter().raw(record(LITTER_RECORD, id)).u32(index).u64(space).raw(part).toKey();
  }

  private static Key record(byte kind, PartitionId id) {
    return new KeyWriter().u8(kind).u64(id.value()).toKey();
  }

  /// Whether rows are stored in the order of hashes; then index 0 has them in the order of keys.
  static boolean isHashed(PartitionDescriptor descriptor) {
    return descriptor.bounds() instanceof Bounds.Hash;
  }

  Key row(PrimaryKey key) {
    return rows.key(key);
  }

  PrimaryKey primaryKey(Key row) {
    return rows.primaryKey(row);
  }

  /// All rows of the Partition, and no others.
  Span rowSpan() {
    return switch (descriptor.bounds()) {
      case Bounds.Range(var start, var end) -> new Span(Family.ROWS, rows.range(start, end));
      case Bounds.Interval interval -> {
        List<Datum> ends = interval.startAndEnd();
        yield new Span(Family.ROWS, rows.range(ends.getFirst(), ends.getLast()));
      }
      case Bounds.Family _ ->
          throw new IllegalStateException("a family has no rows: " + descriptor.name());
      case Bounds.Hash(int modulus, int remainder) -> {
        KeyRange range = rows.hashSpan(modulus, remainder);
        yield Integer.bitCount(modulus) == 1
            ? new Span(Family.ROWS, range)
            : new Span(Family.ROWS, range, key -> rows.hasRemainder(key, modulus, remainder));
      }
      case Bounds.Columns _ -> new Span(Family.ROWS, rows.all());
    };
  }

  /// The keys of an index in the Partition's own space. What compares entries without looking them
  /// up, as locks do, means these, wherever the entries lie.
  IndexKeys index(IndexDefinition index) {
    return new IndexKeys(index, descriptor.id().value());
  }

  /// The keys of an index in a space, see [IndexState#spacesAt].
  IndexKeys index(IndexDefinition index, long space) {
    return space == IndexState.OWN_SPACE ? index(index) : new IndexKeys(index, space);
  }

  /// All entries of an index in the own space.
  Span entrySpan(IndexDefinition index) {
    return new Span(Family.ENTRIES, index(index).all());
  }

  /// The entries of this Partition's rows in the space of an ancestor.
  ///
  /// @param within only of rows for which one of these has all bounds
  Span shareSpan(IndexDefinition index, long space, List<List<Bounds>> within) {
    var entries = new IndexKeys(index, space);
    Bounds bounds = descriptor.bounds();
    return new Span(
        Family.ENTRIES,
        entries.all(),
        entry -> {
          PrimaryKey row = entries.primaryKey(IndexKeys.position(entry));
          return bounds.contains(row)
              && within.stream().anyMatch(all -> all.stream().allMatch(each -> each.contains(row)));
        });
  }

  /// Where a read at a timestamp finds the entries of an index.
  List<EntryPlace> places(IndexState index, Timestamp at) {
    List<IndexState.Inherited> shares = index.sharesAt(at);
    if (shares.isEmpty()) {
      return List.of(new EntryPlace(index(index.index()), List.of()));
    }
    return shares.stream()
        .map(share -> {
          var within = new ArrayList<>(share.within());
          within.add(descriptor.bounds());
          return new EntryPlace(index(index.index(), share.space()), within);
        })
        .toList();
  }

  /// Everything a replica in this state has in the store, but for its records.
  static List<Span> spans(PartitionState state) {
    PartitionDescriptor descriptor = state.descriptor();
    if (descriptor == null) {
      return List.of();
    }
    List<Span> spans = new ArrayList<>(versionedSpans(state));
    spans.add(TransactionKeys.all(descriptor.id()));
    return spans;
  }

  /// The rows and entries of a replica in this state.
  static List<Span> versionedSpans(PartitionState state) {
    PartitionDescriptor descriptor = state.descriptor();
    if (descriptor == null || state.split() != null) {
      return List.of();
    }
    var keys = new PartitionKeys(descriptor);
    var spans = new ArrayList<Span>();
    spans.add(keys.rowSpan());
    for (IndexState index : state.indexes()) {
      spans.add(keys.entrySpan(index.index()));
      var within = new TreeMap<Long, List<List<Bounds>>>();
      for (IndexState.Inherited share : index.inherited()) {
        within.computeIfAbsent(share.space(), _ -> new ArrayList<>()).add(share.within());
      }
      within.forEach((space, any) -> spans.add(keys.shareSpan(index.index(), space, any)));
    }
    return spans;
  }
}
