package dev.partita.launcher;

import java.nio.file.Path;
import java.util.List;

/// Command lines for child JVMs of the same JDK as this one.
final class JavaCommand {
  private JavaCommand() {}

  static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /// A node with a small heap: rows live in RocksDB's own memory and the page cache, not on the
  /// heap.
  static List<String> node(Path jar) {
    return List.of(
        java(),
        "-XX:+UseSerialGC",
        "-Xmx256m",
        "-Xss512k",
        "-XX:MaxDirectMemorySize=64m",
        "-XX:+ExitOnOutOfMemoryError",
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        "-jar",
        jar.toString());
  }
}
