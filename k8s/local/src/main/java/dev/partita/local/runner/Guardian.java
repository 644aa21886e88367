package dev.partita.local.runner;

import java.io.IOException;
import java.nio.file.Path;

/// A small shell process that ends the processes of pods when this one is gone, however it went.
///
/// Its input is a pipe from here, and the end of the pipe is what it waits for.
final class Guardian implements AutoCloseable {
  private static final String SCRIPT =
      """
      trap '' INT TERM HUP
      cat > /dev/null
      signal() {
        for file in "$1"/*.pid; do
          [ -f "$file" ] && read -r pid rest < "$file" && kill "-$2" "$pid" 2> /dev/null
        done
      }
      signal "$1" TERM
      sleep 15
      signal "$1" KILL
      """;

  private final Process process;

  private Guardian(Process process) {
    this.process = process;
  }

  /// Guards the processes named by the files in `directory`.
  static Guardian start(Path directory) throws IOException {
    Process process =
        new ProcessBuilder("/bin/sh", "-c", SCRIPT, "partita-guardian", directory.toString())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    return new Guardian(process);
  }

  /// Ends it without harm to anybody; the processes must have been ended before.
  @Override
  public void close() {
    process.destroyForcibly();
  }
}
