package dev.partita.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.local.runner.NodeSpec;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A Secret that a running pod has mounted.
class MountedSecretIT {
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  @Test
  void aRunningPodSeesTheNewContentAndNobodyElseReadsIt(@TempDir Path directory) throws Exception {
    LocalControlPlane.Settings settings =
        new LocalControlPlane.Settings(
            directory, 0, NodeSpec.local(1), Map.of("idle", List.of("sleep", "infinity")));
    try (LocalControlPlane plane = LocalControlPlane.start(settings);
        KubernetesClient client =
            new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(plane.kubeconfig()))
                .build()) {
      client.resource(secret("before")).create();
      client
          .resource(
              new PodBuilder()
                  .withNewMetadata()
                  .withName("reader")
                  .withNamespace("default")
                  .endMetadata()
                  .withNewSpec()
                  .addNewContainer()
                  .withName("c")
                  .withImage("idle")
                  .addNewVolumeMount()
                  .withName("v")
                  .withMountPath("/v")
                  .endVolumeMount()
                  .endContainer()
                  .addNewVolume()
                  .withName("v")
                  .withNewSecret()
                  .withSecretName("s")
                  .endSecret()
                  .endVolume()
                  .endSpec()
                  .build())
          .create();
      Path file = directory.resolve("pods/default/reader/v/key");
      await().atMost(PATIENCE).until(() -> content(file).equals("before"));
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  client
                      .pods()
                      .inNamespace("default")
                      .withName("reader")
                      .get()
                      .getStatus()
                      .getPhase(),
              "Running"::equals);

      client.resource(secret("after")).update();

      await().atMost(PATIENCE).until(() -> content(file).equals("after"));
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
          .isEqualTo("rw-------");
    }
  }

  private static String content(Path file) throws IOException {
    return Files.exists(file) ? Files.readString(file) : "";
  }

  private static Secret secret(String content) {
    return new SecretBuilder()
        .withNewMetadata()
        .withName("s")
        .withNamespace("default")
        .endMetadata()
        .withStringData(Map.of("key", content))
        .build();
  }
}
