package dev.partita.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.bench.BugAgent.Bug;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Real nodes all of which lose power, and with it what bugs have kept from their disks, are found
/// out: by the ledger of the torture, or by themselves when they begin again.
class LostPowerIT {
  private static final long SEED = 20_261_127;

  private final Elements elements = new Elements(1);
  private BuggyNodes buggy;

  @BeforeEach
  void start(@TempDir Path directory) throws IOException {
    buggy = BuggyNodes.start(directory);
    Elements.create(buggy.nodes());
  }

  @AfterEach
  void stop() {
    buggy.close();
  }

  private SideClients clients() {
    return new SideClients(buggy.nodes(), List.of(elements), SEED);
  }

  /// All nodes, as one alone would be outvoted. They come back without the bug.
  private void losePower() throws Exception {
    for (int node = 0; node < Nodes.COUNT; node++) {
      buggy.nodes().kill(node);
    }
    buggy.heal();
    for (int node = 0; node < Nodes.COUNT; node++) {
      buggy.nodes().restart(node);
    }
  }

  /// A node whose storage was flushed meanwhile knows it by itself, and does not take part.
  @Test
  void whatIsAcknowledgedAndNotDurableIsFound() throws Exception {
    buggy.plant(Bug.NO_SYNC);
    try (SideClients side = clients();
        Requests requests = new Requests(buggy.nodes(), new Random(SEED))) {
      Nodes.await("elements", () -> elements.acknowledged() > 100);
      losePower();
      Nodes.await(
          "a replica that is refused, or a look at everything",
          () -> refused() || elements.check(requests, new Random(SEED)));
      assertThat(refused() || side.wrong().stream().anyMatch(LostPowerIT::isLost))
          .as("refused, or lost: %s; %s", side.summary(), side.wrong())
          .isTrue();
      System.out.printf(
          "%s: %s; %s%n",
          Bug.NO_SYNC, side.summary(), refused() ? "refused" : side.wrong().getFirst());
    }
  }

  private boolean refused() {
    return IntStream.range(0, Nodes.COUNT)
        .anyMatch(node -> buggy.log(node).contains("what was durable is not on the disk"));
  }

  private static boolean isLost(String wrong) {
    return wrong.contains("acknowledged and is not there");
  }

  /// What is behind a batch that is damaged was durable, so it is not the torn end of a log, and no
  /// node goes on without it.
  @Test
  void aSyncThatFailedAndWasIgnoredIsFound() throws Exception {
    buggy.plant(Bug.IGNORED_SYNC);
    try (SideClients _ = clients()) {
      Nodes.await("elements", () -> elements.acknowledged() > 100);
      losePower();
      for (int node = 0; node < Nodes.COUNT; node++) {
        assertThat(buggy.nodes().awaitExit(node)).isNotZero();
        assertThat(buggy.log(node)).contains("a batch that was durable cannot be read");
      }
    }
  }
}
