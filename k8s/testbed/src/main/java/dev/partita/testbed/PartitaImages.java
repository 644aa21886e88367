package dev.partita.testbed;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// What stands for Partita's images on the test bed: commands that start what a checkout has built.
public final class PartitaImages {
  private PartitaImages() {}

  /// Image name, of any tag, to command.
  ///
  /// @param checkout the root of the source tree, with packaged modules
  public static Map<String, List<String>> of(Path checkout) {
    return Map.of(
        "partita/operator",
        java(checkout.resolve("operator"), "-XX:TieredStopAtLevel=1", "-Xmx192m"),
        "partita/node",
        java(
            checkout.resolve("node"),
            "-XX:TieredStopAtLevel=1",
            "-Xmx256m",
            "-Xss512k",
            "-XX:MaxDirectMemorySize=64m",
            "--sun-misc-unsafe-memory-access=allow"));
  }

  private static List<String> java(Path module, String... options) {
    return java.util.stream.Stream.of(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC"),
            List.of(options),
            List.of("-jar", module.resolve("target/quarkus-app/quarkus-run.jar").toString()))
        .flatMap(List::stream)
        .toList();
  }
}
