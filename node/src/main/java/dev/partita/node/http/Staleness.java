package dev.partita.node.http;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.time.Timestamp;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.LongSupplier;
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

  /// Tells in a refusal how old what this node has is, in seconds rounded up: with a bound a little
  /// larger it would have answered.
  static final String AGE = "stalenessSeconds";

  private static final long MILLIS_PER_SECOND = 1_000;

  private final NodeLifecycle lifecycle;

  Staleness(NodeLifecycle lifecycle) {
    this.lifecycle = lifecycle;
  }

  /// Reads at a moment that the client takes.
  ///
  /// @param at as the client gave it
  /// @param seconds how far back the moment may lie, 0 if the client does not say
  /// @param readable up to when this node can read by itself; null if it cannot
  /// @param read what is read at a timestamp; at null the newest state, which the leaders tell
  /// @throws DatabaseException if `at` and `seconds` are both given; and where neither this node
  ///   nor the leaders can answer, with the age of what this node has
  <T> T read(
      @Nullable Timestamp at,
      long seconds,
      Supplier<@Nullable Timestamp> readable,
      Function<@Nullable Timestamp, T> read) {
    if (seconds == 0) {
      return read.apply(at);
    }
    if (at != null) {
      throw new DatabaseException(
          ErrorCode.INVALID_REQUEST, "either 'at' or 'maxStaleness' says when to read");
    }
    var node = lifecycle.node();
    return read(readable.get(), seconds, node.clock()::wallMillis, read);
  }

  /// Reads what this node has, if that is not too old, else what the leaders have.
  ///
  /// @param readable up to when this node can read by itself; null if it cannot
  static <T> T read(
      @Nullable Timestamp readable,
      long seconds,
      LongSupplier nowMillis,
      Function<@Nullable Timestamp, T> read) {
    if (readable == null) {
      return read.apply(null);
    }
    long boundMillis = Duration.ofSeconds(seconds).toMillis();
    if (nowMillis.getAsLong() - readable.millis() <= boundMillis) {
      return read.apply(readable);
    }
    try {
      return read.apply(null);
    } catch (DatabaseException e) {
      throw e.code() == ErrorCode.UNAVAILABLE
          ? e.with(AGE, Math.ceilDiv(nowMillis.getAsLong() - readable.millis(), MILLIS_PER_SECOND))
          : e;
    }
  }
}
