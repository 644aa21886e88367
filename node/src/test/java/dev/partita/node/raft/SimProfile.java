package dev.partita.node.raft;

import java.util.random.RandomGenerator;

/// What kind of trouble a run has: drawn from the seed, so that some runs have one kind alone and
/// some have all at once.
///
/// @param voters at the beginning
/// @param spares nodes that are no voters at the beginning, but learners if `sparesLearn`
/// @param lossRate of messages, 0 to 1; likewise doubled and slow ones
/// @param pace below 1 trouble comes faster and lasts shorter
/// @param crashes relative frequency; likewise the others
record SimProfile(
    int voters,
    int spares,
    boolean sparesLearn,
    int clients,
    double lossRate,
    double doubleRate,
    double slowRate,
    double pace,
    int crashes,
    int pauses,
    int cuts,
    int slowDisks,
    int changes,
    int transfers,
    int compactions,
    boolean leases,
    boolean sleeps,
    long thinkNanosMax) {

  private static final int[] VOTERS = {3, 3, 3, 3, 5, 5, 4, 2};

  static SimProfile draw(RandomGenerator random) {
    return new SimProfile(
        VOTERS[random.nextInt(VOTERS.length)],
        random.nextInt(3),
        random.nextBoolean(),
        random.nextInt(3, 8),
        often(random) ? 0 : random.nextDouble() * 0.2,
        often(random) ? 0 : random.nextDouble() * 0.2,
        often(random) ? 0.01 : random.nextDouble() * 0.3,
        random.nextBoolean() ? 1 : 0.25,
        weight(random),
        weight(random),
        weight(random),
        weight(random),
        weight(random),
        weight(random),
        weight(random),
        random.nextInt(4) > 0,
        random.nextInt(5) == 0,
        random.nextInt(4) == 0 ? 300_000_000L : random.nextInt(2) == 0 ? 30_000_000L : 8_000_000L);
  }

  private static boolean often(RandomGenerator random) {
    return random.nextInt(3) > 0;
  }

  private static int weight(RandomGenerator random) {
    return random.nextInt(3) == 0 ? 0 : random.nextInt(1, 6);
  }

  int totalWeight() {
    return crashes + pauses + cuts + slowDisks + changes + transfers + compactions;
  }
}
