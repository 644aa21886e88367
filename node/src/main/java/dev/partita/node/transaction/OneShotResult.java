package dev.partita.node.transaction;

import dev.partita.node.index.JsonBytes;
import dev.partita.node.time.Timestamp;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What came of a [OneShot] that has happened.
///
/// @param at its place in the order of all transactions: the version of what it wrote
/// @param reads a document for each read, in their order
/// @param attempts how often it was tried
/// @param repeated whether it had happened before, under the same name
public record OneShotResult(Timestamp at, List<Found> reads, int attempts, boolean repeated) {
  public OneShotResult {
    reads = List.copyOf(reads);
  }

  /// A document that was read; both null if there is none.
  public record Found(@Nullable Timestamp version, @Nullable JsonBytes document) {}
}
