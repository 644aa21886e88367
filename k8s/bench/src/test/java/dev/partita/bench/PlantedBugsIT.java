package dev.partita.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.bench.BugAgent.Bug;
import dev.partita.history.HistoryChecker;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Real nodes that are given bugs are found out by the lists and ledgers of the torture.
class PlantedBugsIT {
  private static final long SEED = 20_261_127;
  private static final int LIST_CLIENTS = 6;

  @TempDir private static Path directory;

  private static BuggyNodes buggy;
  private static int round;

  @BeforeAll
  static void start() throws IOException {
    buggy = BuggyNodes.start(directory);
    Nodes nodes = buggy.nodes();
    TortureClients.create(nodes);
    Bank.create(nodes);
    ExactlyOnce.create(nodes);
    Phantoms.create(nodes);
  }

  @AfterAll
  static void stop() {
    buggy.close();
  }

  /// Runs clients until one of their ledgers has found something.
  ///
  /// @return what the lists tell, found or not
  private static List<String> runUntilFound(Bug bug, Workload workload) throws Exception {
    round++;
    buggy.plant(bug);
    List<String> anomalies;
    try (TortureClients lists =
            new TortureClients(buggy.nodes(), round, LIST_CLIENTS, SEED + round);
        SideClients side = new SideClients(buggy.nodes(), List.of(workload), SEED + round)) {
      Nodes.await(
          "a ledger that finds " + bug,
          () -> !side.wrong().isEmpty() && lists.history().size() > 500);
      // With the bug, those of the ledger might not come to an end.
      side.leave();
      lists.finish();
      anomalies = HistoryChecker.check(lists.history());
      System.out.printf(
          "%s: %s; %s; lists: %s%n",
          bug,
          side.summary(),
          side.wrong().getFirst(),
          anomalies.isEmpty() ? "nothing" : anomalies.getFirst());
    } finally {
      buggy.heal();
    }
    return new ArrayList<>(anomalies);
  }

  @Test
  void commitsWithoutALookAtWhatWasReadAreFound() throws Exception {
    assertThat(runUntilFound(Bug.UNCHECKED_READS, new Phantoms(round))).isNotEmpty();
  }

  @Test
  void readsOfHalfATransactionAreFound() throws Exception {
    assertThat(runUntilFound(Bug.TORN_READS, new Bank())).isNotEmpty();
  }

  @Test
  void namesThatAreForgottenAreFound() throws Exception {
    assertThat(runUntilFound(Bug.FORGOTTEN_NAMES, new ExactlyOnce(round))).isEmpty();
  }

  @Test
  void followersThatAnswerTooEarlyAreFound() throws Exception {
    runUntilFound(Bug.EARLY_FOLLOWERS, new Bank());
  }
}
