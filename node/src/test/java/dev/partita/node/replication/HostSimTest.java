package dev.partita.node.replication;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.raft.GroupId;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Clusters of whole hosts under seeded faults. A failure names its seed; `-Dpartita.seeds=N` runs
/// more, `-Dpartita.seed=S` one.
final class HostSimTest {
  private static final int SEEDS = Integer.getInteger("partita.seeds", 32);
  private static final long ONLY = Long.getLong("partita.seed", -1);

  @TempDir Path directory;

  @Test
  void nothingAcknowledgedIsLostAndAllApplyTheSame() {
    int installs = 0;
    int crashes = 0;
    int acknowledged = 0;
    int seeds = 0;
    for (long seed = ONLY < 0 ? 1 : ONLY; seed <= (ONLY < 0 ? SEEDS : ONLY); seed++) {
      SimulatedCluster cluster = run(seed);
      installs += cluster.installs;
      crashes += cluster.crashes;
      acknowledged += cluster.acknowledged();
      seeds++;
    }
    // The faults must leave room for work, or nothing is tested.
    assertThat(acknowledged).as("acknowledged").isGreaterThan(seeds * 500);
    assertThat(crashes).isPositive();
    assertThat(installs).as("snapshots installed").isPositive();
  }

  @Test
  void membersOfTheSystemPartitionHearOfCommitsAtOnce() {
    var cluster = new SimulatedCluster(1, directory.resolve("lag"), 3, 2);
    cluster.run(Duration.ofSeconds(2));

    long system = cluster.medianLag(GroupId.SYSTEM, 20);
    long other = cluster.medianLag(new GroupId(1), 20);

    Duration heartbeat = HostSettings.DEFAULT.raft().tick().multipliedBy(2);
    assertThat(system).isLessThan(heartbeat.toMillis() / 4);
    assertThat(other).as("others hear of them with the next heartbeat").isGreaterThan(system);
  }

  @Test
  void groupThatBeginsWithALeaderCommitsWithoutAnElection() {
    long slowest = 0;
    for (long seed = 1; seed <= 20; seed++) {
      var cluster = new SimulatedCluster(seed, directory.resolve("led-" + seed), 3, 1, true);
      slowest = Math.max(slowest, cluster.millisUntilCommitted(new GroupId(0)));
      assertThat(cluster.term(new GroupId(0))).as("term, seed %d", seed).isEqualTo(2);
    }
    // What is said to members that are not there yet is not lost until the next heartbeat.
    Duration heartbeat = HostSettings.DEFAULT.raft().tick().multipliedBy(2);
    assertThat(slowest).isLessThan(heartbeat.toMillis());
  }

  private SimulatedCluster run(long seed) {
    var random = new SplittableRandom(seed * 7919);
    int nodes = random.nextBoolean() ? 3 : 5;
    boolean inherits = seed % 2 == 0;
    var cluster = new SimulatedCluster(seed, directory.resolve("" + seed), nodes, 3, inherits);
    try {
      cluster.run(Duration.ofSeconds(2));
      for (int step = 0; step < 3000; step++) {
        cluster.clientStep();
        if (random.nextInt(60) == 0) {
          cluster.fault();
        }
        if (random.nextInt(150) == 0) {
          cluster.changeMembers();
        }
        cluster.run(Duration.ofMillis(random.nextInt(1, 10)));
        if (step % 50 == 0) {
          cluster.checkSafety();
        }
      }
      cluster.checkRecovery();
    } catch (RuntimeException | Error e) {
      throw new AssertionError("Failed with seed " + seed, e);
    }
    return cluster;
  }
}
