package dev.partita.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.local.runner.NodeSpec;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.readiness.Readiness;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Several control planes on one machine, one after the other and side by side.
class RestartIT {
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final List<NodeSpec> NO_NODES = List.of();

  @TempDir private Path directory;

  @Test
  void podsOfTwoControlPlanesHaveDifferentAddresses() throws IOException {
    try (LocalControlPlane one = LocalControlPlane.start(directory.resolve("one"));
        LocalControlPlane other = LocalControlPlane.start(directory.resolve("other"));
        KubernetesClient clientOfOne = client(one);
        KubernetesClient clientOfOther = client(other)) {
      create(clientOfOne);
      create(clientOfOther);
      assertThat(awaitAddress(clientOfOther)).isNotEqualTo(awaitAddress(clientOfOne));
    }
  }

  @Test
  void nothingThatAnEarlierRunSaidOfItsPodsIsTaken() throws IOException {
    try (LocalControlPlane first = LocalControlPlane.start(directory);
        KubernetesClient client = client(first)) {
      create(client);
      awaitAddress(client);
      await().atMost(PATIENCE).until(() -> Readiness.isPodReady(pod(client)));
    }
    try (LocalControlPlane second =
            LocalControlPlane.start(
                new LocalControlPlane.Settings(directory, 0, NO_NODES, Map.of()));
        KubernetesClient client = client(second)) {
      Pod pod = pod(client);
      assertThat(pod.getStatus().getPodIP()).isNull();
      assertThat(pod.getStatus().getPodIPs()).isEmpty();
      assertThat(Readiness.isPodReady(pod)).isFalse();
    }
    try (LocalControlPlane third = LocalControlPlane.start(directory);
        KubernetesClient client = client(third)) {
      awaitAddress(client);
      await().atMost(PATIENCE).until(() -> Readiness.isPodReady(pod(client)));
    }
  }

  private static KubernetesClient client(LocalControlPlane plane) {
    return new KubernetesClientBuilder()
        .withConfig(Config.fromKubeconfig(plane.kubeconfig()))
        .build();
  }

  private static void create(KubernetesClient client) {
    client
        .resource(
            new PodBuilder()
                .withNewMetadata()
                .withName("idle")
                .withNamespace("default")
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("idle")
                .withImage("idle")
                .withCommand("sleep", "infinity")
                .endContainer()
                .endSpec()
                .build())
        .create();
  }

  private static Pod pod(KubernetesClient client) {
    return client.pods().inNamespace("default").withName("idle").get();
  }

  private static String awaitAddress(KubernetesClient client) {
    return await()
        .atMost(PATIENCE)
        .until(() -> pod(client).getStatus().getPodIP(), address -> address != null);
  }
}
