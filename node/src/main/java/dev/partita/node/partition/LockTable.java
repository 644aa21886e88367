package dev.partita.node.partition;

import dev.partita.node.key.Key;
import dev.partita.node.key.KeyRange;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.ReadSet.ReadRange;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The locks of a Partition's prepared transactions: exclusive ones on the rows they write and on
/// the unique terms these will have, shared ones on the rows and ranges they have read.
///
/// A copy in memory of what is in the store. Changed by the thread that applies, read by any.
final class LockTable {

  /// What somebody is about to do.
  ///
  /// @param own the transaction that asks, whose locks are not in its own way; null if none does
  /// @param written the rows that it writes
  /// @param footprint called only if somebody has locked entries or terms; null where the store
  ///   cannot be read, and these locks are looked at later
  record Intent(
      @Nullable TransactionId own,
      List<PrimaryKey> written,
      @Nullable ReadSet reads,
      @Nullable Supplier<Footprint> footprint) {

    static Intent of(Request.Stamped request) {
      List<PrimaryKey> written = rows(request.mutations());
      return request instanceof Request.Prepare prepare
          ? new Intent(prepare.transaction().id(), written, prepare.reads(), null)
          : new Intent(null, written, null, null);
    }

    static Intent of(Request.Lock request) {
      return new Intent(request.transaction(), List.of(request.row()), null, null);
    }

    static List<PrimaryKey> rows(List<Mutation> mutations) {
      return mutations.stream().map(Mutation::key).toList();
    }
  }

  /// Gives the entries that a range of reads means.
  private final BiFunction<Long, ReadSet.Entries, @Nullable KeyRange> entryRanges;

  private final Map<TransactionId, HeldTransaction> held = new LinkedHashMap<>();
  private final Map<PrimaryKey, List<HeldTransaction>> writers = new HashMap<>();
  private final Map<PrimaryKey, List<HeldTransaction>> readers = new HashMap<>();
  private final List<HeldTransaction> rangeReaders = new ArrayList<>();
  private final Map<Key, List<HeldTransaction>> terms = new HashMap<>();
  private volatile int size;

  /// @param entryRanges the keys of the entries that a read of an index has looked through; null if
  ///   there is no such index
  LockTable(BiFunction<Long, ReadSet.Entries, @Nullable KeyRange> entryRanges) {
    this.entryRanges = entryRanges;
  }

  boolean isEmpty() {
    return size == 0;
  }

  int size() {
    return size;
  }

  synchronized List<HeldTransaction> all() {
    return List.copyOf(held.values());
  }

  /// A transaction that has not ended, for the thread that applies.
  synchronized @Nullable HeldTransaction prepared(TransactionId id) {
    HeldTransaction found = held.get(id);
    return found == null || found.hasEnded() ? null : found;
  }

  /// A transaction whose end may be applied already but is not visible yet.
  synchronized @Nullable HeldTransaction get(TransactionId id) {
    return held.get(id);
  }

  /// Another attempt of a transaction that has not ended.
  synchronized @Nullable HeldTransaction otherAttempt(TransactionId id) {
    for (HeldTransaction one : held.values()) {
      if (!one.hasEnded() && !one.id().equals(id) && one.id().isSameTransaction(id)) {
        return one;
      }
    }
    return null;
  }

  /// Any attempt of a transaction whose end is not visible yet.
  synchronized @Nullable HeldTransaction anyAttempt(TransactionId id) {
    for (HeldTransaction one : held.values()) {
      if (one.id().isSameTransaction(id)) {
        return one;
      }
    }
    return null;
  }

  synchronized void add(HeldTransaction one) {
    held.put(one.id(), one);
    one.prepared().mutations().forEach(mutation -> put(writers, mutation.key(), one));
    one.prepared().reads().keys().forEach(key -> put(readers, key, one));
    one.footprint().terms().forEach(key -> put(terms, key, one));
    if (!one.prepared().reads().ranges().isEmpty()) {
      rangeReaders.add(one);
    }
    size = held.size();
  }

  /// Lets go of the locks of a transaction whose end is visible.
  void release(HeldTransaction one) {
    synchronized (this) {
      held.remove(one.id(), one);
      one.prepared().mutations().forEach(mutation -> remove(writers, mutation.key(), one));
      one.prepared().reads().keys().forEach(key -> remove(readers, key, one));
      one.footprint().terms().forEach(key -> remove(terms, key, one));
      rangeReaders.remove(one);
      size = held.size();
    }
    one.released().complete(null);
  }

  /// Forgets everything, because other data comes in its place.
  void clear() {
    all().forEach(this::release);
  }

  private static <K> void put(Map<K, List<HeldTransaction>> map, K key, HeldTransaction one) {
    map.computeIfAbsent(key, _ -> new ArrayList<>(1)).add(one);
  }

  private static <K> void remove(Map<K, List<HeldTransaction>> map, K key, HeldTransaction one) {
    List<HeldTransaction> list = map.get(key);
    if (list != null && list.remove(one) && list.isEmpty()) {
      map.remove(key);
    }
  }

  /// Who is in the way of a write or of preparing; null if nobody is.
  @Nullable HeldTransaction blocker(Intent intent) {
    return isEmpty() ? null : blockerAmongAll(intent);
  }

  private synchronized @Nullable HeldTransaction blockerAmongAll(Intent intent) {
    for (PrimaryKey row : intent.written()) {
      HeldTransaction found = other(writers.get(row), intent.own());
      found = found == null ? other(readers.get(row), intent.own()) : found;
      found = found == null ? rangeReader(row, intent.own()) : found;
      if (found != null) {
        return found;
      }
    }
    ReadSet reads = intent.reads();
    HeldTransaction found = reads == null ? null : writerOf(reads, intent.own());
    return found == null ? blockedByIndexes(intent) : found;
  }

  private static @Nullable HeldTransaction other(
      @Nullable List<HeldTransaction> holders, @Nullable TransactionId own) {
    if (holders != null) {
      for (HeldTransaction holder : holders) {
        if (!holder.hasEnded() && !holder.id().equals(own)) {
          return holder;
        }
      }
    }
    return null;
  }

  private @Nullable HeldTransaction rangeReader(PrimaryKey written, @Nullable TransactionId own) {
    for (HeldTransaction holder : rangeReaders) {
      for (ReadRange range : holder.prepared().reads().ranges()) {
        if (range instanceof ReadSet.Rows rows
            && rows.contains(written)
            && other(List.of(holder), own) != null) {
          return holder;
        }
      }
    }
    return null;
  }

  private @Nullable HeldTransaction writerOf(ReadSet reads, @Nullable TransactionId own) {
    for (PrimaryKey key : reads.keys()) {
      HeldTransaction found = other(writers.get(key), own);
      if (found != null) {
        return found;
      }
    }
    for (ReadRange range : reads.ranges()) {
      for (HeldTransaction holder : held.values()) {
        if (writesInside(holder, range) && other(List.of(holder), own) != null) {
          return holder;
        }
      }
    }
    return null;
  }

  private boolean writesInside(HeldTransaction holder, ReadRange range) {
    return switch (range) {
      case ReadSet.Rows rows -> holder.writesInside(rows);
      case ReadSet.Entries entries -> {
        KeyRange keys = entryRanges.apply(entries.indexId(), entries);
        yield keys != null && holder.footprint().entries().stream().anyMatch(keys::contains);
      }
    };
  }

  private @Nullable HeldTransaction blockedByIndexes(Intent intent) {
    Supplier<Footprint> supplier = intent.footprint();
    if (supplier == null || (terms.isEmpty() && rangeReaders.isEmpty())) {
      return null;
    }
    Footprint footprint = supplier.get();
    for (Key key : footprint.terms()) {
      HeldTransaction found = other(terms.get(key), intent.own());
      if (found != null) {
        return found;
      }
    }
    for (HeldTransaction holder : rangeReaders) {
      for (ReadRange range : holder.prepared().reads().ranges()) {
        if (range instanceof ReadSet.Entries entries
            && other(List.of(holder), intent.own()) != null) {
          KeyRange keys = entryRanges.apply(entries.indexId(), entries);
          if (keys != null && footprint.entries().stream().anyMatch(keys::contains)) {
            return holder;
          }
        }
      }
    }
    return null;
  }

  /// Whether somebody will have these unique terms when it commits.
  synchronized boolean holdsTerms(Key sameTerms) {
    return other(terms.get(sameTerms), null) != null;
  }

  /// The first to prepare of those that will write at a timestamp or below it, or may; null if
  /// nobody does.
  @Nullable HeldTransaction firstWriter(Timestamp at) {
    return isEmpty() ? null : firstWriterAmongAll(at);
  }

  private synchronized @Nullable HeldTransaction firstWriterAmongAll(Timestamp at) {
    HeldTransaction first = null;
    for (HeldTransaction holder : held.values()) {
      Timestamp prepared = holder.prepared().at();
      if (!holder.prepared().mutations().isEmpty()
          && !prepared.isAfter(at)
          && (first == null || prepared.isBefore(first.prepared().at()))) {
        first = holder;
      }
    }
    return first;
  }

  /// Whose end decides what a read sees; null if nobody's does.
  ///
  /// @param at what the read sees at most, null for the newest
  @Nullable HeldTransaction writer(Request request, @Nullable Timestamp at) {
    return isEmpty() ? null : writerAmongAll(request, at);
  }

  private synchronized @Nullable HeldTransaction writerAmongAll(
      Request request, @Nullable Timestamp at) {
    if (request instanceof Request.Read read) {
      return readable(writers.getOrDefault(read.key(), List.of()), at);
    }
    ReadRange range =
        switch (request) {
          case Request.Scan scan -> new ReadSet.Rows(scan.start(), scan.end());
          case Request.IndexScan scan ->
              new ReadSet.Entries(scan.indexId(), scan.terms(), null, null);
          default -> throw new IllegalArgumentException("not a read: " + request);
        };
    return readable(
        held.values().stream().filter(holder -> writesInside(holder, range)).toList(), at);
  }

  private static @Nullable HeldTransaction readable(
      List<HeldTransaction> holders, @Nullable Timestamp at) {
    for (HeldTransaction holder : holders) {
      if (at == null || !holder.prepared().at().isAfter(at)) {
        return holder;
      }
    }
    return null;
  }
}
