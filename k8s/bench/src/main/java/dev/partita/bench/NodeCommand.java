package dev.partita.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The command line of a node, as `./partita up` starts it.
final class NodeCommand {
  private NodeCommand() {}

  /// @param options of its JVM, behind those that every node has and those that
  ///   `PARTITA_JAVA_OPTIONS` has
  static List<String> of(Path jar, List<String> options) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "-Xss512k",
                "-XX:MaxDirectMemorySize=64m",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow"));
    String further = System.getenv("PARTITA_JAVA_OPTIONS");
    if (further != null && !further.isBlank()) {
      command.addAll(List.of(further.strip().split("\\s+")));
    }
    command.addAll(options);
    command.addAll(List.of("-jar", jar.toString()));
    return command;
  }
}
