package dev.partita.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// What transactions cost beside a plain write of the same document: in one partition, and in two.
final class Transactions {
  private static final String COLLECTION = "pairs";

  private final Nodes nodes;
  private final Duration duration;
  private final String value;

  Transactions(Nodes nodes, Duration duration, int valueBytes) {
    this.nodes = nodes;
    this.duration = duration;
    this.value = "x".repeat(valueBytes - 8);
  }

  void run(int[] clientCounts) throws Exception {
    Table.chapter("Transactions: three node processes, fsync on; p50 beside a plain write's");
    nodes.createPartition(
        "bench-low", COLLECTION, (ObjectNode) Nodes.JSON.readTree("{\"range\":{\"end\":\"m\"}}"));
    nodes.createPartition(
        "bench-high",
        COLLECTION,
        (ObjectNode) Nodes.JSON.readTree("{\"range\":{\"start\":\"m\"}}"));
    // The first seconds teach the nodes' compilers.
    Load.run(16, duration, number -> client(number, Kind.TWO));
    Table.head("a plain write, as many clients");
    for (int clients : clientCounts) {
      Load.Result plain = Load.run(clients, duration, number -> client(number, Kind.PLAIN));
      Table.row("plain write, " + clients + " clients", plain, plain.operationsPerSecond());
      Load.Result one = Load.run(clients, duration, number -> client(number, Kind.ONE));
      Table.row("one partition, " + clients + " clients", one, plain.operationsPerSecond());
      Load.Result two = Load.run(clients, duration, number -> client(number, Kind.TWO));
      Table.row("two partitions, " + clients + " clients", two, plain.operationsPerSecond());
      Table.line(
          "%-44s %12.2f %12.2f",
          "p50 of one and of two / plain, " + clients + " clients",
          one.p50Micros() / plain.p50Micros(),
          two.p50Micros() / plain.p50Micros());
    }
  }

  private enum Kind {
    PLAIN,
    ONE,
    TWO
  }

  private Load.Client client(int number, Kind kind) throws IOException {
    HttpConnection connection = new HttpConnection(nodes.address(number % 3));
    return new Load.Client() {
      @Override
      public void run(long sequence) throws IOException {
        String key = number + "-" + sequence;
        HttpConnection.Answer answer =
            switch (kind) {
              case PLAIN ->
                  connection.send(
                      "PUT",
                      "/v1/collections/" + COLLECTION + "/documents/a" + key,
                      bytes("{\"v\":\"" + value + "\"}"));
              case ONE ->
                  connection.send(
                      "POST", "/v1/transactions", bytes("{\"writes\":[" + write("b" + key) + "]}"));
              case TWO ->
                  connection.send(
                      "POST",
                      "/v1/transactions",
                      bytes("{\"writes\":[" + write("c" + key) + "," + write("z" + key) + "]}"));
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

  private String write(String key) {
    return "{\"collection\":\"%s\",\"document\":{\"id\":\"%s\",\"v\":\"%s\"}}"
        .formatted(COLLECTION, key, value);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
