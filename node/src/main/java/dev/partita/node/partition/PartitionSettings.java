package dev.partita.node.partition;

import java.time.Duration;

/// The limits of a node's replicas. Each replica has its own share but for [#readsMax].
///
/// @param batchWritesMax writes in one log entry
/// @param batchBytesMax bytes of their documents and keys, unless a single write has more
/// @param queueWritesMax writes that wait for an entry; more are refused
/// @param queueBytesMax bytes of them
/// @param entriesInFlightMax entries proposed and not applied yet
/// @param readsMax reads of all replicas under way at once; more are refused
/// @param backfillRows rows in one step of building an index
/// @param retention how long old versions can be read
/// @param safePointInterval how often the oldest readable timestamp is raised
/// @param closedLag how far back replicas that do not lead can be read at least
/// @param closingInterval how often they learn up to which timestamp
public record PartitionSettings(
    int batchWritesMax,
    long batchBytesMax,
    int queueWritesMax,
    long queueBytesMax,
    int entriesInFlightMax,
    int readsMax,
    int backfillRows,
    Duration retention,
    Duration safePointInterval,
    Duration closedLag,
    Duration closingInterval) {

  public static final PartitionSettings DEFAULT =
      new PartitionSettings(
          256,
          1 << 20,
          4_096,
          16 << 20,
          8,
          1_024,
          500,
          Duration.ofHours(25),
          Duration.ofMinutes(1),
          Duration.ofSeconds(3),
          Duration.ofMillis(500));

  public PartitionSettings {
    if (batchWritesMax < 1
        || batchBytesMax < 1
        || queueWritesMax < 1
        || queueBytesMax < 1
        || entriesInFlightMax < 1
        || readsMax < 1
        || backfillRows < 1) {
      throw new IllegalArgumentException("every limit is positive");
    }
    if (retention.isNegative() || safePointInterval.isNegative() || closedLag.isNegative()) {
      throw new IllegalArgumentException("durations are not negative");
    }
    if (closingInterval.toMillis() < 1) {
      throw new IllegalArgumentException("timestamps are closed in intervals of milliseconds");
    }
  }

  public PartitionSettings withRetention(Duration other, Duration interval) {
    return new PartitionSettings(
        batchWritesMax,
        batchBytesMax,
        queueWritesMax,
        queueBytesMax,
        entriesInFlightMax,
        readsMax,
        backfillRows,
        other,
        interval,
        closedLag,
        closingInterval);
  }

  public PartitionSettings withBackfillRows(int other) {
    return new PartitionSettings(
        batchWritesMax,
        batchBytesMax,
        queueWritesMax,
        queueBytesMax,
        entriesInFlightMax,
        readsMax,
        other,
        retention,
        safePointInterval,
        closedLag,
        closingInterval);
  }

  public PartitionSettings withQueue(int writesMax, int inFlightMax) {
    return new PartitionSettings(
        batchWritesMax,
        batchBytesMax,
        writesMax,
        queueBytesMax,
        inFlightMax,
        readsMax,
        backfillRows,
        retention,
        safePointInterval,
        closedLag,
        closingInterval);
  }

  public PartitionSettings withClosing(Duration lag, Duration interval) {
    return new PartitionSettings(
        batchWritesMax,
        batchBytesMax,
        queueWritesMax,
        queueBytesMax,
        entriesInFlightMax,
        readsMax,
        backfillRows,
        retention,
        safePointInterval,
        lag,
        interval);
  }
}
