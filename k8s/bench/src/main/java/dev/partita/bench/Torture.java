package dev.partita.bench;

import dev.partita.history.History;
import dev.partita.history.HistoryChecker;
import dev.partita.history.HistoryFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// `./partita torture [--minutes N] [--seed S] [--clock-jumps]`: three node processes under
/// transactions of every kind, while they are killed, paused, cut off, handed leaders to and fro,
/// told wrong times, and have disks that are slow, fail and are full, and while their partitions
/// are split and merged; round after round, until the time is over, a history is not strictly
/// serializable, or a ledger does not agree.
///
/// A round ends with everything healed and read; its history is judged and written down, and so are
/// the ledgers of those who do something else ([SideClients]). The seed chooses faults and
/// requests; since threads and networks have a will of their own, the same seed gives the same
/// kinds of trouble, not the same history.
public final class Torture {
  private static final Duration ROUND = Duration.ofSeconds(60);
  private static final int CLIENTS = 8;

  private Torture() {}

  /// Runs rounds.
  ///
  /// @param arguments `--minutes N` (5 unless told otherwise), `--seed S` (random unless told
  ///   otherwise), `--clock-jumps` (whole processes see the wrong times, not only the nodes' own
  ///   clocks: needs `libfaketime`)
  public static void main(String[] arguments) throws Exception {
    long minutes = 5;
    long seed = new Random().nextLong();
    boolean jumps = false;
    for (int i = 0; i < arguments.length; i++) {
      String value = i + 1 < arguments.length ? arguments[i + 1] : "";
      if (arguments[i].equals("--clock-jumps")) {
        jumps = true;
      } else if (arguments[i].equals("--minutes") && value.matches("[1-9][0-9]{0,4}")) {
        minutes = Long.parseLong(value);
        i++;
      } else if (arguments[i].equals("--seed") && value.matches("-?[0-9]{1,18}")) {
        seed = Long.parseLong(value);
        i++;
      } else {
        System.err.println("Usage: ./partita torture [--minutes N] [--seed S] [--clock-jumps]");
        System.exit(2);
      }
    }
    Path checkout = Path.of(System.getProperty("partita.checkout", "."));
    Path directory = Files.createDirectories(checkout.resolve(".partita")).resolve("torture");
    DiskSpace.release(Nodes.data(directory, Ground.SMALL_DISK));
    Directories.delete(directory);
    Files.createDirectories(directory);
    Path jar = checkout.resolve("node/target/quarkus-app/quarkus-run.jar");
    FakeTime fakeTime = jumps ? FakeTime.in(directory) : null;
    Outcome outcome = run(jar, directory, fakeTime, Duration.ofMinutes(minutes), ROUND, seed);
    System.exit(outcome.anomalies().isEmpty() ? 0 : 1);
  }

  /// What came out.
  ///
  /// @param anomalies what cannot be true and was seen, in the words of who saw it
  /// @param made the trouble that was made
  record Outcome(List<String> anomalies, List<String> made) {}

  /// Runs rounds until the time is over.
  ///
  /// @param directory for the nodes, and for the histories of the last round and of one that failed
  /// @param fakeTime what moves the clocks of whole processes; null for those of the nodes alone
  static Outcome run(
      Path jar,
      Path directory,
      @Nullable FakeTime fakeTime,
      Duration duration,
      Duration round,
      long seed)
      throws Exception {
    say(
        "seed %d, for %s in rounds of %s; nodes and histories are in %s",
        seed, duration, round, directory);
    Instant begun = Instant.now();
    Instant end = begun.plus(duration);
    List<String> made = new ArrayList<>();
    try (Ground ground = new Ground(directory, fakeTime);
        Nodes nodes = ground.start(jar, directory)) {
      for (int node = 0; node < Nodes.COUNT; node++) {
        NodeFaults.requireIn(nodes.log(node));
      }
      if (ground.smallDisk().isEmpty()) {
        say("NO DISK IS FILLED: only root can mount the small file system that this needs");
      }
      create(nodes);
      say("nodes, partitions and indexes are there after %d s", secondsSince(begun));
      for (int number = 1; number == 1 || Instant.now().isBefore(end); number++) {
        Faults faults = new Faults(nodes, ground, new Random(seed + number));
        List<String> anomalies = runRound(nodes, faults, directory, round, number, seed);
        made.addAll(faults.made());
        if (!anomalies.isEmpty()) {
          say("seed %d has found something in round %d", seed, number);
          return new Outcome(anomalies, made);
        }
      }
    }
    return new Outcome(List.of(), made);
  }

  private interface Creation {
    void create(Nodes nodes) throws IOException;
  }

  /// Makes all partitions and indexes, beside each other, since each waits for an election.
  private static void create(Nodes nodes) throws Exception {
    List<Creation> creations =
        List.of(
            TortureClients::create,
            Faults::create,
            Bank::create,
            UniqueMails::create,
            ExactlyOnce::create,
            Phantoms::create,
            Elements::create,
            Registers::create,
            ColumnStamps::create,
            PageWalks::create);
    List<Callable<Void>> all = new ArrayList<>();
    for (Creation creation : creations) {
      all.add(() -> {
        creation.create(nodes);
        return null;
      });
    }
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Void> each : threads.invokeAll(all)) {
        each.get();
      }
    }
  }

  /// Returns what cannot be true and was seen.
  private static List<String> runRound(
      Nodes nodes, Faults faults, Path directory, Duration length, int number, long seed)
      throws Exception {
    Instant begun = Instant.now();
    long troubleSeconds;
    History history;
    SideClients others;
    List<String> figures;
    try (TortureClients clients = new TortureClients(nodes, number, CLIENTS, seed * 31 + number);
        SideClients side = new SideClients(nodes, number, seed * 37 + number)) {
      faults.makeTrouble(length);
      troubleSeconds = secondsSince(begun);
      faults.heal();
      clients.finish();
      side.finish();
      figures = RowFigures.awaitRight(nodes);
      history = clients.history();
      others = side;
    }
    HistoryFiles.writeJsonLines(history, directory.resolve("history.jsonl"));
    HistoryFiles.writeEdn(history, directory.resolve("history.edn"));
    List<String> anomalies = new ArrayList<>(HistoryChecker.check(history));
    anomalies.addAll(others.wrong());
    anomalies.addAll(figures);
    say("round %d: %s; %s", number, String.join(", ", faults.made()), summary(history));
    say("  %s", others.summary());
    say("  %d s, of which %d s of trouble", secondsSince(begun), troubleSeconds);
    anomalies.stream().limit(10).forEach(anomaly -> say("  ANOMALY: %s", anomaly));
    return anomalies;
  }

  private static String summary(History history) {
    Map<History.End, Long> ends =
        history.txns().stream()
            .collect(Collectors.groupingBy(History.Txn::end, Collectors.counting()));
    return "%,d transactions: %,d committed, %,d aborted, %,d unknown"
        .formatted(
            history.size(),
            ends.getOrDefault(History.End.COMMITTED, 0L),
            ends.getOrDefault(History.End.ABORTED, 0L),
            ends.getOrDefault(History.End.UNKNOWN, 0L));
  }

  private static long secondsSince(Instant begun) {
    return Duration.between(begun, Instant.now()).toSeconds();
  }

  private static void say(String format, Object... arguments) {
    System.out.printf(Locale.ROOT, format + "%n", arguments);
  }
}
