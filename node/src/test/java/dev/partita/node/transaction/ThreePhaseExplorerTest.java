package dev.partita.node.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.transaction.ThreePhaseExplorer.Bug;
import dev.partita.node.transaction.ThreePhaseExplorer.Start;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every interleaving of the commit protocol of three phases for three participants.
class ThreePhaseExplorerTest {

  @Test
  void aCoordinatorAndOneWhoTakesOverNeverDisagree() {
    var result = new ThreePhaseExplorer(Bug.NONE).explore(Start.WITH_COORDINATOR, 1);
    assertThat(result.violation()).isNull();
    assertThat(result.sawCommit()).isTrue();
    assertThat(result.sawAbort()).isTrue();
    assertThat(result.states()).isGreaterThan(10_000);
  }

  @Test
  void aCoordinatorThatTakesOverItselfNeverDisagrees() {
    var result = new ThreePhaseExplorer(Bug.NONE).explore(Start.IMPATIENT_COORDINATOR, 2);
    assertThat(result.violation()).isNull();
    assertThat(result.sawCommit()).isTrue();
    assertThat(result.sawAbort()).isTrue();
    assertThat(result.states()).isGreaterThan(10_000);
  }

  @Test
  void aCoordinatorThatMixesItsTriesUpIsFound() {
    var result =
        new ThreePhaseExplorer(Bug.HEARS_ITS_FIRST_TRY).explore(Start.IMPATIENT_COORDINATOR, 2);
    assertThat(result.violation()).isNotNull().doesNotContain("more states");
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"WITH_COORDINATOR", "IMPATIENT_COORDINATOR"})
  void twoWhoTakeOverFromADeadCoordinatorNeverDisagree(Start start) {
    var result = new ThreePhaseExplorer(Bug.NONE).explore(start, 2);
    assertThat(result.violation()).isNull();
    assertThat(result.sawAbort()).isTrue();
    assertThat(result.sawCommit()).isEqualTo(start == Start.ACCEPTING);
    assertThat(result.states()).isGreaterThan(10_000);
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"NONE", "HEARS_ITS_FIRST_TRY"})
  void everyPlantedBugIsFound(Bug bug) {
    var one = new ThreePhaseExplorer(bug).explore(Start.WITH_COORDINATOR, 1);
    assertThat(one.violation()).isNotNull();
  }
}
