package dev.partita.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.bench.BugAgent.Bug;
import dev.partita.history.HistoryChecker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/// Real nodes that are given bugs are found out: by the lists and ledgers of the torture, or by
/// themselves when they begin again.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PlantedBugsIT {
  private static final long SEED = 20_261_127;
  private static final int LIST_CLIENTS = 6;

  /// What these two lose may be anything.
  private static final int LATE = Integer.MAX_VALUE - 1;

  private static final int LAST = Integer.MAX_VALUE;

  @TempDir private static Path directory;

  private static Nodes nodes;
  private static int round;

  @BeforeAll
  static void start() throws IOException {
    Files.writeString(file(), BugAgent.NONE);
    Path agent = directory.resolve("bug-agent.jar");
    NodeFaults.writeAgent(agent, BugAgent.class);
    Nodes.Wiring wiring =
        new Nodes.Wiring() {
          @Override
          public String advertised(int node, int port) {
            return LOOPBACK.advertised(node, port);
          }

          @Override
          public List<String> javaOptions(int node) {
            return List.of("-javaagent:" + agent + "=" + file());
          }
        };
    Path jar =
        Path.of(System.getProperty("partita.checkout"), "node/target/quarkus-app/quarkus-run.jar");
    nodes = Nodes.start(jar, directory, new Nodes.Setup(wiring, Map.of()));
    TortureClients.create(nodes);
    Bank.create(nodes);
    ExactlyOnce.create(nodes);
    Phantoms.create(nodes);
    Elements.create(nodes);
  }

  @AfterAll
  static void stop() {
    nodes.close();
  }

  private static Path file() {
    return directory.resolve("bug");
  }

  /// Nobody writes meanwhile, so that all replicas apply the same with it.
  private static void plant(String bug) throws IOException {
    Path next = directory.resolve("bug.next");
    Files.writeString(next, bug);
    Files.move(next, file(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    for (int node = 0; node < Nodes.COUNT; node++) {
      int each = node;
      Nodes.await(bug + " in node " + node, () -> log(each).contains(BugAgent.PLANTED + bug));
    }
  }

  private static String log(int node) {
    try {
      return nodes.log(node);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /// Runs clients until one of their ledgers has found something.
  ///
  /// @return what the lists tell, found or not
  private static List<String> runUntilFound(Bug bug, Workload workload) throws Exception {
    round++;
    plant(bug.name());
    List<String> anomalies;
    try (TortureClients lists = new TortureClients(nodes, round, LIST_CLIENTS, SEED + round);
        SideClients side = new SideClients(nodes, List.of(workload), SEED + round)) {
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
      Files.writeString(file(), BugAgent.NONE);
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

  /// All nodes lose power when elements have been written, as one alone would be outvoted, and come
  /// back without the bug.
  private static void losePower(Elements elements) throws Exception {
    Nodes.await("elements", () -> elements.acknowledged() > 100);
    for (int node = 0; node < Nodes.COUNT; node++) {
      nodes.kill(node);
    }
    Files.writeString(file(), BugAgent.NONE);
    for (int node = 0; node < Nodes.COUNT; node++) {
      nodes.restart(node);
    }
  }

  @Test
  @Order(LATE)
  void whatIsAcknowledgedAndNotDurableIsFound() throws Exception {
    var elements = new Elements(++round);
    plant(Bug.NO_SYNC.name());
    try (SideClients side = new SideClients(nodes, List.of(elements), SEED + round)) {
      losePower(elements);
      side.finish();
      assertThat(side.wrong()).anyMatch(each -> each.contains("acknowledged and is not there"));
      System.out.println(side.summary() + "; " + side.wrong().getFirst());
    }
  }

  /// What is behind a batch that is damaged was durable, so it is not the torn end of a log, and no
  /// node goes on without it.
  @Test
  @Order(LAST)
  void aSyncThatFailedAndWasIgnoredIsFound() throws Exception {
    var elements = new Elements(++round);
    plant(Bug.IGNORED_SYNC.name());
    try (SideClients _ = new SideClients(nodes, List.of(elements), SEED + round)) {
      losePower(elements);
      for (int node = 0; node < Nodes.COUNT; node++) {
        assertThat(nodes.awaitExit(node)).isNotZero();
        assertThat(log(node)).contains("a batch that was durable cannot be read");
      }
    }
  }
}
