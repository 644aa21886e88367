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

  /// Runs of one kind, for those bugs that a mixture of everything seldom meets.
  enum Focus {
    ANYTHING,
    /// Crowded elections: crashes around votes, transfers to several at once.
    ELECTIONS,
    /// Leaders that come and go and leave entries behind.
    LEFTOVERS,
    MEMBERS,
    SNAPSHOTS,
    /// Many impatient readers while leaders change.
    LEASES,
    /// Groups that begin with a leader, whose members come one after the other and crash early.
    BEGINNINGS;

    SimProfile draw(RandomGenerator random) {
      SimProfile any = SimProfile.draw(random);
      return switch (this) {
        case ANYTHING -> any;
        case ELECTIONS -> any.with(3, 0, 0.25).troubles(6, 1, 2, 3, 0, 6, 0);
        case LEFTOVERS ->
            any.with(random.nextBoolean() ? 3 : 5, 0, 0.25).troubles(3, 1, 6, 1, 0, 0, 0);
        case MEMBERS ->
            any.with(random.nextInt(2, 5), random.nextInt(1, 3), 0.25)
                .troubles(2, 0, 4, 1, 6, 1, 1);
        case SNAPSHOTS -> any.with(3, 0, 0.25).troubles(2, 1, 6, 1, 0, 0, 8);
        case BEGINNINGS ->
            any.with(random.nextBoolean() ? 3 : 5, random.nextInt(2), 0.25)
                .troubles(8, 1, 3, 3, 1, 1, 1)
                .impatient();
        case LEASES -> any.with(3, 0, 0.5).troubles(4, 3, 6, 0, 0, 4, 0).impatient();
      };
    }
  }

  private SimProfile with(int newVoters, int newSpares, double newPace) {
    return new SimProfile(
        newVoters,
        newSpares,
        true,
        clients,
        lossRate,
        doubleRate,
        slowRate,
        newPace,
        crashes,
        pauses,
        cuts,
        slowDisks,
        changes,
        transfers,
        compactions,
        leases,
        false,
        thinkNanosMax);
  }

  private SimProfile troubles(
      int newCrashes,
      int newPauses,
      int newCuts,
      int newSlowDisks,
      int newChanges,
      int newTransfers,
      int newCompactions) {
    return new SimProfile(
        voters,
        spares,
        sparesLearn,
        clients,
        lossRate,
        doubleRate,
        slowRate,
        pace,
        newCrashes,
        newPauses,
        newCuts,
        newSlowDisks,
        newChanges,
        newTransfers,
        newCompactions,
        leases,
        sleeps,
        thinkNanosMax);
  }

  private SimProfile impatient() {
    return new SimProfile(
        voters,
        spares,
        sparesLearn,
        7,
        0,
        doubleRate,
        slowRate,
        pace,
        crashes,
        pauses,
        cuts,
        slowDisks,
        changes,
        transfers,
        compactions,
        true,
        false,
        8_000_000);
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
