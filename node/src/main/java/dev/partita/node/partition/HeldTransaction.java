package dev.partita.node.partition;

import dev.partita.node.key.PrimaryKey;
import dev.partita.node.time.Timestamp;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/// A prepared transaction with the locks it holds. Compared by identity.
///
/// The thread that applies sets [#ended] when the transaction ends, and has the table let go of it
/// when that is visible in the store.
final class HeldTransaction implements LockHolder {

  private final PreparedTransaction prepared;
  private final Footprint footprint;
  private final Set<PrimaryKey> written = new HashSet<>();
  private final CompletableFuture<Void> released = new CompletableFuture<>();
  private volatile boolean ended;

  HeldTransaction(PreparedTransaction prepared, Footprint footprint) {
    this.prepared = prepared;
    this.footprint = footprint;
    prepared.mutations().forEach(mutation -> written.add(mutation.key()));
  }

  PreparedTransaction prepared() {
    return prepared;
  }

  Footprint footprint() {
    return footprint;
  }

  @Override
  public TransactionId id() {
    return prepared.id();
  }

  @Override
  public Timestamp priority() {
    return prepared.transaction().priority();
  }

  boolean writes(PrimaryKey key) {
    return written.contains(key);
  }

  boolean writesInside(ReadSet.Rows range) {
    return written.stream().anyMatch(range::contains);
  }

  boolean hasEnded() {
    return ended;
  }

  void end() {
    ended = true;
  }

  /// Completed when the locks are gone and what they protected is visible. Whoever depends on it
  /// does so asynchronously: it is completed by the thread that applies.
  @Override
  public CompletableFuture<Void> released() {
    return released;
  }
}
