package dev.partita.node.partition;

import dev.partita.node.key.PrimaryKey;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// Which rows the writes change that have a timestamp, or have asked for one, and are not applied.
///
/// A read of the newest version waits for the write of its row that is here. If it did not, it
/// could miss a write whose timestamp is below that of something which its client knows already,
/// while a snapshot between the two sees the write and not the other: there would be no one order
/// of all three.
///
/// Guarded by its pipeline's lock.
final class WritesUnderWay {

  private final Map<PrimaryKey, PendingWrite> newest = new HashMap<>();

  /// A write asks for its timestamp.
  void add(PendingWrite write) {
    for (Mutation mutation : write.request.mutations()) {
      newest.put(mutation.key(), write);
    }
  }

  /// A write is applied, or will never be.
  void remove(PendingWrite write) {
    for (Mutation mutation : write.request.mutations()) {
      newest.remove(mutation.key(), write);
    }
  }

  /// Completes when the write of a row is applied or lost; null if there is none.
  @Nullable CompletableFuture<Void> of(PrimaryKey key) {
    PendingWrite write = newest.get(key);
    return write == null ? null : write.settled;
  }
}
