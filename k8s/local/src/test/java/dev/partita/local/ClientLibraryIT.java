package dev.partita.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceBuilder;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// What operators do, with the client library that they use.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClientLibraryIT {
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private static final ResourceDefinitionContext WIDGETS =
      new ResourceDefinitionContext.Builder()
          .withGroup("example.dev")
          .withVersion("v1")
          .withKind("Widget")
          .withPlural("widgets")
          .withNamespaced(true)
          .build();

  private LocalControlPlane plane;
  private KubernetesClient client;

  @BeforeAll
  void start(@TempDir Path directory) throws IOException {
    plane = LocalControlPlane.start(directory.resolve("plane"));
    Config config = Config.fromKubeconfig(plane.kubeconfig());
    // A busy machine is no fault of either side.
    config.setConnectionTimeout(60_000);
    config.setRequestTimeout(60_000);
    client = new KubernetesClientBuilder().withConfig(config).build();
    try (InputStream definition =
        Files.newInputStream(Path.of("src/test/resources/kubectl/files/widgets-crd.yaml"))) {
      client.load(definition).create();
    }
  }

  @AfterAll
  void stop() {
    client.close();
    plane.close();
  }

  private static GenericKubernetesResource widget(String name) {
    return widget("default", name);
  }

  private static GenericKubernetesResource widget(String namespace, String name) {
    return new GenericKubernetesResourceBuilder()
        .withApiVersion("example.dev/v1")
        .withKind("Widget")
        .withNewMetadata()
        .withName(name)
        .withNamespace(namespace)
        .endMetadata()
        .addToAdditionalProperties("spec", Map.of("size", "small"))
        .build();
  }

  private static ConfigMap config(String name, Map<String, String> data) {
    return new ConfigMapBuilder()
        .withNewMetadata()
        .withName(name)
        .withNamespace("default")
        .endMetadata()
        .withData(data)
        .build();
  }

  /// A client that counts on a connection for as long as the server keeps it may be left without an
  /// answer, and its library does not ask again.
  @Test
  void clientsGiveUpIdleConnectionsBeforeTheServerDoes() {
    var request =
        client
            .getHttpClient()
            .newHttpRequestBuilder()
            .uri(client.getMasterUrl() + "api/v1/namespaces/default")
            .build();
    String promise =
        client.getHttpClient().sendAsync(request, String.class).join().header("Keep-Alive");
    assertThat(promise).matches("timeout=\\d+");
    assertThat(Integer.parseInt(promise.replaceAll("\\D", ""))).isBetween(1, 29);
  }

  @Test
  void objectsAreCreatedEditedAndDeleted() {
    ConfigMap created = client.resource(config("plain", Map.of("a", "1"))).create();
    assertThat(created.getMetadata().getUid()).isNotEmpty();

    ConfigMap edited =
        client
            .configMaps()
            .inNamespace("default")
            .withName("plain")
            .edit(c -> new ConfigMapBuilder(c).addToData("b", "2").build());
    assertThat(edited.getData()).containsOnly(Map.entry("a", "1"), Map.entry("b", "2"));

    created.setData(Map.of("a", "old"));
    assertThatThrownBy(() -> client.resource(created).update())
        .isInstanceOfSatisfying(
            KubernetesClientException.class, e -> assertThat(e.getCode()).isEqualTo(409));
    client.resource(edited).delete();
    assertThat(client.configMaps().inNamespace("default").withName("plain").get()).isNull();
  }

  @Test
  void serverSideApplyIsQuietWhenNothingChanges() {
    PatchContext apply =
        new PatchContext.Builder()
            .withPatchType(PatchType.SERVER_SIDE_APPLY)
            .withFieldManager("test")
            .withForce(true)
            .build();
    ConfigMap first = client.resource(config("applied", Map.of("a", "1"))).patch(apply);
    ConfigMap second = client.resource(config("applied", Map.of("a", "1"))).patch(apply);
    ConfigMap third = client.resource(config("applied", Map.of("b", "2"))).patch(apply);

    assertThat(second.getMetadata().getResourceVersion())
        .isEqualTo(first.getMetadata().getResourceVersion());
    assertThat(third.getData()).containsOnly(Map.entry("b", "2"));
    assertThat(third.getMetadata().getResourceVersion())
        .isNotEqualTo(first.getMetadata().getResourceVersion());
  }

  @Test
  void watchesSeeEveryChangeInOrder() {
    Queue<String> seen = new ConcurrentLinkedQueue<>();
    Watcher<ConfigMap> watcher =
        new Watcher<>() {
          @Override
          public void eventReceived(Action action, ConfigMap object) {
            seen.add(action + " " + object.getData());
          }

          @Override
          public void onClose(WatcherException cause) {
            seen.add("closed");
          }
        };
    try (var watch =
        client.configMaps().inNamespace("default").withName("watched").watch(watcher)) {
      assertThat(watch).isNotNull();
      client.resource(config("watched", Map.of("n", "1"))).create();
      client
          .configMaps()
          .inNamespace("default")
          .withName("watched")
          .edit(c -> new ConfigMapBuilder(c).withData(Map.of("n", "2")).build());
      client.configMaps().inNamespace("default").withName("watched").delete();
      await().atMost(PATIENCE).until(() -> seen.size() >= 3);
      assertThat(seen).startsWith("ADDED {n=1}", "MODIFIED {n=2}", "DELETED {n=2}");
    }
  }

  @Test
  void anInformerFollowsAThousandCustomResources() {
    client
        .namespaces()
        .resource(new NamespaceBuilder().withNewMetadata().withName("many").endMetadata().build())
        .create();
    var widgets = client.genericKubernetesResources(WIDGETS).inNamespace("many");
    for (int i = 0; i < 500; i++) {
      widgets.resource(widget("many", "before-" + i)).create();
    }
    try (SharedIndexInformer<GenericKubernetesResource> informer = widgets.inform()) {
      for (int i = 0; i < 500; i++) {
        widgets.resource(widget("many", "after-" + i)).create();
      }
      await().atMost(PATIENCE).until(() -> informer.getIndexer().list().size() == 1000);
      widgets.delete();
      await().atMost(PATIENCE).until(() -> informer.getIndexer().list().isEmpty());
    }
  }

  @Test
  void statusIsWrittenApartFromTheSpecification() {
    client.resource(widget("status")).create();
    GenericKubernetesResource changed =
        client
            .genericKubernetesResources(WIDGETS)
            .inNamespace("default")
            .withName("status")
            .editStatus(w -> {
              w.setAdditionalProperty("spec", Map.of("size", "large"));
              w.setAdditionalProperty("status", Map.of("replicas", 2));
              return w;
            });

    assertThat(changed.<String>get("spec", "size")).isEqualTo("small");
    assertThat(changed.<Integer>get("status", "replicas")).isEqualTo(2);
    assertThat(changed.getMetadata().getGeneration()).isEqualTo(1);
  }

  @Test
  void refusalsCarryTheirCauses() {
    GenericKubernetesResource bad = widget("bad");
    bad.setAdditionalProperty("spec", Map.of("size", "huge"));

    assertThatThrownBy(() -> client.resource(bad).create())
        .isInstanceOfSatisfying(
            KubernetesClientException.class,
            e -> {
              assertThat(e.getCode()).isEqualTo(422);
              assertThat(e.getStatus().getDetails().getCauses())
                  .extracting(c -> c.getField())
                  .contains("spec.size");
            });
  }

  @Test
  void aSecondStartFindsEverything(@TempDir Path directory) throws IOException {
    LocalControlPlane.Settings settings =
        new LocalControlPlane.Settings(directory, 0, List.of(), Map.of());
    String uid;
    try (LocalControlPlane first = LocalControlPlane.start(settings);
        KubernetesClient own =
            new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(first.kubeconfig()))
                .build()) {
      try (InputStream definition =
          Files.newInputStream(Path.of("src/test/resources/kubectl/files/widgets-crd.yaml"))) {
        own.load(definition).create();
      }
      uid = own.resource(widget("kept")).create().getMetadata().getUid();
    }
    try (LocalControlPlane second = LocalControlPlane.start(settings);
        KubernetesClient own =
            new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(second.kubeconfig()))
                .build()) {
      GenericKubernetesResource kept =
          own.genericKubernetesResources(WIDGETS).inNamespace("default").withName("kept").get();
      assertThat(kept.getMetadata().getUid()).isEqualTo(uid);
    }
  }
}
