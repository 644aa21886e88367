package dev.partita.launcher;

import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// A cloud with a Kubernetes cluster of its own: a local control plane with one server, in a
/// process of its own, whose pods are its children. All of it can be lost at once.
final class CloudProcess implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Path kubeconfig;
  private final ProcessBuilder command;
  private Process process;

  private CloudProcess(Path kubeconfig, ProcessBuilder command) throws IOException {
    this.kubeconfig = kubeconfig;
    this.command = command;
    this.process = command.start();
  }

  /// Starts one and waits until its API server answers.
  ///
  /// @param libraries those of the launcher, with the local control plane
  /// @param images JSON, image to command
  /// @param hosts the names of the pods of all clouds
  static CloudProcess start(String name, Path libraries, Path directory, Path images, Path hosts)
      throws IOException {
    Path kubeconfig = directory.resolve(name + ".kubeconfig");
    ProcessBuilder command =
        new ProcessBuilder(
                JavaCommand.java(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                libraries + "/*",
                "dev.partita.local.Main",
                "--dir",
                directory.resolve(name).toString(),
                "--topology",
                "%s/%s-region/%s-zone".formatted(name, name, name),
                "--images",
                images.toString(),
                "--hosts",
                hosts.toString(),
                "--kubeconfig",
                kubeconfig.toString())
            .redirectErrorStream(true)
            .redirectOutput(
                ProcessBuilder.Redirect.appendTo(
                    new File(directory.resolve(name + ".log").toString())));
    CloudProcess cloud = new CloudProcess(kubeconfig, command);
    cloud.awaitKubeconfig();
    // It comes back where it was.
    List<String> again = new ArrayList<>(command.command());
    again.addAll(List.of("--port", String.valueOf(cloud.port())));
    command.command(again);
    return cloud;
  }

  private void awaitKubeconfig() {
    await()
        .atMost(PATIENCE)
        .failFast("the control plane has ended", () -> !process.isAlive())
        .until(() -> Files.exists(kubeconfig) && kubeconfig().contains("token:"));
  }

  private int port() {
    try (Cluster cluster = Cluster.connect(kubeconfig)) {
      return URI.create(cluster.server()).getPort();
    }
  }

  Path kubeconfigFile() {
    return kubeconfig;
  }

  String kubeconfig() {
    try {
      return Files.readString(kubeconfig);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Kills the API server and all nodes, without a warning.
  void lose() {
    List<ProcessHandle> all =
        Stream.concat(Stream.of(process.toHandle()), process.descendants()).toList();
    all.forEach(ProcessHandle::destroyForcibly);
    all.forEach(each -> each.onExit().join());
  }

  void bringBack() throws IOException {
    Files.delete(kubeconfig);
    process = command.start();
    awaitKubeconfig();
  }

  @Override
  public void close() {
    lose();
  }
}
