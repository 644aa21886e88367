package dev.partita.operator.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.operator.nodeclient.OperationSpec.Kind;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

class AskedMetersTest {

  @Test
  void operationsAreCountedByWhatTheyAreFor() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    AskedMeters meters = new AskedMeters(registry);

    meters.asked("a", Kind.SPLIT_PARTITION, "BySize");
    meters.asked("a", Kind.SPLIT_PARTITION, "BySize");
    meters.asked("b", Kind.MOVE_REPLICA, "Repair");

    assertThat(
            registry
                .get("partita.operator.operations.asked")
                .tags("namespace", "a", "kind", "SplitPartition", "reason", "BySize")
                .counter()
                .count())
        .isEqualTo(2);
    assertThat(
            registry
                .get("partita.operator.operations.asked")
                .tags("namespace", "b", "kind", "MoveReplica", "reason", "Repair")
                .counter()
                .count())
        .isEqualTo(1);
  }
}
