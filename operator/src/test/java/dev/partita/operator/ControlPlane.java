package dev.partita.operator;

import dev.partita.local.LocalControlPlane;
import dev.partita.local.runner.NodeSpec;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.vertx.VertxHttpClientFactory;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// The control plane that the tests run against: that of `-Dpartita.kubeconfig`, else a local one
/// of their own.
public final class ControlPlane implements AutoCloseable {

  /// System property with the path of a kubeconfig.
  public static final String KUBECONFIG = "partita.kubeconfig";

  private static final Path DEFINITIONS = Path.of("../crds");

  private static final Path MANIFEST = Path.of("../k8s/base/operator.yaml");
  private static final Path NAMESPACE = Path.of("../k8s/base/namespace.yaml");

  /// Of the manifests; tests break things that the admission policies would protect.
  private static final Set<String> APPLIED =
      Set.of(
          "CustomResourceDefinition",
          "Namespace",
          "ServiceAccount",
          "Role",
          "RoleBinding",
          "ClusterRole",
          "ClusterRoleBinding");

  private static final String SERVICE_ACCOUNT =
      "system:serviceaccount:partita-system:partita-operator";

  /// What the pods of these tests run: a [dev.partita.operator.fake.FakeNode] in this JVM answers
  /// in its place.
  static final List<String> IDLE = List.of("sleep", "infinity");

  /// One for all clients: each would start one of its own and never stop it.
  private final Vertx vertx = Vertx.vertx();

  private final Config config;
  private final KubernetesClient client;
  private final AutoCloseable server;

  /// Whether it cares who may do what.
  private final boolean hasRights;

  private ControlPlane(Config config, boolean hasRights, AutoCloseable server) {
    this.config = config;
    this.hasRights = hasRights;
    this.client =
        new KubernetesClientBuilder()
            .withConfig(config)
            .withHttpClientFactory(httpClientFactory())
            .build();
    this.server = server;
  }

  /// Connects, and applies the definitions of the custom resources.
  public static ControlPlane connect() {
    return connect(NodeSpec.local(3));
  }

  /// Connects to one that has servers in these regions of one cloud, if it is a local one.
  static ControlPlane inRegions(String... regions) {
    return connect(
        Stream.of(regions)
            .map(region -> new NodeSpec(region + "-server", "c", region, region + "-a"))
            .toList());
  }

  /// Starts a local one, whatever else there is.
  static ControlPlane local() {
    return prepared(() -> local(NodeSpec.local(3)));
  }

  private static ControlPlane connect(List<NodeSpec> servers) {
    return prepared(() -> isReal() ? real() : local(servers));
  }

  private interface Start {
    ControlPlane controlPlane() throws IOException;
  }

  private static ControlPlane prepared(Start start) {
    try {
      ControlPlane controlPlane = start.controlPlane();
      controlPlane.applyDefinitions();
      if (controlPlane.hasRights) {
        controlPlane.applyRights();
      }
      return controlPlane;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Whether it is a real Kubernetes control plane.
  public static boolean isReal() {
    return System.getProperty(KUBECONFIG) != null;
  }

  private static ControlPlane real() throws IOException {
    String kubeconfig = Files.readString(Path.of(System.getProperty(KUBECONFIG)));
    return new ControlPlane(Config.fromKubeconfig(kubeconfig), true, () -> {});
  }

  private static ControlPlane local(List<NodeSpec> servers) throws IOException {
    Path directory = Files.createTempDirectory("operator-test");
    LocalControlPlane server =
        LocalControlPlane.start(
            new LocalControlPlane.Settings(
                directory, 0, servers, Map.of(TestOperator.IMAGE, IDLE)));
    return new ControlPlane(Config.fromKubeconfig(server.kubeconfig()), false, server);
  }

  public KubernetesClient client() {
    return client;
  }

  /// What makes clients that end with the control plane.
  public HttpClient.Factory httpClientFactory() {
    return new VertxHttpClientFactory(vertx);
  }

  /// The configuration for the operator's own client. On a real control plane it has the rights of
  /// the manifest and no others.
  public Config operatorConfig() {
    return hasRights
        ? new ConfigBuilder(config)
            .withImpersonateUsername(SERVICE_ACCOUNT)
            .withImpersonateGroups("system:serviceaccounts", "system:authenticated")
            .build()
        : config;
  }

  /// A new namespace, which is a new database. Names are used again, because a control plane may
  /// keep the address of a pod by its name, and addresses of one machine are few.
  public String newNamespace() {
    for (int number = 1; ; number++) {
      String name = "operator-test-" + number;
      try {
        client
            .resource(new NamespaceBuilder().withNewMetadata().withName(name).endMetadata().build())
            .create();
        return name;
      } catch (KubernetesClientException e) {
        if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
          throw e;
        }
      }
    }
  }

  private void applyDefinitions() throws IOException {
    for (Path file : definitions()) {
      for (HasMetadata item : apply(file)) {
        client
            .resource((CustomResourceDefinition) item)
            .waitUntilCondition(ControlPlane::isEstablished, 30, TimeUnit.SECONDS);
      }
    }
  }

  /// Applies what gives the operator its rights; the operator itself runs in this JVM.
  private void applyRights() throws IOException {
    apply(NAMESPACE);
    apply(MANIFEST);
  }

  private List<HasMetadata> apply(Path file) throws IOException {
    PatchContext apply =
        new PatchContext.Builder()
            .withPatchType(PatchType.SERVER_SIDE_APPLY)
            .withFieldManager("tests")
            .withForce(true)
            .build();
    try (InputStream yaml = Files.newInputStream(file)) {
      List<HasMetadata> items =
          client.load(yaml).items().stream()
              .filter(item -> APPLIED.contains(item.getKind()))
              .toList();
      items.forEach(item -> client.resource(item).patch(apply));
      return items;
    }
  }

  private static boolean isEstablished(CustomResourceDefinition definition) {
    return definition.getStatus() != null
        && definition.getStatus().getConditions() != null
        && definition.getStatus().getConditions().stream()
            .anyMatch(
                each -> each.getType().equals("Established") && each.getStatus().equals("True"));
  }

  private static List<Path> definitions() throws IOException {
    try (Stream<Path> files = Files.list(DEFINITIONS)) {
      return files.filter(file -> file.toString().endsWith(".yml")).sorted().toList();
    }
  }

  @Override
  public void close() {
    client.close();
    vertx.close().toCompletionStage().toCompletableFuture().join();
    try {
      server.close();
    } catch (Exception e) {
      throw new IllegalStateException("the control plane does not stop", e);
    }
  }
}
