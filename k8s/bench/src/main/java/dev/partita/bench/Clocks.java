package dev.partita.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Wall clocks of nodes that can be made to jump, by `libfaketime` (a Debian package), which reads
/// a node's offset from a file. Clocks that count on are left alone, as they are when an
/// administrator or a time server sets the time.
final class Clocks {
  /// Clocks that are right.
  static final Clocks STEADY = new Clocks(Path.of(""), null);

  private static final List<Path> PLACES = List.of(Path.of("/usr/lib"), Path.of("/usr/lib64"));
  private static final String LIBRARY = "faketime/libfaketimeMT.so.1";

  private final Path directory;
  private final @Nullable Path preload;

  private Clocks(Path directory, @Nullable Path preload) {
    this.directory = directory;
    this.preload = preload;
  }

  /// @param directory for the files with the offsets
  /// @throws IllegalStateException if `libfaketime` is not on this machine
  static Clocks thatJump(Path directory) throws IOException {
    return new Clocks(
        directory,
        find()
            .orElseThrow(() ->
                new IllegalStateException(
                    "clocks cannot jump without libfaketime: apt-get install libfaketime")));
  }

  private static Optional<Path> find() throws IOException {
    for (Path place : PLACES) {
      if (Files.isDirectory(place)) {
        try (Stream<Path> directories = Files.list(place)) {
          Optional<Path> found =
              Stream.concat(Stream.of(place), directories)
                  .map(each -> each.resolve(LIBRARY))
                  .filter(Files::isRegularFile)
                  .findFirst();
          if (found.isPresent()) {
            return found;
          }
        }
      }
    }
    return Optional.empty();
  }

  boolean canJump() {
    return preload != null;
  }

  /// What a node's process needs so that its clock can jump.
  Map<String, String> environment(int node) throws IOException {
    if (preload == null) {
      return Map.of();
    }
    set(node, 0);
    return Map.of(
        "LD_PRELOAD", preload.toString(),
        "FAKETIME_TIMESTAMP_FILE", file(node).toString(),
        "FAKETIME_CACHE_DURATION", "1",
        "FAKETIME_DONT_FAKE_MONOTONIC", "1",
        "NO_FAKE_STAT", "1");
  }

  /// Sets how many seconds a node's clock is ahead, or behind if negative.
  void set(int node, int seconds) throws IOException {
    Path next = directory.resolve("clock-" + node + ".next");
    Files.writeString(next, (seconds < 0 ? "" : "+") + seconds + "\n");
    Files.move(
        next, file(node), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private Path file(int node) {
    return directory.resolve("clock-" + node);
  }
}
