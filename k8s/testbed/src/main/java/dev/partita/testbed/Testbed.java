package dev.partita.testbed;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A running Kubernetes control plane (etcd, API server, controller manager, scheduler, and a
/// runner whose pods are child processes) on loopback.
///
/// Building it for the first time takes 6 to 20 minutes of a two-core machine; after that the
/// binary comes from a cache. It ends with this process, because its standard input does.
public final class Testbed implements AutoCloseable {
  private static final long START_TIMEOUT_SECONDS = 180;
  private static final long STOP_TIMEOUT_SECONDS = 30;

  private final Process process;
  private final Path directory;
  private final Path binary;

  private Testbed(Process process, Path directory, Path binary) {
    this.process = process;
    this.directory = directory;
    this.binary = binary;
  }

  /// Builds the binary if it is not in the cache.
  ///
  /// @param checkout the root of the source tree
  /// @return the binary
  /// @throws IllegalStateException with the build's output when it fails
  public static Path build(Path checkout) {
    return built(checkout.resolve("k8s/testbed/build.sh"));
  }

  /// What a build script of the test bed builds, if it is not in the cache.
  ///
  /// @param script tells the path as its last line
  /// @throws IllegalStateException with the build's output when it fails
  public static Path built(Path script) {
    try {
      Process build =
          new ProcessBuilder(script.toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      List<String> lines = new ArrayList<>();
      try (BufferedReader output =
          new BufferedReader(
              new InputStreamReader(build.getInputStream(), StandardCharsets.UTF_8))) {
        output
            .lines()
            .forEach(line -> {
              System.out.println("testbed: " + line);
              lines.add(line);
            });
      }
      if (build.waitFor() != 0) {
        throw new IllegalStateException(script + " failed:\n" + String.join("\n", lines));
      }
      return Path.of(lines.getLast());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot run " + script, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while building with " + script, e);
    }
  }

  /// Starts a control plane and waits until it is ready.
  ///
  /// @param checkout the root of the source tree
  /// @param directory where it keeps its data; one that was used before is found again
  /// @param images what stands for a container image: image name to command
  /// @param options more of them for `testbed up`
  public static Testbed start(
      Path checkout, Path directory, Map<String, List<String>> images, String... options) {
    Path binary = build(checkout);
    try {
      Files.createDirectories(directory);
      Path imagesFile = Files.writeString(directory.resolve("images.json"), json(images));
      Files.deleteIfExists(directory.resolve("kubeconfig"));
      List<String> command =
          new ArrayList<>(
              List.of(
                  binary.toString(),
                  "up",
                  "--dir",
                  directory.toString(),
                  "--images",
                  imagesFile.toString()));
      command.addAll(List.of(options));
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("testbed.log").toFile())
              .start();
      Testbed testbed = new Testbed(process, directory, binary);
      testbed.awaitReady();
      return testbed;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start " + binary, e);
    }
  }

  /// Replaces the images of a running control plane, but for the idle ones of its start. They are
  /// read at each start of a container.
  ///
  /// @param file `images.json` in the directory of the control plane
  public static void addImages(Path file, Map<String, List<String>> images) throws IOException {
    Map<String, List<String>> all = new HashMap<>(TestbedSession.IMAGES);
    all.putAll(images);
    Path next = Files.writeString(file.resolveSibling("images.json.next"), json(all));
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  public Path kubeconfig() {
    return directory.resolve("kubeconfig");
  }

  /// A `kubectl` of the same version.
  public List<String> kubectl() {
    return List.of(binary.toString(), "kubectl", "--kubeconfig", kubeconfig().toString());
  }

  /// Kills everything at once, as a loss of power would: the components, where they keep their
  /// objects, and the pods. What is in the directory stays.
  public void kill() {
    List<ProcessHandle> all =
        Stream.concat(Stream.of(process.toHandle()), process.descendants()).toList();
    // Its own helper process notices, and kills whatever else there is, at this moment or begun
    // since.
    process.destroyForcibly();
    all.forEach(each -> each.onExit().orTimeout(STOP_TIMEOUT_SECONDS, TimeUnit.SECONDS).join());
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(STOP_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  private void awaitReady() {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_TIMEOUT_SECONDS);
    while (!Files.exists(kubeconfig())) {
      if (!process.isAlive() || System.nanoTime() > deadline) {
        close();
        throw new IllegalStateException("the test bed did not start:\n" + log());
      }
      try {
        Thread.sleep(200);
      } catch (InterruptedException e) {
        close();
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while starting the test bed", e);
      }
    }
  }

  private String log() {
    try {
      return Files.readString(directory.resolve("testbed.log"));
    } catch (IOException e) {
      return "no log: " + e;
    }
  }

  /// Image names and commands are ours and hold no control characters.
  private static String json(Map<String, List<String>> images) {
    List<String> members = new ArrayList<>();
    images.forEach((image, command) ->
        members.add(
            quote(image)
                + ":["
                + String.join(",", command.stream().map(Testbed::quote).toList())
                + "]"));
    return "{" + String.join(",", members) + "}";
  }

  private static String quote(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
