package dev.partita.node.replication;

import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.RaftSettings;
import dev.partita.node.replication.log.LogSettings;
import java.time.Duration;

/// The tunable numbers of a host.
///
/// @param raft times and limits of every group; its tick is the host's timer
/// @param log the shared log
/// @param lanes threads that own the cores of the groups
/// @param applyThreads threads that apply committed commands
/// @param snapshots how snapshots are carried over
/// @param commandBytesMax largest command
/// @param queuedProposalsMax proposals of a group that wait for their result
/// @param queuedBytesMax proposals of a group that wait for their result, in bytes
/// @param tailBytesMax applied and durable entries of a group that are kept for slow followers
public record HostSettings(
    RaftSettings raft,
    LogSettings log,
    int lanes,
    int applyThreads,
    SnapshotSettings snapshots,
    int commandBytesMax,
    int queuedProposalsMax,
    long queuedBytesMax,
    long tailBytesMax) {
  private static final Duration TICK = Duration.ofMillis(50);
  private static final int HEARTBEAT_TICKS = 2;
  private static final int ELECTION_TICKS = 10;
  private static final int CLOCK_DRIFT_PERCENT = 10;
  private static final int QUIESCE_TICKS = 60;

  /// A heartbeat every 100 ms; an election after 500 ms to 1 s, or right after 500 ms when the
  /// leader's node is known to be gone.
  public static final HostSettings DEFAULT =
      new HostSettings(
          new RaftSettings(
              TICK,
              HEARTBEAT_TICKS,
              ELECTION_TICKS,
              CLOCK_DRIFT_PERCENT,
              256 << 10,
              64,
              8 << 20,
              32 << 20,
              4 << 20,
              false,
              QUIESCE_TICKS),
          LogSettings.DEFAULT,
          1,
          2,
          SnapshotSettings.DEFAULT,
          4 << 20,
          16_384,
          32 << 20,
          16 << 20);

  /// How a group does its work. The members of the system partition are told of commits at once:
  /// nodes wait for that, since nobody gets a timestamp before its catalog is as new.
  RaftSettings raft(GroupId group) {
    return group.equals(GroupId.SYSTEM) ? raft.withEagerCommit() : raft;
  }

  /// With another size of the log.
  public HostSettings withLogBytes(long bytes) {
    return new HostSettings(
        raft,
        log.withLogBytes(bytes),
        lanes,
        applyThreads,
        snapshots,
        commandBytesMax,
        queuedProposalsMax,
        queuedBytesMax,
        tailBytesMax);
  }

  public HostSettings {
    if (lanes < 1 || applyThreads < 1) {
      throw new IllegalArgumentException("A host needs at least one lane and one apply thread");
    }
    if (commandBytesMax < 1 || queuedProposalsMax < 1 || queuedBytesMax < 1 || tailBytesMax < 1) {
      throw new IllegalArgumentException("Every limit is positive");
    }
    if (commandBytesMax > log.recordBytesMax() / 2) {
      throw new IllegalArgumentException("A command must fit into a record of the log");
    }
  }
}
