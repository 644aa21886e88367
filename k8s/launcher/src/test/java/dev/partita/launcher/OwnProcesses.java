package dev.partita.launcher;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// The processes that a suite's own `up` has started. Others may run the same program of the same
/// checkout at the same time, so they are told by the suite's directory, which stands in their
/// environment.
final class OwnProcesses {

  private OwnProcesses() {}

  /// Those that run a program.
  static List<ProcessHandle> of(Path home, Path jar) {
    return ProcessHandle.allProcesses()
        .filter(ProcessHandle::isAlive)
        .filter(process -> process.info().commandLine().orElse("").contains(jar.toString()))
        .filter(process -> environment(process.pid()).contains(home.toString()))
        .toList();
  }

  /// The variables of a process, each between zero bytes; empty if it has ended.
  static String environment(long pid) {
    try {
      return "\0"
          + Files.readString(Path.of("/proc/" + pid + "/environ"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }
}
