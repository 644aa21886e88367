package dev.partita.node.time;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/// Hands out commit timestamps for the whole database.
public interface TimestampOracle {
  /// A block of consecutive timestamps, each larger than every timestamp whose block was complete,
  /// anywhere in the database, before this call began. Fails when the leader of the system
  /// partition cannot be reached; a block that was lost on the way is never handed out again.
  ///
  /// @param count how many, at least 1
  CompletableFuture<TimestampBlock> next(int count);

  /// A timestamp that was handed out here. Whoever looks up now which Partitions there are finds
  /// all that were written to before it.
  default Timestamp reached() {
    return Timestamp.MIN;
  }

  /// About what would be handed out now, without asking anybody: for what need not be exact, as the
  /// age of a transaction. It is not after or before anything else for sure, and not unique. Null
  /// if too little was handed out here lately to tell.
  default @Nullable Timestamp estimate() {
    return null;
  }
}
