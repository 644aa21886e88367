package dev.partita.launcher;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespaced;
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
import org.jspecify.annotations.Nullable;

/// The Kubernetes API as the launcher uses it: applies manifests and reads conditions. Works the
/// same on the local control plane and on a real cluster.
final class Cluster implements AutoCloseable {
  static final String GROUP = "partita.dev";
  static final String VERSION = "v1alpha1";

  /// A cluster that somebody named must answer soon, or the user is told.
  private static final int CONNECT_TIMEOUT_MILLIS = 5_000;

  /// Once it is there, it may take its time: one on this machine shares it with all that starts.
  private static final int REQUEST_TIMEOUT_MILLIS = 60_000;

  private static final int RETRIES = 2;

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
    config.setConnectionTimeout(CONNECT_TIMEOUT_MILLIS);
    config.setRequestTimeout(REQUEST_TIMEOUT_MILLIS);
    config.setRequestRetryBackoffLimit(RETRIES);
    String namespace = config.getNamespace() == null ? "default" : config.getNamespace();
    return new Cluster(new KubernetesClientBuilder().withConfig(config).build(), namespace);
  }

  String namespace() {
    return namespace;
  }

  /// Where the API server answers.
  String server() {
    return client.getMasterUrl().toString();
  }

  /// For what only a cluster of the user's needs.
  KubernetesClient client() {
    return client;
  }

  /// Applies every manifest below a directory, or one file; the files in the order of their names.
  ///
  /// @return the applied objects
  List<HasMetadata> apply(Path manifests) {
    return load(manifests).stream().map(this::apply).toList();
  }

  /// Applies one object, in its own namespace or else in that of the kubeconfig.
  HasMetadata apply(HasMetadata item) {
    return client.resource(item).patch(APPLY);
  }

  /// The object as it is in the cluster, or null.
  @Nullable HasMetadata find(HasMetadata item) {
    return client.resource(item).get();
  }

  /// Reads every manifest below a directory, or one file; namespaced objects without a namespace
  /// get that of the kubeconfig.
  List<HasMetadata> load(Path manifests) {
    List<HasMetadata> items = new ArrayList<>();
    for (Path file : yamlFiles(manifests)) {
      try (InputStream yaml = Files.newInputStream(file)) {
        items.addAll(client.load(yaml).items());
      } catch (IOException e) {
        throw new UncheckedIOException("cannot read " + file, e);
      }
    }
    items.stream()
        .filter(item -> !isClusterScoped(item) && item.getMetadata().getNamespace() == null)
        .forEach(item -> item.getMetadata().setNamespace(namespace));
    return items;
  }

  List<HasMetadata> load(List<Path> manifests) {
    return manifests.stream().flatMap(each -> load(each).stream()).toList();
  }

  private static boolean isClusterScoped(HasMetadata item) {
    return !(item instanceof Namespaced || item instanceof GenericKubernetesResource);
  }

  /// The custom resources of one kind.
  ///
  /// @param kind `Site`, `Partition` or `Index`
  List<GenericKubernetesResource> list(String kind, String plural) {
    return client
        .genericKubernetesResources(context(kind, plural))
        .inNamespace(namespace)
        .list()
        .getItems();
  }

  /// The custom resources of one kind in all namespaces.
  List<GenericKubernetesResource> listEverywhere(String kind, String plural) {
    return client
        .genericKubernetesResources(context(kind, plural))
        .inAnyNamespace()
        .list()
        .getItems();
  }

  private static ResourceDefinitionContext context(String kind, String plural) {
    return new ResourceDefinitionContext.Builder()
        .withGroup(GROUP)
        .withVersion(VERSION)
        .withKind(kind)
        .withPlural(plural)
        .withNamespaced(true)
        .build();
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

  /// Why a controller could not make pods, as far as events still tell.
  ///
  /// @param kind of the controller's objects, such as `StatefulSet`
  List<Event> refusals(String namespace, String kind) {
    return client
        .v1()
        .events()
        .inNamespace(namespace)
        .withField("involvedObject.kind", kind)
        .withField("reason", "FailedCreate")
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
    if (Files.isRegularFile(manifests)) {
      return List.of(manifests);
    }
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
