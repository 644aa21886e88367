package dev.partita.node.raft;

import org.junit.jupiter.api.Test;

/// Plays groups through every kind of trouble in made-up time; see [Simulation].
/// `-Dpartita.seeds=5000 -Dpartita.seed=1000000` plays that many seeds from that one on; a failure
/// names its seed, and that one seed plays the same again.
class RaftSimTest {

  private static final long SEEDS = Long.getLong("partita.seeds", 300);
  private static final long FIRST_SEED = Long.getLong("partita.seed", 1);

  @Test
  void safetyHoldsAndTheGroupRecovers() {
    for (long seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      play(seed);
    }
  }

  private static void play(long seed) {
    try {
      new Simulation(seed, focus(seed), Rules.SOUND, false).run();
    } catch (SimFailure failure) {
      throw new AssertionError(
          "seed " + seed + ": " + failure.getMessage() + "\n" + trailOf(seed), failure);
    }
  }

  private static SimProfile.Focus focus(long seed) {
    SimProfile.Focus[] all = SimProfile.Focus.values();
    return seed % 2 == 0 ? SimProfile.Focus.ANYTHING : all[(int) (seed / 2 % all.length)];
  }

  private static String trailOf(long seed) {
    var again = new Simulation(seed, focus(seed), Rules.SOUND, true);
    try {
      again.run();
      return "the second run of the seed did not fail";
    } catch (SimFailure failure) {
      return again.trail();
    }
  }
}
