package dev.partita.launcher;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The operator as a child process, started again when it ends by itself, as a Deployment would.
final class OperatorProcess implements AutoCloseable {
  private static final long RESTART_PAUSE_MILLIS = 1_000;
  private static final long STOP_TIMEOUT_SECONDS = 10;

  private final ProcessBuilder command;
  private final Thread supervisor;
  private volatile @Nullable Process process;
  private volatile boolean closed;

  private OperatorProcess(ProcessBuilder command) {
    this.command = command;
    this.supervisor = Thread.ofVirtual().name("operator-supervisor").unstarted(this::supervise);
  }

  /// @param environment what the operator reads its settings from, on top of this process's own
  static OperatorProcess start(Path jar, Path log, Map<String, String> environment) {
    ProcessBuilder command =
        new ProcessBuilder(
                List.of(
                    JavaCommand.java(),
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-Xmx192m",
                    "-jar",
                    jar.toString()))
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(new File(log.toString())));
    command.environment().putAll(environment);
    OperatorProcess operator = new OperatorProcess(command);
    operator.supervisor.start();
    return operator;
  }

  private void supervise() {
    while (!closed) {
      try {
        Process started = command.start();
        process = started;
        if (closed) {
          started.destroy();
        }
        started.waitFor();
        if (!closed) {
          Thread.sleep(RESTART_PAUSE_MILLIS);
        }
      } catch (IOException e) {
        throw new UncheckedIOException("cannot start the operator: " + command.command(), e);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    supervisor.interrupt();
    Process running = process;
    if (running == null) {
      return;
    }
    running.destroy();
    try {
      if (!running.waitFor(STOP_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        running.destroyForcibly();
      }
    } catch (InterruptedException e) {
      running.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
