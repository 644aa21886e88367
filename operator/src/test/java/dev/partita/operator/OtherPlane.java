package dev.partita.operator;

import dev.partita.local.LocalControlPlane;
import dev.partita.local.runner.NodeSpec;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.http.HttpClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Another cluster: a local control plane that can be lost with its pods, and come back as it was.
final class OtherPlane implements AutoCloseable {

  private final Path directory;
  private final List<NodeSpec> servers;
  private @Nullable LocalControlPlane running;
  private int port;
  private final KubernetesClient client;

  OtherPlane(String region, HttpClient.Factory factory) {
    try {
      this.directory = Files.createTempDirectory("operator-test-other");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.servers = List.of(new NodeSpec(region + "-server", "c", region, region + "-a"));
    start();
    this.client =
        new KubernetesClientBuilder()
            .withConfig(Config.fromKubeconfig(kubeconfig()))
            .withHttpClientFactory(factory)
            .build();
  }

  String kubeconfig() {
    return Objects.requireNonNull(running).kubeconfig();
  }

  KubernetesClient client() {
    return client;
  }

  void createNamespace(String name) {
    client
        .resource(new NamespaceBuilder().withNewMetadata().withName(name).endMetadata().build())
        .create();
  }

  /// Starts it as it was before, at the same address.
  void start() {
    try {
      running =
          LocalControlPlane.start(
              new LocalControlPlane.Settings(
                  directory, port, servers, Map.of(TestOperator.IMAGE, ControlPlane.IDLE)));
      port = running.port();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Ends its API server and all its pods.
  void stop() {
    if (running != null) {
      running.close();
      running = null;
    }
  }

  @Override
  public void close() {
    client.close();
    stop();
  }
}
