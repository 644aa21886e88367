package dev.partita.bench;

import java.io.IOException;
import java.net.InetSocketAddress;

/// The numbers that a node or an operator tells Prometheus.
final class Metrics {
  private Metrics() {}

  /// The sum of all series that begin so, 0 if there is none.
  ///
  /// @param series a name, or a name with all its labels
  static double sum(InetSocketAddress address, String series) throws IOException {
    try (HttpConnection connection = new HttpConnection(address)) {
      return connection
          .send("GET", "/metrics", new byte[0])
          .body()
          .lines()
          .filter(line -> line.startsWith(series))
          .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
          .sum();
    }
  }
}
