package dev.partita.launcher;

import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Says what is going on: one line a step on the terminal, and the same in the [RunState] file.
///
/// Not safe for several threads: the thread that runs [Up] owns it.
final class Progress {
  private final PrintStream out;
  private final Path stateFile;
  private final long startNanos = System.nanoTime();
  private final long startedAtMillis =
      ProcessHandle.current()
          .info()
          .startInstant()
          .map(java.time.Instant::toEpochMilli)
          .orElseGet(System::currentTimeMillis);
  private @Nullable String http;
  private @Nullable String kubeconfig;
  private @Nullable String cluster;
  private @Nullable String namespace;

  Progress(PrintStream out, Path stateFile) {
    this.out = out;
    this.stateFile = stateFile;
  }

  void step(String message) {
    out.printf(Locale.ROOT, "[%6.1f s] %s%n", elapsed().toMillis() / 1000.0, message);
    write("Starting", message);
  }

  /// A line that belongs to the current step.
  void detail(String message) {
    out.printf(Locale.ROOT, "           %s%n", message);
  }

  void kubeconfig(Path file) {
    kubeconfig = file.toString();
  }

  /// From here on what is left behind lies in a cluster that the user has named.
  void cluster(String server, String namespaceThere) {
    cluster = server;
    namespace = namespaceThere;
  }

  void http(String address) {
    http = address;
  }

  void ready() {
    step("ready");
    write("Ready", null);
  }

  void failed(String reason) {
    out.printf(Locale.ROOT, "[%6.1f s] failed: %s%n", elapsed().toMillis() / 1000.0, reason);
    write("Failed", reason);
  }

  private Duration elapsed() {
    return Duration.ofNanos(System.nanoTime() - startNanos);
  }

  private void write(String phase, @Nullable String message) {
    new RunState(
            phase,
            ProcessHandle.current().pid(),
            startedAtMillis,
            http,
            kubeconfig,
            cluster,
            namespace,
            message)
        .write(stateFile);
  }
}
