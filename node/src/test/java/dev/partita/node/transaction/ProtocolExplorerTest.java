package dev.partita.node.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.transaction.ProtocolExplorer.Bug;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every interleaving of the commit protocol for three participants.
class ProtocolExplorerTest {

  @Test
  void aCoordinatorAndOneWhoEndsItsTransactionNeverDisagree() {
    var result = new ProtocolExplorer(Bug.NONE).explore(true, 1);
    assertThat(result.violation()).isNull();
    assertThat(result.sawCommit()).isTrue();
    assertThat(result.sawAbort()).isTrue();
    assertThat(result.states()).isGreaterThan(10_000);
  }

  @Test
  void twoWhoEndATransactionOfADeadCoordinatorNeverDisagree() {
    var result = new ProtocolExplorer(Bug.NONE).explore(false, 2);
    assertThat(result.violation()).isNull();
    assertThat(result.sawCommit()).isTrue();
    assertThat(result.sawAbort()).isTrue();
    assertThat(result.states()).isGreaterThan(10_000);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void everyPlantedBugIsFound(Bug bug) {
    assertThat(new ProtocolExplorer(bug).explore(true, 1).violation()).isNotNull();
  }
}
