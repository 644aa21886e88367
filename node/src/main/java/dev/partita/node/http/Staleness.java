package dev.partita.node.http;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.time.Timestamp;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Chooses the timestamp of a read whose client takes one that is a little old, if this node can
/// then answer it without others: what it reads is one moment all the same.
@Singleton
final class Staleness {

  /// Tells at which timestamp a single document was read, if it was not the newest state.
  static final String HEADER = "Partita-Read-At";

  /// Seconds that a client may ask for at most.
  static final int SECONDS_MAX = 86_400;

  private final NodeLifecycle lifecycle;

  Staleness(NodeLifecycle lifecycle) {
    this.lifecycle = lifecycle;
  }

  /// The timestamp to read at; null for the newest state, which the leaders tell.
  ///
  /// @param at as the client gave it
  /// @param seconds how far back it may lie, 0 if the client does not say
  /// @param partitions that are read
  /// @throws DatabaseException if both are given
  @Nullable Timestamp choose(
      @Nullable Timestamp at, long seconds, Supplier<List<PartitionDescriptor>> partitions) {
    if (seconds == 0) {
      return at;
    }
    if (at != null) {
      throw new DatabaseException(
          ErrorCode.INVALID_REQUEST, "either 'at' or 'maxStaleness' says when to read");
    }
    var node = lifecycle.node();
    Timestamp readable = node.router().readableUpTo(partitions.get());
    return readable == null
            || node.clock().wallMillis() - readable.millis()
                > Duration.ofSeconds(seconds).toMillis()
        ? null
        : readable;
  }
}
