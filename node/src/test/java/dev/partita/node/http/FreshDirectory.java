package dev.partita.node.http;

import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.Stream;

/// Gives the node under test an empty directory.
public final class FreshDirectory implements QuarkusTestResourceLifecycleManager {
  private final Path directory;

  public FreshDirectory() throws IOException {
    directory = Files.createTempDirectory("partita-http");
  }

  @Override
  public Map<String, String> start() {
    return Map.of("partita.data", directory.toString());
  }

  @Override
  public void stop() {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
