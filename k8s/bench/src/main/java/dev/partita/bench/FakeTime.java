package dev.partita.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// Wall clocks of whole processes that can be made to jump, by `libfaketime` (a Debian package),
/// which reads a node's offset from a file and makes every look at a clock slow. Clocks that count
/// on are left alone, as they are when an administrator or a time server sets the time.
final class FakeTime {
  private static final List<Path> PLACES = List.of(Path.of("/usr/lib"), Path.of("/usr/lib64"));
  private static final String LIBRARY = "faketime/libfaketimeMT.so.1";

  private final Path directory;
  private final Path preload;

  private FakeTime(Path directory, Path preload) {
    this.directory = directory;
    this.preload = preload;
  }

  /// @param directory for the files with the offsets
  /// @throws IllegalStateException if `libfaketime` is not on this machine
  static FakeTime in(Path directory) throws IOException {
    return new FakeTime(
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

  /// What a node's process needs so that its clock can jump.
  Map<String, String> environment(int node) throws IOException {
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
