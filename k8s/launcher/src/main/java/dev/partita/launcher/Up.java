package dev.partita.launcher;

import dev.partita.local.LocalControlPlane;
import dev.partita.local.runner.NodeSpec;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/// The main job: a control plane, the operator, a sample site with partitions and indexes, and real
/// data in it.
///
/// One thread runs the steps in order. Whatever it has started is closed in the opposite order when
/// it is interrupted, fails, or the process is told to stop.
final class Up implements AutoCloseable {
  private static final int HTTP_PORT = 8080;

  /// Stands for the command that starts a node on this machine.
  private static final String NODE_IMAGE = "partita/node:local";

  /// Kubernetes nodes that this machine plays, each in a zone of its own.
  private static final int MACHINES = 3;

  private static final Duration READY_TIMEOUT = Duration.ofMinutes(5);
  private static final long POLL_MILLIS = 250;
  private static final long PROGRESS_DOCUMENTS = 20_000;

  private static final Map<String, String> KINDS =
      Map.of("Site", "sites", "Partition", "partitions", "Index", "indexes");

  private final Workspace workspace;
  private final Progress progress;
  private final Deque<AutoCloseable> started = new ArrayDeque<>();

  private Up(Workspace workspace, Progress progress) {
    this.workspace = workspace;
    this.progress = progress;
  }

  /// Runs until the process is told to stop.
  ///
  /// @return the exit code
  static int inForeground(Workspace workspace) {
    RunState running = RunState.read(workspace.stateFile());
    if (running.process().isPresent()) {
      throw new LaunchFailure(
          "already running as process "
              + running.pid()
              + ": stop it with './partita down', or look with './partita status'");
    }
    Progress progress = new Progress(System.out, workspace.stateFile());
    CountDownLatch closed = new CountDownLatch(1);
    try (Up up = new Up(workspace, progress)) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> up.stopAndWait(closed), "stop"));
      up.run();
      new CountDownLatch(1).await();
      return 0;
    } catch (InterruptedException e) {
      return 0;
    } catch (LaunchFailure e) {
      progress.failed(String.valueOf(e.getMessage()));
      return 1;
    } catch (RuntimeException e) {
      progress.failed("unexpectedly: " + e);
      e.printStackTrace();
      return 1;
    } finally {
      closed.countDown();
    }
  }

  private void stopAndWait(CountDownLatch closed) {
    if (closed.getCount() > 0) {
      close();
    }
  }

  private void run() throws InterruptedException {
    Path kubeconfig = controlPlane();
    progress.kubeconfig(kubeconfig);
    Cluster cluster = open(Cluster.connect(kubeconfig));
    progress.step("applying the custom resource definitions");
    cluster.apply(workspace.customResourceDefinitions());
    progress.step("starting the operator (log: " + relative(workspace.operatorLog()) + ")");
    open(startOperator(kubeconfig, cluster.namespace()));
    progress.step("applying the samples of " + relative(workspace.samples()));
    List<HasMetadata> samples = cluster.apply(workspace.samples());
    awaitReady(cluster, samples);
    ServiceProxy proxy = open(ServiceProxy.start(HTTP_PORT, cluster::readyNodes));
    String http = "http://127.0.0.1:" + proxy.port();
    progress.http(http);
    loadSamples(new Loader(http));
    progress.ready();
    System.out.print(Hints.text(http, relative(kubeconfig)));
    System.out.flush();
  }

  private Path controlPlane() {
    String given = System.getenv("KUBECONFIG");
    if (given != null && !given.isBlank()) {
      progress.step("using the cluster of KUBECONFIG=" + given);
      return Path.of(given);
    }
    progress.step("starting the local control plane");
    try {
      LocalControlPlane controlPlane =
          open(
              LocalControlPlane.start(
                  new LocalControlPlane.Settings(
                      workspace.controlPlane(),
                      0,
                      NodeSpec.local(MACHINES),
                      Map.of(NODE_IMAGE, JavaCommand.node(workspace.nodeJar())))));
      Files.writeString(workspace.kubeconfig(), controlPlane.kubeconfig());
      return workspace.kubeconfig();
    } catch (IOException e) {
      throw new LaunchFailure("cannot write to " + workspace.directory() + ": " + e, e);
    }
  }

  private OperatorProcess startOperator(Path kubeconfig, String namespace) {
    return OperatorProcess.start(
        workspace.operatorJar(),
        workspace.operatorLog(),
        Map.of(
            "KUBECONFIG",
            kubeconfig.toString(),
            "PARTITA_OPERATOR_NODE_IMAGE",
            NODE_IMAGE,
            "QUARKUS_OPERATOR_SDK_NAMESPACES",
            namespace,
            "QUARKUS_HTTP_HOST",
            "127.0.0.1",
            "QUARKUS_HTTP_PORT",
            "0"));
  }

  private void awaitReady(Cluster cluster, List<HasMetadata> samples) throws InterruptedException {
    progress.step("waiting for " + samples.size() + " resources to be ready");
    long deadline = System.nanoTime() + READY_TIMEOUT.toNanos();
    String shown = "";
    while (true) {
      Readiness readiness = readiness(cluster, samples);
      if (!readiness.line().equals(shown)) {
        shown = readiness.line();
        progress.detail(shown);
      }
      if (readiness.waitingFor() == null) {
        return;
      }
      if (System.nanoTime() > deadline) {
        throw new LaunchFailure(
            "not ready after " + READY_TIMEOUT.toMinutes() + " minutes: " + readiness.waitingFor());
      }
      Thread.sleep(POLL_MILLIS);
    }
  }

  private Readiness readiness(Cluster cluster, List<HasMetadata> samples) {
    int ready = 0;
    String waitingFor = null;
    for (Map.Entry<String, String> kind : KINDS.entrySet()) {
      for (GenericKubernetesResource resource : cluster.list(kind.getKey(), kind.getValue())) {
        if (!isSample(resource, samples)) {
          continue;
        }
        if (Cluster.status(resource, "Ready", "status").equals("True")) {
          ready++;
        } else {
          waitingFor =
              kind.getKey()
                  + " "
                  + resource.getMetadata().getName()
                  + ": "
                  + Cluster.status(resource, "Ready", "message");
        }
      }
    }
    if (waitingFor == null && ready < samples.size()) {
      waitingFor = "resources to appear";
    }
    return new Readiness(ready + " of " + samples.size() + " ready", waitingFor);
  }

  private record Readiness(String line, @Nullable String waitingFor) {}

  private static boolean isSample(GenericKubernetesResource resource, List<HasMetadata> samples) {
    return samples.stream()
        .anyMatch(sample ->
            sample.getKind().equals(resource.getKind())
                && sample.getMetadata().getName().equals(resource.getMetadata().getName()));
  }

  private void loadSamples(Loader loader) {
    long characters = SampleData.characterCount();
    if (loader.rows(SampleData.CHARACTERS) >= characters) {
      progress.step("found the sample data of an earlier run");
      return;
    }
    progress.step("loading " + characters + " characters of the Unicode character database");
    long[] nextReport = {PROGRESS_DOCUMENTS};
    loader.load(
        SampleData.CHARACTERS,
        SampleData.characters(),
        loaded -> {
          if (loaded >= nextReport[0]) {
            progress.detail(loaded + " loaded");
            nextReport[0] += PROGRESS_DOCUMENTS;
          }
        });
    loader.load(SampleData.BLOCKS, SampleData.blocks(), loaded -> {});
  }

  private String relative(Path path) {
    return path.startsWith(workspace.checkout())
        ? workspace.checkout().relativize(path).toString()
        : path.toString();
  }

  private synchronized <T extends AutoCloseable> T open(T resource) {
    started.push(resource);
    return resource;
  }

  @Override
  public synchronized void close() {
    while (!started.isEmpty()) {
      try {
        started.pop().close();
      } catch (Exception e) {
        System.err.println("partita: while stopping: " + e);
      }
    }
  }
}
