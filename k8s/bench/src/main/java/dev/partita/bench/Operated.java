package dev.partita.bench;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.local.LocalControlPlane;
import dev.partita.local.runner.NodeSpec;
import dev.partita.testbed.Testbed;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/// Partita as people run it, on this machine: a control plane, the operator as a process, and pods
/// that are processes of nodes.
final class Operated implements AutoCloseable {
  private static final String NAMESPACE = "default";
  private static final String NODE_IMAGE = "partita/node:bench";
  private static final int HTTP_PORT = 8080;

  /// What the chart lets the operator have; its image takes its part of it for the heap.
  private static final String OPERATOR_LIMIT = "512m";

  private static final long STOP_TIMEOUT_SECONDS = 10;
  private static final Duration READY_PATIENCE = Duration.ofMinutes(5);

  private static final PatchContext APPLY =
      new PatchContext.Builder()
          .withPatchType(PatchType.SERVER_SIDE_APPLY)
          .withFieldManager("partita-bench")
          .withForce(true)
          .build();

  private final AutoCloseable controlPlane;
  private final KubernetesClient client;
  private final Process operator;
  private final InetSocketAddress metrics;

  private Operated(
      AutoCloseable controlPlane,
      KubernetesClient client,
      Process operator,
      InetSocketAddress metrics) {
    this.controlPlane = controlPlane;
    this.client = client;
    this.operator = operator;
    this.metrics = metrics;
  }

  /// On a control plane of Partita's own.
  ///
  /// @param machines how many servers it plays
  static Operated local(Path checkout, Path directory, int machines) throws IOException {
    LocalControlPlane controlPlane =
        LocalControlPlane.start(
            new LocalControlPlane.Settings(
                directory.resolve("control-plane"),
                0,
                NodeSpec.local(machines),
                Map.of(NODE_IMAGE, node(checkout))));
    return start(checkout, directory, controlPlane, controlPlane.kubeconfig());
  }

  /// On a real Kubernetes control plane, which is built first if need be.
  static Operated kubernetes(Path checkout, Path directory) throws IOException {
    Testbed testbed =
        Testbed.start(checkout, directory.resolve("testbed"), Map.of(NODE_IMAGE, node(checkout)));
    return start(checkout, directory, testbed, Files.readString(testbed.kubeconfig()));
  }

  private static Operated start(
      Path checkout, Path directory, AutoCloseable controlPlane, String kubeconfig)
      throws IOException {
    Path file = Files.writeString(directory.resolve("kubeconfig"), kubeconfig);
    KubernetesClient client =
        new KubernetesClientBuilder().withConfig(Config.fromKubeconfig(kubeconfig)).build();
    define(client, checkout.resolve("crds"));
    int port = Ports.free(1).getFirst();
    ProcessBuilder operator =
        new ProcessBuilder(
                java(),
                "-XX:+UseSerialGC",
                "-XX:MaxRAM=" + OPERATOR_LIMIT,
                "-XX:MaxRAMPercentage=40",
                "-jar",
                checkout.resolve("operator/target/quarkus-app/quarkus-run.jar").toString())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("operator.log").toFile());
    operator
        .environment()
        .putAll(
            Map.of(
                "KUBECONFIG",
                file.toString(),
                "PARTITA_OPERATOR_NODE_IMAGE",
                NODE_IMAGE,
                "QUARKUS_OPERATOR_SDK_NAMESPACES",
                NAMESPACE,
                "QUARKUS_HTTP_HOST",
                "127.0.0.1",
                "QUARKUS_HTTP_PORT",
                Integer.toString(port)));
    return new Operated(
        controlPlane,
        client,
        Children.start(operator),
        new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  private static void define(KubernetesClient client, Path definitions) throws IOException {
    try (Stream<Path> files = Files.list(definitions)) {
      for (Path file : files.filter(each -> each.toString().endsWith(".yml")).sorted().toList()) {
        try (InputStream yaml = Files.newInputStream(file)) {
          for (HasMetadata item : client.load(yaml).items()) {
            client.resource(item).patch(APPLY);
            client
                .resource((CustomResourceDefinition) item)
                .waitUntilCondition(Operated::isEstablished, 30, TimeUnit.SECONDS);
          }
        }
      }
    }
  }

  private static boolean isEstablished(CustomResourceDefinition definition) {
    return definition.getStatus() != null
        && definition.getStatus().getConditions() != null
        && definition.getStatus().getConditions().stream()
            .anyMatch(
                each -> each.getType().equals("Established") && each.getStatus().equals("True"));
  }

  private static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  private static List<String> node(Path checkout) {
    return NodeCommand.of(checkout.resolve("node/target/quarkus-app/quarkus-run.jar"), List.of());
  }

  /// Applies a Site without certificates and logins, and waits until its nodes are ready.
  void site(int nodes) {
    apply(
        """
        apiVersion: partita.dev/v1alpha1
        kind: Site
        metadata: {name: main}
        spec: {nodes: %d, storage: {size: 8Gi}, authentication: Disabled, tls: {mode: Disabled}}
        """
            .formatted(nodes));
    await("Site main", READY_PATIENCE, () -> ready("Site") == 1 && nodes().size() == nodes);
  }

  /// Applies a Partition.
  ///
  /// @param spec its members in YAML's flow style
  void partition(String name, String spec) {
    apply(
        "apiVersion: partita.dev/v1alpha1\nkind: Partition\nmetadata: {name: %s}\nspec: {%s}\n"
            .formatted(name, spec));
  }

  private void apply(String yaml) {
    client.resource(yaml).inNamespace(NAMESPACE).patch(APPLY);
  }

  /// The resources of a kind.
  List<GenericKubernetesResource> list(String kind) {
    return client
        .genericKubernetesResources(
            new ResourceDefinitionContext.Builder()
                .withGroup("partita.dev")
                .withVersion("v1alpha1")
                .withKind(kind)
                .withPlural(kind.toLowerCase(Locale.ROOT) + "s")
                .withNamespaced(true)
                .build())
        .inNamespace(NAMESPACE)
        .list()
        .getItems();
  }

  /// How many resources of a kind are ready, and are as they were declared last.
  long ready(String kind) {
    return list(kind).stream().filter(Operated::isReady).count();
  }

  private static boolean isReady(GenericKubernetesResource resource) {
    JsonNode status = Nodes.JSON.valueToTree(resource.getAdditionalProperties().get("status"));
    if (status == null
        || status.path("observedGeneration").asLong(-1) != resource.getMetadata().getGeneration()) {
      return false;
    }
    for (JsonNode condition : status.path("conditions")) {
      if (condition.path("type").asText().equals("Ready")) {
        return condition.path("status").asText().equals("True");
      }
    }
    return false;
  }

  /// Where the nodes answer, in the order of their names.
  List<InetSocketAddress> nodes() {
    return client
        .pods()
        .inNamespace(NAMESPACE)
        .withLabel("partita.dev/site", "main")
        .list()
        .getItems()
        .stream()
        .filter(pod -> pod.getStatus().getPodIP() != null)
        .sorted(Comparator.comparing((Pod pod) -> pod.getMetadata().getName()))
        .map(pod -> new InetSocketAddress(pod.getStatus().getPodIP(), HTTP_PORT))
        .toList();
  }

  /// The state of the nodes as one of them tells it.
  JsonNode state() {
    return AdminCalls.exchange(
        nodes().getFirst(), "GET", "/admin/v1/state", null, AdminCalls.PATIENCE);
  }

  /// Resident memory of the operator.
  long operatorBytes() throws IOException {
    return ProcessFigures.residentBytes(operator.pid());
  }

  /// Processor time that the operator has used.
  Duration operatorProcessorTime() {
    return operator.info().totalCpuDuration().orElse(Duration.ZERO);
  }

  /// Writes of the operator to the API server since its start, by its own count.
  long operatorWrites() throws IOException {
    return (long) Metrics.sum(metrics, "partita_operator_api_writes_total");
  }

  /// Waits for something that the operator brings about.
  ///
  /// @throws IllegalStateException if it does not in time
  static void await(String what, Duration patience, BooleanSupplier condition) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException("waited in vain for " + what);
      }
      try {
        Thread.sleep(500);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while waiting for " + what, e);
      }
    }
  }

  @Override
  public void close() {
    operator.destroy();
    try {
      if (!operator.waitFor(STOP_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        operator.destroyForcibly();
      }
      client.close();
      controlPlane.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      throw new IllegalStateException("the control plane does not stop", e);
    }
  }
}
