package dev.partita.image;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// An image that runs as a container runtime would run it: on its own root file system, read-only,
/// as its ordinary user, with what a pod of the chart may write to. Only root may start one.
final class Container implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final long STOP_SECONDS = 60;

  private final Application application;
  private final EmptyCluster cluster;
  private final Process process;
  private final Path log;
  private final Requests requests;

  private Container(
      Application application, EmptyCluster cluster, Process process, Path log, Requests requests) {
    this.application = application;
    this.cluster = cluster;
    this.process = process;
    this.log = log;
    this.requests = requests;
  }

  /// With `AOTMode=on` the JVM ends when it cannot use its cache, so that a ready one has used it.
  static Container start(Application application, List<String> entrypoint, Path root)
      throws IOException {
    return start(application, entrypoint, root, "-XX:AOTMode=on");
  }

  /// @param options of the JVM, besides those of the image
  static Container start(
      Application application, List<String> entrypoint, Path root, String options)
      throws IOException {
    for (String mountPoint : List.of("proc", "dev", "tmp", "data")) {
      Files.createDirectories(root.resolve(mountPoint));
    }
    int port = freePort();
    EmptyCluster cluster = EmptyCluster.start();
    Map<String, String> environment = new HashMap<>(application.training());
    if (application.operatesCluster()) {
      environment.putAll(cluster.environment());
    }
    String variables =
        environment.entrySet().stream()
            .map(each -> each.getKey() + "=" + each.getValue())
            .collect(Collectors.joining(" "));
    String script =
        """
        set -e
        mount --bind @root@ @root@
        mount -o remount,bind,ro @root@
        mount -t tmpfs -o mode=1777 tmpfs @root@/tmp
        mount -t tmpfs -o mode=1777 tmpfs @root@/data
        mount -t proc proc @root@/proc
        mount --bind /dev @root@/dev
        exec env -i @variables@ PARTITA_DATA=/data/node \
          QUARKUS_HTTP_HOST=127.0.0.1 QUARKUS_HTTP_PORT=@port@ JDK_JAVA_OPTIONS="@options@" \
          unshare --root=@root@ --wd=@home@ --setgid=10001 --setuid=10001 -- "$@"
        """
            .replace("@root@", root.toString())
            .replace("@variables@", variables)
            .replace("@options@", options)
            .replace("@home@", Layout.APPLICATION)
            .replace("@port@", String.valueOf(port));
    List<String> command = new ArrayList<>(List.of("unshare", "--mount", "sh", "-c", script, "sh"));
    command.addAll(entrypoint);
    Path log = root.resolveSibling(root.getFileName() + ".log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    var requests = new Requests("http://127.0.0.1:" + port);
    return new Container(application, cluster, process, log, requests);
  }

  void awaitReady() {
    await()
        .atMost(PATIENCE)
        .failFast(() -> {
          if (!process.isAlive()) {
            throw new AssertionError("it ended: " + Files.readString(log));
          }
        })
        .until(() -> requests.isAnswered(application.readyPath()));
  }

  /// The processor time of the process so far: unlike the clock it does not depend on what else the
  /// machine does.
  Duration processorTime() {
    return process.toHandle().info().totalCpuDuration().orElseThrow();
  }

  /// What the application says of its own start.
  String started() throws IOException {
    return Pattern.compile("started in [0-9.]+s")
        .matcher(Files.readString(log))
        .results()
        .map(MatchResult::group)
        .findFirst()
        .orElse("nothing");
  }

  Requests requests() {
    return requests;
  }

  /// Lines of a file as the process sees it.
  List<String> lines(String file) throws IOException {
    return Files.readAllLines(Path.of("/proc", String.valueOf(process.pid()), "root", file));
  }

  /// What the kernel says of the process.
  String kernelStatus() throws IOException {
    return Files.readString(Path.of("/proc", String.valueOf(process.pid()), "status"));
  }

  @Override
  public void close() {
    process.destroy();
    process.onExit().completeOnTimeout(process, STOP_SECONDS, TimeUnit.SECONDS).join();
    process.destroyForcibly();
    cluster.close();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
