package dev.partita.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.function.LongUnaryOperator;

/// Rows that are there before something is measured.
final class Filling {
  private static final int BATCH = 64;

  /// What a document is beside its value, at most.
  private static final int FRAME_BYTES = 64;

  private Filling() {}

  /// Writes rows, a batch at a time.
  ///
  /// @param key of each row, by its number from 0
  /// @param bytes of each document, about
  static void rows(
      InetSocketAddress node, String collection, long count, LongUnaryOperator key, int bytes)
      throws IOException {
    String value = "x".repeat(bytes - FRAME_BYTES);
    try (HttpConnection connection = new HttpConnection(node)) {
      for (long from = 0; from < count; from += BATCH) {
        StringBuilder batch = new StringBuilder("[");
        for (long row = from; row < Math.min(count, from + BATCH); row++) {
          batch.append(row == from ? "" : ",");
          batch.append("{\"id\":").append(key.applyAsLong(row));
          batch.append(",\"v\":\"").append(value).append("\"}");
        }
        byte[] body = batch.append(']').toString().getBytes(StandardCharsets.UTF_8);
        HttpConnection.Answer answer =
            connection.send(
                "POST", "/v1/collections/" + collection + "/documents?onConflict=replace", body);
        if (answer.status() != 200) {
          throw new IllegalStateException("filling: " + answer.status() + " " + answer.body());
        }
      }
    }
  }
}
