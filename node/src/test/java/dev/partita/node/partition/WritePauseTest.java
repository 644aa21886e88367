package dev.partita.node.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.partition.OperationListener.Division;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class WritePauseTest {

  private final List<String> told = new ArrayList<>();

  private final OperationListener listener =
      new OperationListener() {
        @Override
        public void answered(
            PartitionId partition, Operation operation, long nanos, boolean refused) {}

        @Override
        public void paused(Division division, long nanos) {
          told.add(division + " " + nanos);
        }
      };

  @Test
  void theLastOfTheHeirsEndsIt() {
    var pause = new WritePause(listener, Division.SPLIT, 100, 2);
    pause.served(110);
    assertThat(told).isEmpty();
    pause.served(130);
    assertThat(told).containsExactly("SPLIT 30");
  }

  @Test
  void theOneOfAMergeEndsItOnce() {
    var pause = new WritePause(listener, Division.MERGE, -5, 1);
    pause.served(10);
    pause.served(20);
    assertThat(told).containsExactly("MERGE 15");
  }
}
