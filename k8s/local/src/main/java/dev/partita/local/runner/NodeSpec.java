package dev.partita.local.runner;

import java.util.List;
import java.util.stream.IntStream;

/// A node that this machine plays.
public record NodeSpec(String name, String cloud, String region, String zone) {
  private static final String ZONES = "abc";

  /// Nodes named `local-0` and so on, in the cloud and region `local`, spread over three zones.
  public static List<NodeSpec> local(int count) {
    return IntStream.range(0, count)
        .mapToObj(n ->
            new NodeSpec(
                "local-" + n, "local", "local", "local-" + ZONES.charAt(n % ZONES.length())))
        .toList();
  }
}
