package dev.partita.bench;

import dev.partita.history.History;
import dev.partita.history.HistoryChecker;
import dev.partita.history.HistoryFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;

/// `./partita torture [--minutes N] [--seed S] [--clock-jumps]`: three node processes under
/// transactions of every kind, while they are killed, paused, cut off, handed leaders to and fro
/// and told wrong times; round after round, until the time is over or a history is not strictly
/// serializable.
///
/// A round ends with everything healed and read; its history is judged and written down. The seed
/// chooses faults and requests; since threads and networks have a will of their own, the same seed
/// gives the same kinds of trouble, not the same history.
public final class Torture {
  private static final Duration ROUND = Duration.ofSeconds(60);
  private static final int CLIENTS = 8;

  private Torture() {}

  /// Runs rounds.
  ///
  /// @param arguments `--minutes N` (5 unless told otherwise), `--seed S` (random unless told
  ///   otherwise), `--clock-jumps` (needs `libfaketime`, which makes every look at a clock slow)
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
    Directories.delete(directory);
    Files.createDirectories(directory);
    Path jar = checkout.resolve("node/target/quarkus-app/quarkus-run.jar");
    Clocks clocks = jumps ? Clocks.thatJump(directory) : Clocks.STEADY;
    System.exit(run(jar, directory, clocks, Duration.ofMinutes(minutes), ROUND, seed) ? 0 : 1);
  }

  /// Runs rounds until the time is over.
  ///
  /// @param directory for the nodes, and for the histories of the last round and of one that failed
  /// @return whether all histories were strictly serializable
  static boolean run(
      Path jar, Path directory, Clocks clocks, Duration duration, Duration round, long seed)
      throws Exception {
    say(
        "seed %d, for %s in rounds of %s; nodes and histories are in %s",
        seed, duration, round, directory);
    Instant end = Instant.now().plus(duration);
    try (CutNetwork network = new CutNetwork(directory);
        Nodes nodes = TortureClients.start(jar, directory, network, clocks)) {
      for (int number = 1; number == 1 || Instant.now().isBefore(end); number++) {
        Faults faults = new Faults(nodes, network, clocks, new Random(seed + number));
        if (!runRound(nodes, faults, directory, round, number, seed)) {
          say("seed %d has found something in round %d", seed, number);
          return false;
        }
      }
    }
    return true;
  }

  private static boolean runRound(
      Nodes nodes, Faults faults, Path directory, Duration length, int number, long seed)
      throws Exception {
    History history;
    try (TortureClients clients = new TortureClients(nodes, number, CLIENTS, seed * 31 + number)) {
      faults.makeTrouble(length);
      faults.heal();
      clients.finish();
      history = clients.history();
    }
    HistoryFiles.writeJsonLines(history, directory.resolve("history.jsonl"));
    HistoryFiles.writeEdn(history, directory.resolve("history.edn"));
    List<String> anomalies = HistoryChecker.check(history);
    say("round %d: %s; %s", number, String.join(", ", faults.made()), summary(history));
    anomalies.stream().limit(10).forEach(anomaly -> say("  ANOMALY: %s", anomaly));
    return anomalies.isEmpty();
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

  private static void say(String format, Object... arguments) {
    System.out.printf(Locale.ROOT, format + "%n", arguments);
  }
}
