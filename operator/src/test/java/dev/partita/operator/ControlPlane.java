package dev.partita.operator;

import dev.partita.local.LocalControlPlane;
import dev.partita.local.runner.NodeSpec;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// The control plane that the tests run against: that of `-Dpartita.kubeconfig`, else a local one
/// of their own.
public final class ControlPlane implements AutoCloseable {

  /// System property with the path of a kubeconfig.
  public static final String KUBECONFIG = "partita.kubeconfig";

  private static final Path DEFINITIONS = Path.of("../crds");

  /// What the pods of these tests run: a [dev.partita.operator.fake.FakeNode] in this JVM answers
  /// in its place.
  private static final List<String> IDLE = List.of("sleep", "infinity");

  private final Config config;
  private final KubernetesClient client;
  private final AutoCloseable server;

  private ControlPlane(Config config, AutoCloseable server) {
    this.config = config;
    this.client = new KubernetesClientBuilder().withConfig(config).build();
    this.server = server;
  }

  /// Connects, and applies the definitions of the custom resources.
  public static ControlPlane connect() {
    try {
      ControlPlane controlPlane = isReal() ? real() : local();
      controlPlane.applyDefinitions();
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
    return new ControlPlane(Config.fromKubeconfig(kubeconfig), () -> {});
  }

  private static ControlPlane local() throws IOException {
    Path directory = Files.createTempDirectory("operator-test");
    LocalControlPlane server =
        LocalControlPlane.start(
            new LocalControlPlane.Settings(
                directory, 0, NodeSpec.local(3), Map.of(TestOperator.IMAGE, IDLE)));
    return new ControlPlane(Config.fromKubeconfig(server.kubeconfig()), server);
  }

  public KubernetesClient client() {
    return client;
  }

  /// The configuration for a client of one's own.
  public Config config() {
    return config;
  }

  /// A new namespace, which is a new database.
  public String newNamespace() {
    String name = "t-" + UUID.randomUUID().toString().substring(0, 8);
    client
        .resource(new NamespaceBuilder().withNewMetadata().withName(name).endMetadata().build())
        .create();
    return name;
  }

  private void applyDefinitions() throws IOException {
    PatchContext apply =
        new PatchContext.Builder()
            .withPatchType(PatchType.SERVER_SIDE_APPLY)
            .withFieldManager("tests")
            .withForce(true)
            .build();
    for (Path file : definitions()) {
      try (InputStream yaml = Files.newInputStream(file)) {
        for (HasMetadata item : client.load(yaml).items()) {
          client.resource(item).patch(apply);
          client
              .resource((CustomResourceDefinition) item)
              .waitUntilCondition(ControlPlane::isEstablished, 30, TimeUnit.SECONDS);
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

  private static List<Path> definitions() throws IOException {
    try (Stream<Path> files = Files.list(DEFINITIONS)) {
      return files.filter(file -> file.toString().endsWith(".yml")).sorted().toList();
    }
  }

  @Override
  public void close() {
    client.close();
    try {
      server.close();
    } catch (Exception e) {
      throw new IllegalStateException("the control plane does not stop", e);
    }
  }
}
