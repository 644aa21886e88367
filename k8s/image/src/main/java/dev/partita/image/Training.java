package dev.partita.image;

import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A run of an application that writes its ahead-of-time cache when it ends (JEP 514).
final class Training {
  private static final Duration END_TIMEOUT = Duration.ofMinutes(3);

  private Training() {}

  /// The command line of an image, relative to the application's directory; it must be the same in
  /// training and afterwards, or the cache is not used.
  ///
  /// @param java the runtime's program
  /// @param cacheOption what to do with the cache
  static List<String> command(String java, String cacheOption, Application application) {
    List<String> command =
        new ArrayList<>(
            List.of(java, cacheOption, "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError"));
    command.addAll(application.options());
    command.addAll(List.of("-jar", Layout.JAR));
    return command;
  }

  /// Writes the cache.
  ///
  /// @throws ImageFailure with the end of the application's log, when there is none afterwards
  static void run(Layout layout, Application application) {
    Path work = layout.root().resolveSibling(application.name() + "-training");
    Path log = work.resolve("log");
    try (EmptyCluster cluster = EmptyCluster.start()) {
      Files.createDirectories(work);
      int port = freePort();
      ProcessBuilder builder =
          new ProcessBuilder(
                  command(
                      layout.java().resolve("bin/java").toString(),
                      "-XX:AOTCacheOutput=" + Layout.CACHE,
                      application))
              .directory(layout.application().toFile())
              .redirectErrorStream(true)
              .redirectOutput(new File(log.toString()));
      // Nothing of whoever builds reaches it: neither settings nor the way to a cluster.
      builder.environment().clear();
      builder.environment().put("HOME", work.toString());
      builder.environment().putAll(application.training());
      if (application.operatesCluster()) {
        builder.environment().putAll(cluster.environment());
      }
      builder.environment().put("PARTITA_DATA", Files.createTempDirectory(work, "data").toString());
      builder.environment().put("QUARKUS_HTTP_HOST", "127.0.0.1");
      builder.environment().put("QUARKUS_HTTP_PORT", String.valueOf(port));
      Process process = builder.start();
      try {
        exercise(new Requests("http://127.0.0.1:" + port), application, process);
      } finally {
        process.destroy();
      }
      if (!process.waitFor(END_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (IOException e) {
      throw new ImageFailure("the training run failed: " + e + "; its output is in " + log, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ImageFailure("interrupted", e);
    }
    if (!Files.exists(layout.cache())) {
      throw new ImageFailure(
          "the training run of the "
              + application.name()
              + " wrote no cache; its output is in "
              + log);
    }
  }

  private static void exercise(Requests requests, Application application, Process process)
      throws InterruptedException, IOException {
    requests.await(
        "it to be ready",
        () -> {
          if (!process.isAlive()) {
            throw new IOException("it ended before it was ready");
          }
          return requests.isAnswered(application.readyPath());
        });
    application.exercise().run(requests);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
