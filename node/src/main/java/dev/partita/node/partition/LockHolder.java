package dev.partita.node.partition;

import dev.partita.node.time.Timestamp;
import java.util.concurrent.CompletableFuture;

/// Who has locked what others wait for.
sealed interface LockHolder permits HeldTransaction, RowLocks.Holding {

  TransactionId id();

  /// When the transaction began: of two that are in each other's way the older one goes on.
  Timestamp priority();

  /// Completed when the locks are gone. Whoever depends on it does so asynchronously.
  CompletableFuture<Void> released();
}
