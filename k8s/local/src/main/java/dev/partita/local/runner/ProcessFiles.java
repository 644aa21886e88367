package dev.partita.local.runner;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/// Files `run/{namespace}_{pod}.pid` that name the processes of pods, so that a later start can end
/// those that an earlier one left. A process counts as the same if it was started at the same time.
final class ProcessFiles {
  private static final Duration STOP_MAX = Duration.ofSeconds(10);

  private final Path directory;

  ProcessFiles(Path directory) throws IOException {
    this.directory = Files.createDirectories(directory);
  }

  Path directory() {
    return directory;
  }

  private Path file(String namespace, String pod) {
    return directory.resolve(namespace + "_" + pod + ".pid");
  }

  void write(String namespace, String pod, Process process) {
    try {
      Files.writeString(
          file(namespace, pod), process.pid() + " " + started(process.toHandle()) + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void remove(String namespace, String pod) {
    try {
      Files.deleteIfExists(file(namespace, pod));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long started(ProcessHandle process) {
    return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
  }

  /// Ends the processes that are still there, and forgets all.
  void endLeftovers() throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(directory)) {
      files = all.filter(file -> file.toString().endsWith(".pid")).toList();
    }
    List<ProcessHandle> left = files.stream().flatMap(file -> leftover(file).stream()).toList();
    left.forEach(ProcessHandle::destroy);
    for (ProcessHandle process : left) {
      if (!ended(process)) {
        process.destroyForcibly();
      }
    }
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
  }

  private static Optional<ProcessHandle> leftover(Path file) {
    try {
      String[] words = Files.readString(file).strip().split(" ", -1);
      long started = Long.parseLong(words[1]);
      return ProcessHandle.of(Long.parseLong(words[0])).filter(p -> started(p) == started);
    } catch (IOException | NumberFormatException | ArrayIndexOutOfBoundsException e) {
      // A file that was cut off while it was written names no process.
      return Optional.empty();
    }
  }

  private static boolean ended(ProcessHandle process) {
    try {
      process.onExit().get(STOP_MAX.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException | ExecutionException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
