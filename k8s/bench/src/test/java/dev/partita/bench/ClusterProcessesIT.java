package dev.partita.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Three node processes under load while processes fail: see [Ledger] for what holds all the time.
class ClusterProcessesIT {
  @TempDir Path directory;
  private Nodes nodes;

  @BeforeEach
  void start() throws IOException {
    nodes = LedgerNodes.start(directory, Nodes.Setup.PLAIN);
  }

  @AfterEach
  void stop() {
    nodes.close();
  }

  @Test
  void nothingAcknowledgedIsLostOrDoubledWhateverFails() throws Exception {
    long seed = Ledger.seed();
    try (Ledger ledger = new Ledger(new DocumentRequests(nodes), "failures", seed)) {
      ledger.awaitProgress();

      int killed = nodes.leader(LedgerNodes.PARTITION);
      nodes.kill(killed);
      ledger.awaitProgress();
      nodes.restart(killed);
      nodes.awaitReady(killed);
      ledger.awaitProgress();

      int paused = nodes.leader(LedgerNodes.PARTITION);
      nodes.pause(paused);
      ledger.endure();
      nodes.resume(paused);
      ledger.awaitProgress();

      int lost = (nodes.leader(LedgerNodes.PARTITION) + 1) % 3;
      nodes.kill(lost);
      nodes.wipe(lost);
      nodes.restart(lost);
      nodes.replace(lost);
      ledger.awaitProgress();

      for (int node = 0; node < 3; node++) {
        nodes.kill(node);
      }
      for (int node = 0; node < 3; node++) {
        nodes.restart(node);
      }
      nodes.awaitActive(LedgerNodes.PARTITION);
      ledger.awaitProgress();

      for (int node = 0; node < 3; node++) {
        nodes.awaitReady(node);
      }
      ledger.check();
    }
  }

  @Test
  void aNodeThatIsAskedToStopHandsLeadershipOverFirst() throws Exception {
    long seed = Ledger.seed();
    int first = new SplittableRandom(seed).nextInt(3);
    try (Ledger ledger = new Ledger(new DocumentRequests(nodes), "shutdown", seed)) {
      ledger.awaitProgress();
      for (int turn = 0; turn < 3; turn++) {
        int node = (first + turn) % 3;
        nodes.lead(LedgerNodes.PARTITION, node);
        int logged = nodes.log(node).length();
        nodes.terminate(node);
        // 143 is what a Java process ends with that was asked to (128 + SIGTERM).
        assertThat(nodes.awaitExit(node)).as("exit code").isIn(0, 143);
        assertThat(nodes.log(node).substring(logged))
            .containsPattern("Handed over the leadership of all [12] groups that were led here");
        ledger.awaitProgress();
        nodes.restart(node);
        nodes.awaitReady(node);
        ledger.awaitProgress();
      }
      ledger.check();
      // A client that stands still for all the time that a node takes to part from its clients may
      // lose its connection; no other does, and no node leaves a write in the dark.
      assertThat(ledger.unknownOutcomes())
          .as("writes in the dark")
          .noneMatch(reason -> reason.contains("OUTCOME_UNKNOWN"))
          .hasSizeLessThanOrEqualTo(3);
    }
  }
}
