package dev.partita.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// Three node processes under load while the network between them is cut in every shape, and healed
/// again. All tests share the nodes; each has clients and documents of its own.
@EnabledOnOs(value = OS.LINUX, disabledReason = "only Linux has all addresses of 127.0.0.0/8")
class ClusterCutsIT {
  @TempDir static Path directory;

  private static CutNetwork network;
  private static Nodes nodes;

  private final long seed = Ledger.seed();
  private final SplittableRandom random = new SplittableRandom(seed);

  @BeforeAll
  static void start() throws IOException {
    network = new CutNetwork(directory);
    nodes = LedgerNodes.start(directory, new Nodes.Setup(network, Map.of()));
  }

  @AfterAll
  static void stop() throws IOException {
    nodes.close();
    network.close();
  }

  @AfterEach
  void heal() {
    network.heal();
  }

  private Ledger ledger(String name) {
    return new Ledger(new DocumentRequests(nodes), name, seed);
  }

  private void healAndCheck(Ledger ledger) throws IOException, InterruptedException {
    network.heal();
    for (int node = 0; node < 3; node++) {
      nodes.awaitReady(node);
    }
    nodes.awaitActive(LedgerNodes.PARTITION);
    ledger.awaitProgress();
    ledger.check();
  }

  @Test
  void theLeaderIsCutOff() throws Exception {
    try (Ledger ledger = ledger("leader")) {
      ledger.awaitProgress();
      network.isolate(nodes.leader(LedgerNodes.PARTITION));
      ledger.endure();
      healAndCheck(ledger);
    }
  }

  @Test
  void aFollowerIsCutOff() throws Exception {
    try (Ledger ledger = ledger("follower")) {
      ledger.awaitProgress();
      network.isolate((nodes.leader(LedgerNodes.PARTITION) + 1 + random.nextInt(2)) % 3);
      ledger.endure();
      healAndCheck(ledger);
    }
  }

  @Test
  void theLeaderIsHeardByNobody() throws Exception {
    try (Ledger ledger = ledger("mute")) {
      ledger.awaitProgress();
      int leader = nodes.leader(LedgerNodes.PARTITION);
      network.cut(leader, (leader + 1) % 3);
      network.cut(leader, (leader + 2) % 3);
      ledger.endure();
      healAndCheck(ledger);
    }
  }

  @Test
  void theLeaderHearsNobody() throws Exception {
    try (Ledger ledger = ledger("deaf")) {
      ledger.awaitProgress();
      int leader = nodes.leader(LedgerNodes.PARTITION);
      network.cut((leader + 1) % 3, leader);
      network.cut((leader + 2) % 3, leader);
      ledger.endure();
      healAndCheck(ledger);
    }
  }

  @Test
  void eachPairIsCutSoThatOnlyAChainRemains() throws Exception {
    // So one of the cuts is between a partition's leader and that of the timestamps.
    nodes.lead(LedgerNodes.PARTITION, (nodes.systemLeader() + 1) % 3);
    try (Ledger ledger = ledger("chain")) {
      ledger.awaitProgress();
      int first = random.nextInt(3);
      for (int turn = 0; turn < 3; turn++) {
        int one = (first + turn) % 3;
        network.cutBoth(one, (one + 1) % 3);
        ledger.endure();
        network.heal();
      }
      healAndCheck(ledger);
    }
  }

  @Test
  void eachPairIsCutInOneDirection() throws Exception {
    try (Ledger ledger = ledger("oneway")) {
      ledger.awaitProgress();
      int first = random.nextInt(3);
      for (int turn = 0; turn < 3; turn++) {
        int one = (first + turn) % 3;
        int other = (one + 1) % 3;
        boolean forth = random.nextBoolean();
        network.cut(forth ? one : other, forth ? other : one);
        ledger.endure();
        network.heal();
      }
      healAndCheck(ledger);
    }
  }
}
