package dev.partita.node.partition;

import dev.partita.node.key.PrimaryKey;
import dev.partita.node.time.Timestamp;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// The rows that statements of transactions have locked before these commit.
///
/// They are in the leader's memory only, and gone with it: they spare transactions to be in each
/// other's way, and nothing is wrong without them, since whatever a transaction has read is checked
/// when it commits. Unlike the locks of [LockTable] they are not in the way of readers.
///
/// A lock is a lease, which the transaction's coordinator renews. Whoever was made to give its rows
/// up, or has given them up itself, gets none any more: what it had asked for before may arrive
/// late.
///
/// Safe for any thread.
final class RowLocks {

  /// Rows locked at once in a Partition.
  static final int ROWS_MAX = 100_000;

  /// How long it is known of a transaction that it has had its locks: longer than a message is on
  /// its way.
  private static final Duration REMEMBERED = Duration.ofMinutes(2);

  /// The rows that a transaction has locked.
  static final class Holding implements LockHolder {
    private final TransactionId id;
    private final Timestamp priority;
    private final Set<PrimaryKey> rows = new HashSet<>();
    private final CompletableFuture<Void> released = new CompletableFuture<>();
    private long untilNanos;

    private Holding(TransactionId id, Timestamp priority) {
      this.id = id;
      this.priority = priority;
    }

    @Override
    public TransactionId id() {
      return id;
    }

    @Override
    public Timestamp priority() {
      return priority;
    }

    @Override
    public CompletableFuture<Void> released() {
      return released;
    }
  }

  private final Map<TransactionId, Holding> holdings = new HashMap<>();
  private final Map<PrimaryKey, Holding> rows = new HashMap<>();

  /// When each was made to give up or has given up, in that order.
  private final LinkedHashMap<TransactionId, Long> ended = new LinkedHashMap<>();

  private volatile int size;

  /// Rows that are locked.
  int size() {
    return size;
  }

  boolean isEmpty() {
    return size == 0;
  }

  /// Who has locked one of these rows; null if nobody but the asker has.
  ///
  /// @param own the transaction that asks; null if none does
  @Nullable Holding blocker(Collection<PrimaryKey> wanted, @Nullable TransactionId own) {
    return isEmpty() ? null : blockerAmongAll(wanted, own);
  }

  private synchronized @Nullable Holding blockerAmongAll(
      Collection<PrimaryKey> wanted, @Nullable TransactionId own) {
    for (PrimaryKey row : wanted) {
      Holding holding = rows.get(row);
      if (holding != null && !holding.id.equals(own)) {
        return holding;
      }
    }
    return null;
  }

  /// Whether a transaction has locked something.
  boolean holds(TransactionId id) {
    return !isEmpty() && holding(id) != null;
  }

  private synchronized @Nullable Holding holding(TransactionId id) {
    return holdings.get(id);
  }

  /// Whether a transaction has had its locks, and gets none any more.
  synchronized boolean hasEnded(TransactionId id) {
    return ended.containsKey(id);
  }

  /// Locks those of some rows that nobody has locked, and renews the lease of all that the
  /// transaction has.
  void take(TransactionId id, Timestamp priority, Collection<PrimaryKey> wanted, long nowNanos) {
    synchronized (this) {
      if (ended.containsKey(id)) {
        return;
      }
      Holding holding = holdings.computeIfAbsent(id, _ -> new Holding(id, priority));
      holding.untilNanos = nowNanos + Request.LOCK_LEASE.toNanos();
      for (PrimaryKey row : wanted) {
        if (rows.size() < ROWS_MAX && rows.putIfAbsent(row, holding) == null) {
          holding.rows.add(row);
        }
      }
      if (holding.rows.isEmpty()) {
        holdings.remove(id);
      }
      size = rows.size();
    }
  }

  /// Lets go of all that a transaction has locked; it gets no lock any more.
  void end(TransactionId id, long nowNanos) {
    if (isEmpty()) {
      return;
    }
    Holding holding;
    synchronized (this) {
      holding = holdings.get(id);
      if (holding != null) {
        remove(holding);
        ended.put(id, nowNanos);
      }
    }
    if (holding != null) {
      holding.released.complete(null);
    }
  }

  /// Lets go of what nobody has renewed, and forgets who has ended long ago.
  void expire(long nowNanos) {
    var expired = new ArrayList<Holding>();
    synchronized (this) {
      for (Holding holding : List.copyOf(holdings.values())) {
        if (nowNanos - holding.untilNanos > 0) {
          remove(holding);
          expired.add(holding);
        }
      }
      // They are many, and the oldest come first.
      Map.Entry<TransactionId, Long> oldest = ended.firstEntry();
      while (oldest != null && nowNanos - oldest.getValue() > REMEMBERED.toNanos()) {
        ended.pollFirstEntry();
        oldest = ended.firstEntry();
      }
    }
    expired.forEach(holding -> holding.released.complete(null));
  }

  /// Forgets everything: this replica does not lead any more.
  void clear() {
    List<Holding> all;
    synchronized (this) {
      all = List.copyOf(holdings.values());
      all.forEach(this::remove);
      ended.clear();
    }
    all.forEach(holding -> holding.released.complete(null));
  }

  private void remove(Holding holding) {
    holdings.remove(holding.id);
    holding.rows.forEach(rows::remove);
    size = rows.size();
  }
}
