package dev.partita.node.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Shows that the simulation can fail: with each [PlantedBug] it does within a bounded number of
/// seeds, and the same seed passes without the bug.
class PlantedBugTest {

  private static final long SEEDS_MAX = 100;

  private record Caught(long seed, SimFailure.Check check) {}

  @ParameterizedTest
  @EnumSource
  void simulationCatches(PlantedBug bug) {
    Optional<Caught> caught = hunt(bug);
    assertThat(caught)
        .as(
            "a seed from %d to %d that catches the bug",
            bug.firstSeed(), bug.firstSeed() + SEEDS_MAX)
        .isPresent();
    assertThatCode(() ->
            new Simulation(caught.orElseThrow().seed(), bug.focus(), Rules.SOUND, false).run())
        .doesNotThrowAnyException();
  }

  private static Optional<Caught> hunt(PlantedBug bug) {
    for (long seed = bug.firstSeed(); seed < bug.firstSeed() + SEEDS_MAX; seed++) {
      try {
        new Simulation(seed, bug.focus(), bug.rules(), false).run();
      } catch (SimFailure failure) {
        return Optional.of(new Caught(seed, failure.check()));
      }
    }
    return Optional.empty();
  }
}
