package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/// One client's transactions, statement by statement, in [Transactions#COLLECTION].
final class Statements {
  private static final int REFUSED = 409;

  private final HttpConnection connection;

  Statements(InetSocketAddress node) throws IOException {
    connection = new HttpConnection(node);
  }

  /// Work of one operation.
  interface Work {
    /// Does it.
    ///
    /// @param sequence counts the client's operations from 0
    void run(long sequence) throws IOException;
  }

  Load.Client client(Work work) {
    return new Load.Client() {
      @Override
      public void run(long sequence) throws IOException {
        work.run(sequence);
      }

      @Override
      public void close() throws IOException {
        connection.close();
      }
    };
  }

  /// Others were in the way.
  private static final class RefusedException extends Exception {
    private static final long serialVersionUID = 1;
  }

  /// Reads a document and writes it.
  ///
  /// @param write as the statement has it
  /// @return whether it was committed; else others were in the way
  boolean readAndWrite(String key, String write) throws IOException {
    try {
      String id = begin();
      lock(id, key);
      statement(id, "write", write);
      commit(id);
      return true;
    } catch (RefusedException e) {
      return false;
    }
  }

  /// Adds one to two counters, which may be the same.
  ///
  /// @return whether it was committed; else others were in the way
  boolean increment(String one, String other) throws IOException {
    try {
      String id = begin();
      for (String key : one.equals(other) ? new String[] {one} : new String[] {one, other}) {
        long value = lock(id, key).path("document").path("v").asLong();
        ObjectNode write = Nodes.JSON.createObjectNode();
        write.put("collection", Transactions.COLLECTION);
        write.putObject("document").put("id", key).put("v", value + 1);
        statement(id, "write", write.toString());
      }
      commit(id);
      return true;
    } catch (RefusedException e) {
      return false;
    }
  }

  private String begin() throws IOException, RefusedException {
    return json(post("/v1/transactions/begin", "{}")).path("id").asText();
  }

  private JsonNode lock(String id, String key) throws IOException, RefusedException {
    ObjectNode item = Nodes.JSON.createObjectNode();
    item.put("collection", Transactions.COLLECTION).put("id", key);
    return statement(id, "lock", item.toString());
  }

  private JsonNode statement(String id, String action, String body)
      throws IOException, RefusedException {
    return json(post("/v1/transactions/" + id + "/" + action, body));
  }

  private void commit(String id) throws IOException, RefusedException {
    var _ = statement(id, "commit", "{}");
  }

  private HttpConnection.Answer post(String path, String body) throws IOException {
    return connection.send("POST", path, body.getBytes(StandardCharsets.UTF_8));
  }

  private static JsonNode json(HttpConnection.Answer answer) throws IOException, RefusedException {
    if (answer.status() == REFUSED) {
      throw new RefusedException();
    }
    if (answer.status() / 100 != 2) {
      throw new IllegalStateException(answer.status() + " " + answer.body());
    }
    return Nodes.JSON.readTree(answer.body());
  }
}
