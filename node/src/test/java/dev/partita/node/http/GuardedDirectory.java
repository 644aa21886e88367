package dev.partita.node.http;

import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// Gives the node under test an empty directory and a first administrator, and has it ask who
/// comes.
public final class GuardedDirectory implements QuarkusTestResourceLifecycleManager {
  static final String ADMINISTRATOR = "root";
  static final String PASSWORD = "the first password";

  private final FreshDirectory data = new FreshDirectory();
  private final Path secret = Files.createTempDirectory("partita-administrator");

  public GuardedDirectory() throws IOException {}

  @Override
  public Map<String, String> start() {
    try {
      Files.writeString(secret.resolve("username"), ADMINISTRATOR);
      Files.writeString(secret.resolve("password"), PASSWORD);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Map.of(
        "partita.data", data.start().getOrDefault("partita.data", ""),
        "partita.authentication", "required",
        "partita.administrator.directory", secret.toString());
  }

  @Override
  public void stop() {
    data.stop();
  }
}
