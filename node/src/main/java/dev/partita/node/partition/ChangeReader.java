package dev.partita.node.partition;

import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.Key;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.storage.ReadView;
import dev.partita.node.storage.Span;
import dev.partita.node.storage.Storage;
import dev.partita.node.storage.StorageReader;
import dev.partita.node.storage.Version;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Timestamp;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Reads the changes of a replica in their order: which ones from [RecentChanges], or where these
/// do not reach back far enough by looking through all rows; the documents from the store. For any
/// thread.
///
/// The changes up to a timestamp are the same for ever once everything up to it is applied, but for
/// what is collected below the safe point. So what was found by looking through the rows serves the
/// next pages as well, and the rows need not be looked through at one moment.
final class ChangeReader {

  /// Rows that are looked at in one view of the store: a view is to be closed soon.
  private static final int SCAN_ROWS = 10_000;

  /// Changes that one look through the rows finds at most.
  static final int FOUND_MAX = 16_384;

  /// How long what was found or kept is of use when nobody asks.
  private static final Duration UNUSED = Duration.ofSeconds(60);

  private static final int CHANGE_OVERHEAD_BYTES = 32;

  /// What a look through the rows has found: all changes behind one position, up to another.
  private record Found(
      ChangePosition after, ChangePosition through, NavigableSet<ChangePosition> changes) {
    /// Whether the next change is here, or that there is none up to a timestamp.
    boolean tells(ChangePosition from, Timestamp upTo) {
      return from.compareTo(after) >= 0
          && from.compareTo(through) < 0
          && (changes.higher(from) != null || through.isBehindAll(upTo));
    }
  }

  /// The next changes.
  ///
  /// @param complete whether there are no others up to the timestamp that was asked for
  private record Next(List<ChangePosition> changes, boolean complete) {}

  private final PartitionStateMachine machine;
  private final Storage storage;
  private final Clock clock;
  private final int foundMax;
  private final ReentrantLock scanning = new ReentrantLock();
  private volatile @Nullable Found found;
  private final AtomicLong scans = new AtomicLong();
  private volatile long usedNanos;
  private volatile boolean closed;

  ChangeReader(PartitionStateMachine machine, Storage storage, Clock clock) {
    this(machine, storage, clock, FOUND_MAX);
  }

  ChangeReader(PartitionStateMachine machine, Storage storage, Clock clock, int foundMax) {
    this.machine = machine;
    this.storage = storage;
    this.clock = clock;
    this.foundMax = foundMax;
    this.usedNanos = clock.monotonicNanos();
  }

  /// Reads a page for a request that was checked. May take long.
  ///
  /// @param upTo everything up to it is applied, and nothing more will come; at most what the
  ///   request asks for
  Response read(Request.Changes request, PartitionDescriptor descriptor, Timestamp upTo) {
    usedNanos = clock.monotonicNanos();
    Response.Refusal tooOld = tooOld(request.after());
    if (tooOld != null) {
      return tooOld;
    }
    if (request.after().isBehindAll(upTo)) {
      return new Response.Changes(List.of(), false, upTo);
    }
    Next next = next(request, descriptor, upTo);
    return next == null
        ? new Response.Unavailable("The changes are being looked for")
        : page(request, descriptor, upTo, next);
  }

  /// Which changes come next; null while somebody else looks through the rows.
  private @Nullable Next next(
      Request.Changes request, PartitionDescriptor descriptor, Timestamp upTo) {
    ChangePosition after = request.after();
    // Read after everything up to the timestamp was applied.
    if (after.isBehindAll(machine.state().lastCommit())) {
      machine.recentChanges().want();
      return new Next(List.of(), true);
    }
    int limit = request.limit() + 1;
    List<ChangePosition> recent = machine.recentChanges().after(after, upTo, limit);
    if (recent != null) {
      return new Next(recent, recent.size() < limit);
    }
    machine.recentChanges().want();
    Found known = found;
    if (known == null || !known.tells(after, upTo)) {
      if (!scanning.tryLock()) {
        return null;
      }
      try {
        known = scan(after, upTo, descriptor);
        found = known;
      } finally {
        scanning.unlock();
      }
    }
    return known == null ? null : next(known, after, upTo, limit);
  }

  private static Next next(Found known, ChangePosition after, Timestamp upTo, int limit) {
    var changes = new ArrayList<ChangePosition>();
    for (ChangePosition each : known.changes().tailSet(after, false)) {
      if (each.timestamp().isAfter(upTo)) {
        return new Next(changes, true);
      }
      if (changes.size() == limit) {
        return new Next(changes, false);
      }
      changes.add(each);
    }
    return new Next(changes, known.through().isBehindAll(upTo));
  }

  /// Looks through all rows for the first changes behind a position; null if the replica is closed
  /// or gets other data meanwhile.
  private @Nullable Found scan(
      ChangePosition after, Timestamp upTo, PartitionDescriptor descriptor) {
    var keys = new PartitionKeys(descriptor);
    Span rows = keys.rowSpan();
    scans.incrementAndGet();
    var changes = new TreeSet<ChangePosition>();
    ChangePosition end = ChangePosition.behind(upTo);
    boolean cut = false;
    long installations = machine.installations();
    Key from = rows.range().start();
    while (from != null && !closed) {
      var batch = new ArrayList<ChangePosition>();
      try (ReadView view = storage.view()) {
        from =
            view.changes(
                rows.range().from(from),
                after.passed(),
                SCAN_ROWS,
                (row, timestamp) -> {
                  if (!timestamp.isAfter(upTo) && rows.contains(row)) {
                    batch.add(new ChangePosition(timestamp, keys.primaryKey(row)));
                  }
                });
      }
      for (ChangePosition each : batch) {
        if (each.compareTo(after) > 0) {
          changes.add(each);
        }
      }
      while (changes.size() > foundMax) {
        changes.removeLast();
        cut = true;
      }
      usedNanos = clock.monotonicNanos();
    }
    if (closed || !machine.hasKeptData(installations)) {
      return null;
    }
    return new Found(
        after, cut ? changes.last() : end, Collections.unmodifiableNavigableSet(changes));
  }

  private Response page(
      Request.Changes request, PartitionDescriptor descriptor, Timestamp upTo, Next next) {
    var keys = new PartitionKeys(descriptor);
    var changes = new ArrayList<Response.Change>();
    long bytes = 0;
    boolean whole = true;
    long installations = machine.installations();
    try (ReadView view = storage.view()) {
      // After the view was opened: what it can see is at least what is kept by now.
      Response.Refusal tooOld = tooOld(request.after());
      if (tooOld != null) {
        return tooOld;
      }
      for (ChangePosition each : next.changes()) {
        if (changes.size() == request.limit() || bytes >= Request.PAGE_BYTES_MAX) {
          whole = false;
          break;
        }
        Response.Change change = change(view, keys, each, request.before());
        if (change == null) {
          if (!closed && machine.hasKeptData(installations)) {
            throw new IllegalStateException("a change has no version: " + each);
          }
          return new Response.Unavailable("The replica is being replaced");
        }
        changes.add(change);
        bytes += CHANGE_OVERHEAD_BYTES + size(change.document()) + size(change.before());
      }
    }
    return new Response.Changes(changes, !(whole && next.complete()), upTo);
  }

  private static long size(@Nullable JsonBytes document) {
    return document == null ? 0 : document.size();
  }

  /// @return null if there is no such version
  private static Response.@Nullable Change change(
      StorageReader store, PartitionKeys keys, ChangePosition position, boolean before) {
    PrimaryKey key = position.key();
    if (key == null) {
      throw new IllegalArgumentException("not the position of a change: " + position);
    }
    Key row = keys.row(key);
    Timestamp at = position.timestamp();
    Version version = store.get(row, at);
    if (version == null || !version.timestamp().equals(at)) {
      return null;
    }
    Version former = before ? store.get(row, at.previous()) : null;
    return new Response.Change(
        key, at, document(version), former == null ? null : document(former));
  }

  private static @Nullable JsonBytes document(Version version) {
    byte[] document = version.value();
    return document == null ? null : JsonBytes.of(document);
  }

  /// Above the safe point every version is kept, and each one's predecessor. At it, a deletion may
  /// be gone.
  private Response.@Nullable Refusal tooOld(ChangePosition after) {
    Timestamp safePoint = machine.state().safePoint();
    return after.isBehindAll(safePoint) ? null : new Response.TimestampTooOld(safePoint);
  }

  /// How often all rows were looked through.
  long scans() {
    return scans.get();
  }

  /// Forgets what nobody has used for a while. Called often.
  void tick() {
    if (clock.monotonicNanos() - usedNanos > UNUSED.toNanos()) {
      found = null;
      machine.recentChanges().clear();
    }
  }

  /// Ends a look through the rows.
  void close() {
    closed = true;
  }
}
