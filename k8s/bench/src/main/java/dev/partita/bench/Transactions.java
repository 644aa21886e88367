package dev.partita.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;

/// What transactions cost beside a plain write of the same document: in one partition, and in two.
final class Transactions {
  static final String COLLECTION = "pairs";
  static final List<String> PARTITIONS = List.of("bench-low", "bench-high");

  private static final int NODES = 3;
  private static final int CONTENDERS = 16;
  private static final int COUNTERS = 1_000;

  /// Odd. Every kind has its turn so often, so that what else the machine does meanwhile hits all
  /// alike.
  private static final int TURNS = 5;

  private final Nodes nodes;
  private final Duration duration;
  private final String value;

  Transactions(Nodes nodes, Duration duration, int valueBytes) {
    this.nodes = nodes;
    this.duration = duration;
    this.value = "x".repeat(valueBytes - 8);
  }

  /// All kinds beside plain writes.
  ///
  /// @param disks what the nodes' disks are
  void run(String disks, int[] clientCounts) throws Exception {
    Table.chapter(
        "Transactions: three node processes, %s; p50 beside a plain write's".formatted(disks));
    nodes.createPartition(PARTITIONS.getFirst(), COLLECTION, "{\"end\":\"m\"}");
    nodes.createPartition(PARTITIONS.getLast(), COLLECTION, "{\"start\":\"m\"}");
    List<Load.ClientFactory> kinds = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      kinds.add(number -> client(number, kind));
    }
    new WarmUp(nodes, duration).run(kinds);
    Table.head("a plain write, as many clients");
    for (int clients : clientCounts) {
      besidePlainWrites(clients);
    }
  }

  private void besidePlainWrites(int clients) throws Exception {
    Map<Kind, List<Load.Result>> results = new EnumMap<>(Kind.class);
    for (int turn = 0; turn < TURNS; turn++) {
      for (Kind kind : Kind.values()) {
        results
            .computeIfAbsent(kind, _ -> new ArrayList<>())
            .add(Load.run(clients, duration.dividedBy(2), number -> client(number, kind)));
      }
    }
    List<Load.Result> plain = Objects.requireNonNull(results.get(Kind.PLAIN));
    double plainPerSecond = Load.median(plain).operationsPerSecond();
    List<String> ratios = new ArrayList<>();
    results.forEach((kind, turns) -> {
      Table.row(kind.label + ", " + clients + " clients", Load.median(turns), plainPerSecond);
      double[] besidePlain =
          IntStream.range(0, TURNS)
              .mapToDouble(turn -> turns.get(turn).p50Micros() / plain.get(turn).p50Micros())
              .sorted()
              .toArray();
      ratios.add(
          "%s %.2f (%.2f to %.2f)"
              .formatted(
                  kind.label, besidePlain[TURNS / 2], besidePlain[0], besidePlain[TURNS - 1]));
    });
    Table.line(
        "p50 / plain write's of the same turn, %d clients: %s",
        clients, String.join(", ", ratios.subList(1, ratios.size())));
  }

  /// Interactive increments of counters, of which few are popular; who is refused begins again.
  void contention() throws Exception {
    Table.chapter(
        "Contention: %d clients increment two of %,d counters in an interactive transaction"
            .formatted(CONTENDERS, COUNTERS));
    for (double skew : new double[] {0, 0.6, 0.9, 1.2}) {
      Zipf zipf = new Zipf(COUNTERS, skew);
      LongAdder refused = new LongAdder();
      LongAdder committed = new LongAdder();
      Load.Result result =
          Load.run(
              CONTENDERS,
              duration,
              number -> {
                Statements statements = new Statements(nodes.address(number % NODES));
                return statements.client(_ -> {
                  while (!statements.increment("n" + zipf.next(), "n" + zipf.next())) {
                    refused.increment();
                  }
                  committed.increment();
                });
              });
      Table.line(
          "Zipf %.1f: %6.0f committed/s, p50 %6.0f us, p99 %6.0f us, refused %4.1f %% of %d",
          skew,
          result.operationsPerSecond(),
          result.p50Micros(),
          result.p99Micros(),
          100.0 * refused.sum() / (refused.sum() + committed.sum()),
          refused.sum() + committed.sum());
    }
  }

  private enum Kind {
    PLAIN("plain write"),
    ONE("one partition"),
    TWO("two partitions"),
    TWO_3PC("two partitions, 3pc"),
    INTERACTIVE("begin, lock, write, commit");

    private final String label;

    Kind(String label) {
      this.label = label;
    }
  }

  /// Asks one node after the other, and writes to one partition after the other where it writes to
  /// one: a node that leads answers sooner than one that has to ask, and who leads is chance.
  private Load.Client client(int number, Kind kind) throws IOException {
    List<Load.Client> atNodes = new ArrayList<>();
    for (int node = 0; node < NODES; node++) {
      atNodes.add(client(nodes.address((number + node) % NODES), number, kind));
    }
    return Load.inTurn(atNodes);
  }

  private Load.Client client(InetSocketAddress node, int number, Kind kind) throws IOException {
    if (kind == Kind.INTERACTIVE) {
      Statements statements = new Statements(node);
      return statements.client(sequence -> {
        String key = inTurn("i", "t", sequence) + number + "-" + sequence;
        if (!statements.readAndWrite(key, write(key))) {
          throw new IllegalStateException("refused without a rival: " + key);
        }
      });
    }
    HttpConnection connection = new HttpConnection(node);
    return new Load.Client() {
      @Override
      public void run(long sequence) throws IOException {
        String key = number + "-" + sequence;
        HttpConnection.Answer answer =
            switch (kind) {
              case PLAIN ->
                  connection.send(
                      "PUT",
                      "/v1/collections/"
                          + COLLECTION
                          + "/documents/"
                          + inTurn("a", "y", sequence)
                          + key,
                      bytes("{\"v\":\"" + value + "\"}"));
              case ONE ->
                  connection.send(
                      "POST",
                      "/v1/transactions",
                      bytes("{\"writes\":[" + write(inTurn("b", "x", sequence) + key) + "]}"));
              case TWO -> connection.send("POST", "/v1/transactions", bytes("{" + pair(key) + "}"));
              case TWO_3PC ->
                  connection.send(
                      "POST",
                      "/v1/transactions",
                      bytes("{\"commitProtocol\":\"3pc\"," + pair(key) + "}"));
              case INTERACTIVE -> throw new IllegalStateException("made above");
            };
        if (answer.status() != 200 && answer.status() != 201) {
          throw new IllegalStateException(kind + ": " + answer.status() + " " + answer.body());
        }
      }

      @Override
      public void close() throws IOException {
        connection.close();
      }
    };
  }

  private static String inTurn(String low, String high, long sequence) {
    return sequence % 2 == 0 ? low : high;
  }

  private String pair(String key) {
    return "\"writes\":[" + write("c" + key) + "," + write("z" + key) + "]";
  }

  private String write(String key) {
    return "{\"collection\":\"%s\",\"document\":{\"id\":\"%s\",\"v\":\"%s\"}}"
        .formatted(COLLECTION, key, value);
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
