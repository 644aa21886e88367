package dev.partita.launcher;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Command lines for child JVMs of the same JDK as this one.
final class JavaCommand {
  private JavaCommand() {}

  static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /// A node with a small heap: rows live in RocksDB's own memory and the page cache, not on the
  /// heap. `PARTITA_JAVA_OPTIONS` has further options of its JVM.
  static List<String> node(Path jar) {
    List<String> command =
        new ArrayList<>(
            List.of(
                java(),
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "-Xss512k",
                "-XX:MaxDirectMemorySize=64m",
                "-XX:+ExitOnOutOfMemoryError",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow"));
    String further = System.getenv("PARTITA_JAVA_OPTIONS");
    if (further != null && !further.isBlank()) {
      command.addAll(List.of(further.strip().split("\\s+")));
    }
    command.addAll(List.of("-jar", jar.toString()));
    return command;
  }
}
