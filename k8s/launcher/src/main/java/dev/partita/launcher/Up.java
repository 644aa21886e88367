package dev.partita.launcher;

import dev.partita.local.LocalControlPlane;
import dev.partita.local.runner.NodeSpec;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;

/// The main job: a control plane on this machine, or the cluster that the user has named; the
/// operator, a sample site with partitions and indexes, and real data in it.
///
/// One thread runs the steps in order. Whatever it has started is closed in the opposite order when
/// it is interrupted, fails, or the process is told to stop.
final class Up implements AutoCloseable {
  private static final int HTTP_PORT = 8080;

  /// Stands for the command that starts a node on this machine.
  private static final String NODE_IMAGE = "partita/node:local";

  /// Kubernetes nodes that this machine plays, each in a zone of its own.
  private static final int MACHINES = 3;

  /// This machine may be a busy one; a cluster may have to pull images and to grow by a machine
  /// first.
  private static final Duration READY_TIMEOUT = Duration.ofMinutes(10);

  /// Where the nodes of a Site serve HTTP.
  private static final int NODE_PORT = 8080;

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
    Optional<Path> named = workspace.namedKubeconfig(System.getenv());
    if (named.isPresent()) {
      inCluster(named.get());
    } else {
      onThisMachine();
    }
  }

  private void onThisMachine() throws InterruptedException {
    Path kubeconfig = controlPlane();
    progress.kubeconfig(kubeconfig);
    Cluster cluster = open(Cluster.connect(kubeconfig));
    progress.step("applying the custom resource definitions");
    cluster.apply(workspace.customResourceDefinitions());
    progress.step("starting the operator (log: " + relative(workspace.operatorLog()) + ")");
    open(startOperator(kubeconfig, cluster.namespace()));
    progress.step("applying the samples of " + relative(workspace.samples()));
    SampleSite site = new SampleSite(cluster, progress, cluster.apply(workspace.samples()));
    site.awaitReady(READY_TIMEOUT, Optional::empty);
    String http = serve(site, cluster::readyNodes);
    System.out.print(Hints.onThisMachine(http, relative(kubeconfig)));
    System.out.flush();
  }

  private void inCluster(Path kubeconfig) throws InterruptedException {
    NamedCluster named = NamedCluster.connect(kubeconfig);
    Cluster cluster = open(named.cluster());
    progress.kubeconfig(kubeconfig);
    progress.cluster(cluster.server(), cluster.namespace());
    progress.step(
        "using the cluster "
            + cluster.server()
            + ", namespace "
            + cluster.namespace()
            + " (KUBECONFIG="
            + kubeconfig
            + ")");
    try {
      Installation installation = new Installation(cluster, progress);
      installation.definitions(workspace);
      installation.operator(workspace, Images.of(System.getenv()));
      SampleSite site = new SampleSite(cluster, progress, installation.samples(workspace));
      site.awaitReady(READY_TIMEOUT, installation.nodeBlockage());
      String http = serve(site, open(new PortForwards(cluster, NODE_PORT)));
      System.out.print(Hints.inCluster(http, relative(kubeconfig)));
      System.out.flush();
    } catch (KubernetesClientException e) {
      throw named.explain(e);
    }
  }

  /// @return the HTTP address
  private String serve(SampleSite site, Supplier<List<InetSocketAddress>> readyNodes) {
    ServiceProxy proxy = open(ServiceProxy.start(HTTP_PORT, readyNodes));
    String http = "http://127.0.0.1:" + proxy.port();
    progress.http(http);
    site.load(new Loader(http));
    progress.ready();
    return http;
  }

  private Path controlPlane() {
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
