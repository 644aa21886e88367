package dev.partita.launcher;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.readiness.Readiness;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// The Kubernetes API as the launcher uses it: applies manifests and reads conditions. Works the
/// same on the local control plane and on a real cluster.
final class Cluster implements AutoCloseable {
  static final String GROUP = "partita.dev";
  static final String VERSION = "v1alpha1";

  private static final PatchContext APPLY =
      new PatchContext.Builder()
          .withPatchType(PatchType.SERVER_SIDE_APPLY)
          .withFieldManager("partita-launcher")
          .withForce(true)
          .build();

  private final KubernetesClient client;
  private final String namespace;

  private Cluster(KubernetesClient client, String namespace) {
    this.client = client;
    this.namespace = namespace;
  }

  static Cluster connect(Path kubeconfig) {
    Config config = Config.fromKubeconfig(kubeconfig.toFile());
    String namespace = config.getNamespace() == null ? "default" : config.getNamespace();
    return new Cluster(new KubernetesClientBuilder().withConfig(config).build(), namespace);
  }

  String namespace() {
    return namespace;
  }

  /// Applies every manifest below a directory, or one file; the files in the order of their names.
  ///
  /// @return the applied objects
  List<HasMetadata> apply(Path manifests) {
    List<HasMetadata> applied = new ArrayList<>();
    for (Path file : yamlFiles(manifests)) {
      try (InputStream yaml = Files.newInputStream(file)) {
        for (HasMetadata item : client.load(yaml).items()) {
          applied.add(client.resource(item).inNamespace(namespace).patch(APPLY));
        }
      } catch (IOException e) {
        throw new UncheckedIOException("cannot read " + file, e);
      }
    }
    return applied;
  }

  /// The custom resources of one kind.
  ///
  /// @param kind `Site`, `Partition` or `Index`
  List<GenericKubernetesResource> list(String kind, String plural) {
    ResourceDefinitionContext context =
        new ResourceDefinitionContext.Builder()
            .withGroup(GROUP)
            .withVersion(VERSION)
            .withKind(kind)
            .withPlural(plural)
            .withNamespaced(true)
            .build();
    return client.genericKubernetesResources(context).inNamespace(namespace).list().getItems();
  }

  /// HTTP addresses of the ready node pods.
  List<InetSocketAddress> readyNodes() {
    return pods().stream()
        .filter(Readiness::isPodReady)
        .map(pod -> new InetSocketAddress(pod.getStatus().getPodIP(), 8080))
        .toList();
  }

  List<Pod> pods() {
    return client
        .pods()
        .inNamespace(namespace)
        .withLabels(
            Map.of("app.kubernetes.io/name", "partita", "app.kubernetes.io/component", "node"))
        .list()
        .getItems();
  }

  static String status(HasMetadata resource, String condition, String field) {
    if (resource instanceof GenericKubernetesResource generic
        && generic.get("status", "conditions") instanceof List<?> conditions) {
      for (Object each : conditions) {
        if (each instanceof Map<?, ?> map && condition.equals(map.get("type"))) {
          return String.valueOf(map.get(field));
        }
      }
    }
    return "Unknown";
  }

  @Override
  public void close() {
    client.close();
  }

  private static List<Path> yamlFiles(Path manifests) {
    try (Stream<Path> files = Files.list(manifests)) {
      return files
          .filter(file -> file.toString().endsWith(".yaml") || file.toString().endsWith(".yml"))
          .filter(file -> !file.getFileName().toString().equals("kustomization.yaml"))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot list " + manifests, e);
    }
  }
}
