package dev.partita.node.raft;

import java.time.Duration;

/// The tunable numbers of a group. All members should use the same times.
///
/// @param tick how often the host calls [Raft#tick]
/// @param heartbeatTicks ticks between two heartbeats of a leader
/// @param electionTicks ticks without a leader before a follower thinks of an election; it waits a
///   random number of ticks between this and twice this
/// @param clockDriftPercent by how much the speed of any node's clock may be off; the lease is
///   shortened by twice that
/// @param appendBytesMax entries in one message
/// @param inflightAppendsMax messages with entries on their way to one peer
/// @param inflightBytesMax entries on their way to one peer
/// @param uncommittedBytesMax proposals that wait to be committed, beyond which a leader is busy
/// @param applyBytesMax committed entries given out by one [Raft#takeEffects]
/// @param eagerCommit whether followers are told at once that entries are committed. Otherwise they
///   learn it from the next append or heartbeat, which saves a message per follower and write of a
///   group that is not busy
/// @param quiesceTicks ticks without any work after which a leader puts its group to sleep (see
///   [Raft#quiesced]); 0 for never. Needs a host that watches the liveness of nodes
public record RaftSettings(
    Duration tick,
    int heartbeatTicks,
    int electionTicks,
    int clockDriftPercent,
    long appendBytesMax,
    int inflightAppendsMax,
    long inflightBytesMax,
    long uncommittedBytesMax,
    long applyBytesMax,
    boolean eagerCommit,
    int quiesceTicks) {

  /// Ticks of 100 ms, a heartbeat every 200 ms, an election after 1 to 2 s; messages of 256 KiB, 64
  /// of them or 8 MiB on their way.
  public static final RaftSettings DEFAULT =
      new RaftSettings(
          Duration.ofMillis(100), 2, 10, 10, 256 << 10, 64, 8 << 20, 64 << 20, 4 << 20, true, 0);

  /// The same with followers that are told of commits at once.
  public RaftSettings withEagerCommit() {
    return new RaftSettings(
        tick,
        heartbeatTicks,
        electionTicks,
        clockDriftPercent,
        appendBytesMax,
        inflightAppendsMax,
        inflightBytesMax,
        uncommittedBytesMax,
        applyBytesMax,
        true,
        quiesceTicks);
  }

  public RaftSettings {
    if (tick.isNegative()
        || tick.isZero()
        || heartbeatTicks < 1
        || electionTicks <= heartbeatTicks) {
      throw new IllegalArgumentException(
          "an election takes longer than a heartbeat, and both longer than nothing");
    }
    if (clockDriftPercent < 0 || clockDriftPercent >= 50) {
      throw new IllegalArgumentException(
          "clock drift is between 0 and 50 per cent: " + clockDriftPercent);
    }
    if (appendBytesMax < 1
        || inflightAppendsMax < 1
        || inflightBytesMax < 1
        || uncommittedBytesMax < 1
        || applyBytesMax < 1
        || quiesceTicks < 0) {
      throw new IllegalArgumentException(
          "every limit is positive, and no number of ticks negative");
    }
  }

  /// How long a node that heard a leader neither votes nor campaigns, by its own clock.
  public long electionTimeoutNanos() {
    return tick.toNanos() * electionTicks;
  }

  /// How long a leader may read without asking, by its own clock, from the moment it sent the
  /// heartbeats that a quorum answered.
  long leaseNanos() {
    return electionTimeoutNanos() / 100 * (100 - 2 * clockDriftPercent);
  }
}
