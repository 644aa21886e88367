package dev.partita.node.raft;

import java.util.random.RandomGenerator;

/// What kind of trouble a run has: drawn from the seed, so that some runs have one kind alone and
/// some have all at once.
///
/// @param voters at the beginning
/// @param spares nodes that are no members at the beginning
/// @param lossRate of messages, 0 to 1; likewise doubled and slow ones
/// @param crashes relative frequency; likewise the others
record SimProfile(
    int voters,
    int spares,
    int clients,
    double lossRate,
    double doubleRate,
    double slowRate,
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

  static SimProfile draw(RandomGenerator random) {
    return new SimProfile(
        random.nextInt(4) == 0 ? 5 : random.nextInt(6) == 0 ? 2 : 3,
        random.nextInt(3),
        random.nextInt(2, 6),
        often(random) ? 0 : random.nextDouble() * 0.2,
        often(random) ? 0 : random.nextDouble() * 0.2,
        often(random) ? 0.01 : random.nextDouble() * 0.3,
        weight(random),
        weight(random),
        weight(random),
        weight(random),
        weight(random),
        weight(random),
        weight(random),
        random.nextInt(4) > 0,
        random.nextInt(5) == 0,
        random.nextInt(4) == 0 ? 300_000_000L : 30_000_000L);
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
