package dev.partita.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/// What only reads: at the node that leads what is read, and at one that follows, which passes on
/// what has to be the newest and answers by itself what may be a few seconds old. And the
/// timestamps that all of it is ordered by.
final class ReadOnly {
  private static final String DOCUMENTS =
      "/v1/collections/" + Transactions.COLLECTION + "/documents/";
  private static final int COUNT = 5_000;
  private static final int BATCH = 500;
  private static final int LEADER = 0;
  private static final int FOLLOWER = 1;
  private static final int BLOCK = 100;
  private static final byte[] EMPTY = {};

  /// Longer than what followers may tell trails behind.
  private static final String STALE = "?maxStaleness=10";

  private final Nodes nodes;
  private final Duration duration;
  private final String value;

  /// @param nodes with the partitions of [Transactions]
  ReadOnly(Nodes nodes, Duration duration, int valueBytes) {
    this.nodes = nodes;
    this.duration = duration;
    this.value = "x".repeat(valueBytes - 8);
  }

  void run(int[] clientCounts) throws IOException {
    fill();
    for (String partition : Transactions.PARTITIONS) {
      nodes.lead(partition, LEADER);
    }
    InetSocketAddress leader = nodes.address(LEADER);
    InetSocketAddress follower = nodes.address(FOLLOWER);
    Nodes.await("what followers tell", () -> isTold(follower));
    Table.chapter("Read-only, through HTTP: at the node that leads, and at one that follows");
    new WarmUp(nodes, duration)
        .run(
            List.of(
                _ -> reader(leader, ""),
                _ -> reader(follower, ""),
                _ -> reader(follower, STALE),
                _ -> pairReader(leader),
                _ -> pairReader(follower)));
    Table.head("the newest at the leader, as many clients");
    for (int clients : clientCounts) {
      Load.Result newest = Load.run(clients, duration, _ -> reader(leader, ""));
      double floor = newest.operationsPerSecond();
      row("document, newest, at the leader", clients, newest, floor);
      row(
          "document, newest, through a follower",
          clients,
          Load.run(clients, duration, _ -> reader(follower, "")),
          floor);
      row(
          "document, seconds old, at a follower",
          clients,
          Load.run(clients, duration, _ -> reader(follower, STALE)),
          floor);
      row(
          "transaction of two, at the leader",
          clients,
          Load.run(clients, duration, _ -> pairReader(leader)),
          floor);
      row(
          "transaction of two, through a follower",
          clients,
          Load.run(clients, duration, _ -> pairReader(follower)),
          floor);
    }
  }

  /// Timestamps of three nodes inside this process.
  static void timestamps(Path directory, Duration duration, int[] callerCounts) throws IOException {
    Table.chapter("Timestamps: three nodes inside this process, one to a call");
    Table.head("at the leader, as many callers");
    try (InProcessOracle oracle = InProcessOracle.start(directory)) {
      // The first seconds teach the compiler.
      Load.runOnVirtualThreads(16, duration, _ -> oracle.elsewhere(1));
      for (int callers : callerCounts) {
        Load.Result there = Load.runOnVirtualThreads(callers, duration, _ -> oracle.atTheLeader(1));
        double floor = there.operationsPerSecond();
        row("at the leader", callers, there, floor);
        Load.Result elsewhere =
            Load.runOnVirtualThreads(callers, duration, _ -> oracle.elsewhere(1));
        row("at another node", callers, elsewhere, floor);
      }
      Load.Result blocks = Load.runOnVirtualThreads(16, duration, _ -> oracle.elsewhere(BLOCK));
      Table.line(
          "blocks of %d at another node, 16 callers: %,.0f timestamps/s",
          BLOCK, BLOCK * blocks.operationsPerSecond());
    }
  }

  private static void row(String what, int clients, Load.Result result, double floor) {
    Table.row(what + ", " + clients, result, floor);
  }

  private void fill() throws IOException {
    try (HttpConnection connection = new HttpConnection(nodes.address(LEADER))) {
      for (String side : new String[] {"low", "r-"}) {
        for (int from = 0; from < COUNT; from += BATCH) {
          StringBuilder batch = new StringBuilder("[");
          for (int i = from; i < from + BATCH; i++) {
            batch.append(i == from ? "" : ",").append(document(side + i));
          }
          HttpConnection.Answer answer =
              connection.send(
                  "POST",
                  "/v1/collections/" + Transactions.COLLECTION + "/documents?onConflict=replace",
                  Transactions.bytes(batch.append(']').toString()));
          if (answer.status() != 200) {
            throw new IllegalStateException(answer.status() + " " + answer.body());
          }
        }
      }
    }
  }

  private String document(String id) {
    return "{\"id\":\"" + id + "\",\"v\":\"" + value + "\"}";
  }

  private static boolean isTold(InetSocketAddress follower) {
    try (HttpConnection connection = new HttpConnection(follower)) {
      return connection.send("GET", DOCUMENTS + "r-" + (COUNT - 1) + STALE, EMPTY).status() == 200;
    } catch (IOException e) {
      return false;
    }
  }

  private interface Read {
    HttpConnection.Answer send(HttpConnection connection) throws IOException;
  }

  private static Load.Client reader(InetSocketAddress node, String how) throws IOException {
    return client(node, connection -> connection.send("GET", DOCUMENTS + any("r-") + how, EMPTY));
  }

  private static Load.Client pairReader(InetSocketAddress node) throws IOException {
    return client(
        node,
        connection ->
            connection.send(
                "POST",
                "/v1/transactions",
                Transactions.bytes(
                    "{\"reads\":[" + item(any("low")) + "," + item(any("r-")) + "]}")));
  }

  private static String any(String side) {
    return side + ThreadLocalRandom.current().nextInt(COUNT);
  }

  private static String item(String id) {
    return "{\"collection\":\"" + Transactions.COLLECTION + "\",\"id\":\"" + id + "\"}";
  }

  private static Load.Client client(InetSocketAddress node, Read read) throws IOException {
    HttpConnection connection = new HttpConnection(node);
    return new Load.Client() {
      @Override
      public void run(long sequence) throws IOException {
        HttpConnection.Answer answer = read.send(connection);
        if (answer.status() != 200) {
          throw new IllegalStateException(answer.status() + " " + answer.body());
        }
      }

      @Override
      public void close() throws IOException {
        connection.close();
      }
    };
  }
}
