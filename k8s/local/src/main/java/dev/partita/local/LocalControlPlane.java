package dev.partita.local;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.api.ApiServer;
import dev.partita.local.api.ServerIdentity;
import dev.partita.local.controller.ClaimController;
import dev.partita.local.controller.ControlLoop;
import dev.partita.local.controller.DisruptionBudgetController;
import dev.partita.local.controller.GarbageCollector;
import dev.partita.local.controller.NamespaceController;
import dev.partita.local.controller.StatefulSetController;
import dev.partita.local.json.Json;
import dev.partita.local.kind.KindRegistry;
import dev.partita.local.object.Cluster;
import dev.partita.local.object.ObjectService;
import dev.partita.local.runner.NodeSpec;
import dev.partita.local.runner.Nodes;
import dev.partita.local.runner.PodRunner;
import dev.partita.local.runner.Scheduler;
import dev.partita.local.store.Store;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The local control plane: an API server for the subset of the Kubernetes API that kubectl and
/// operators use, the controllers for StatefulSets and what belongs to them, and a runner whose
/// pods are processes of this machine.
///
/// It is no Kubernetes: there is no network, no isolation, one container a pod, and nothing but
/// loopback addresses. All state is in one directory; a second start finds it again and runs the
/// same pods.
public final class LocalControlPlane implements AutoCloseable {
  private static final List<String> NAMESPACES =
      List.of("default", "kube-system", "kube-public", "kube-node-lease");

  /// How to start.
  ///
  /// @param port of the API, 0 for any free one
  /// @param nodes the nodes that this machine plays; none if pods are not to be run
  /// @param images the command that stands for an image
  /// @param hosts file for the names of the pods, which control planes of several processes may
  ///   share so that their pods find each other
  public record Settings(
      Path directory,
      int port,
      List<NodeSpec> nodes,
      Map<String, List<String>> images,
      Path hosts) {
    public Settings {
      directory = directory.toAbsolutePath().normalize();
      hosts = hosts.toAbsolutePath().normalize();
      nodes = List.copyOf(nodes);
      images = Map.copyOf(images);
    }

    /// One whose pods have names for each other only.
    public Settings(
        Path directory, int port, List<NodeSpec> nodes, Map<String, List<String>> images) {
      this(directory, port, nodes, images, directory.resolve("hosts"));
    }
  }

  private final Settings settings;
  private final Store store;
  private final ServerIdentity identity;
  private final PodRunner runner;
  private final ApiServer server;
  private final List<ControlLoop<?>> loops = new ArrayList<>();

  private LocalControlPlane(
      Settings settings, Store store, ServerIdentity identity, PodRunner runner, ApiServer server) {
    this.settings = settings;
    this.store = store;
    this.identity = identity;
    this.runner = runner;
    this.server = server;
  }

  /// Starts with three nodes on any free port and without images: pods need a `command`.
  public static LocalControlPlane start(Path directory) throws IOException {
    return start(new Settings(directory, 0, NodeSpec.local(3), Map.of()));
  }

  /// Starts and returns when requests are answered. The caller closes it.
  ///
  /// @throws IOException if the port or the directory cannot be used
  public static LocalControlPlane start(Settings settings) throws IOException {
    Files.createDirectories(settings.directory());
    ServerIdentity identity = ServerIdentity.in(settings.directory().resolve("identity"));
    Store store = Store.open(settings.directory().resolve("store"));
    try {
      ObjectService objects = new ObjectService(store, new KindRegistry());
      PodRunner runner =
          PodRunner.open(
              new Cluster(objects, "kubelet"),
              settings.directory(),
              settings.hosts(),
              settings.images());
      return start(settings, store, identity, objects, runner);
    } catch (IOException | RuntimeException e) {
      store.close();
      throw e;
    }
  }

  private static LocalControlPlane start(
      Settings settings,
      Store store,
      ServerIdentity identity,
      ObjectService objects,
      PodRunner runner)
      throws IOException {
    try {
      prepare(new Cluster(objects, "partita-local"), settings);
      ApiServer server = ApiServer.start(objects, runner.logs(), identity, settings.port());
      LocalControlPlane started = new LocalControlPlane(settings, store, identity, runner, server);
      started.startLoops(objects);
      return started;
    } catch (IOException | RuntimeException e) {
      runner.close();
      throw e;
    }
  }

  private static void prepare(Cluster cluster, Settings settings) {
    for (String name : NAMESPACES) {
      ObjectNode namespace = Json.object();
      namespace.putObject("metadata").put("name", name);
      if (cluster.find(Cluster.NAMESPACES, "", name) == null) {
        cluster.create(Cluster.NAMESPACES, namespace);
      }
    }
    Nodes.register(cluster, settings.nodes());
  }

  private void startLoops(ObjectService objects) {
    Cluster manager = new Cluster(objects, "kube-controller-manager");
    loops.add(ControlLoop.start("namespaces", store, new NamespaceController(manager)));
    loops.add(ControlLoop.start("garbage", store, new GarbageCollector(manager)));
    loops.add(
        ControlLoop.start(
            "claims",
            store,
            new ClaimController(manager, settings.directory().resolve("volumes"))));
    loops.add(
        ControlLoop.start(
            "statefulsets",
            store,
            new StatefulSetController(new Cluster(objects, "statefulset-controller"))));
    loops.add(ControlLoop.start("budgets", store, new DisruptionBudgetController(manager)));
    if (!settings.nodes().isEmpty()) {
      loops.add(
          ControlLoop.start(
              "scheduler", store, new Scheduler(new Cluster(objects, "default-scheduler"))));
      loops.add(ControlLoop.start("pods", store, runner));
    }
  }

  public int port() {
    return server.port();
  }

  /// What kubectl and client libraries need to reach this control plane.
  public String kubeconfig() {
    return identity.kubeconfig(port());
  }

  public Path directory() {
    return settings.directory();
  }

  /// Stops all pods gracefully, then the server. The state stays.
  @Override
  public void close() {
    runner.close();
    loops.forEach(ControlLoop::close);
    server.close();
    store.close();
  }
}
