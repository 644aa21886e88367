package dev.partita.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/// What `up` says when the named cluster lacks something: it ends with the reason and the way out.
@EnabledIfSystemProperty(named = "partita.kubeconfig", matches = ".+")
class UpRefusedIT {
  private static final String UNKNOWN_IMAGE = "registry.example/partita:0";
  private static final String CLASS = "storageclass/testbed";
  private static final String DEFAULT = "storageclass.kubernetes.io/is-default-class=";

  @TempDir Path home;

  @AfterEach
  void wipe() throws Exception {
    PartitaCommand.Run wipe =
        PartitaCommand.run(home, PartitaCommand.of("down", "--wipe"), administrator());
    assertThat(wipe.exitCode()).as(wipe.output()).isZero();
    assertThat(kubectl("get", "crd", "--output=name").output()).doesNotContain("partita.dev");
  }

  @Test
  void anImageThatTheClusterCannotPull() throws Exception {
    assertThat(up(with(Images.OPERATOR_VARIABLE, UNKNOWN_IMAGE)))
        .contains("cannot pull image " + UNKNOWN_IMAGE, Images.OPERATOR_VARIABLE);
  }

  @Test
  void anImageOfNodesThatTheClusterCannotPull() throws Exception {
    assertThat(up(with(Images.NODE_VARIABLE, UNKNOWN_IMAGE)))
        .contains("cannot pull image " + UNKNOWN_IMAGE, "pod default/main-");
  }

  @Test
  void noDefaultStorageClass() throws Exception {
    kubectl("annotate", "--overwrite", CLASS, DEFAULT + "false");
    try {
      assertThat(up(administrator())).contains("no default one", "spec.storage.className");
    } finally {
      kubectl("annotate", "--overwrite", CLASS, DEFAULT + "true");
    }
  }

  @Test
  void noRights() throws Exception {
    String token = kubectl("create", "token", "default").output().strip();
    String administrator = Files.readString(TestbedCluster.kubeconfig());
    Path kubeconfig =
        Files.writeString(
            home.resolve("nobody"),
            administrator.replaceAll(
                "(?s)client-certificate-data: \\S+\\s+client-key-data: \\S+", "token: " + token));

    assertThat(up(Map.of("KUBECONFIG", kubeconfig.toString())))
        .contains("no right in the cluster", "customresourcedefinitions", "administrator");
    RunState.stopped().write(home.resolve("state.json"));
  }

  @Test
  void aClusterThatDoesNotAnswer() throws Exception {
    Path kubeconfig =
        Files.writeString(
            home.resolve("gone"),
            Files.readString(TestbedCluster.kubeconfig())
                .replaceAll("server: \\S+", "server: https://127.0.0.1:1"));

    assertThat(up(Map.of("KUBECONFIG", kubeconfig.toString())))
        .contains("https://127.0.0.1:1", "does not answer", "KUBECONFIG=" + kubeconfig);
  }

  private String up(Map<String, String> environment) throws Exception {
    PartitaCommand.Run up =
        PartitaCommand.run(home, PartitaCommand.of("up", "--detach"), environment);
    assertThat(up.exitCode()).as(up.output()).isEqualTo(1);
    return up.output();
  }

  private static Map<String, String> administrator() {
    return Map.of("KUBECONFIG", TestbedCluster.kubeconfig().toString());
  }

  private static Map<String, String> with(String variable, String value) {
    return Map.of("KUBECONFIG", TestbedCluster.kubeconfig().toString(), variable, value);
  }

  private PartitaCommand.Run kubectl(String... arguments) throws Exception {
    PartitaCommand.Run run = TestbedCluster.kubectl(home, arguments);
    assertThat(run.exitCode()).as(run.output()).isZero();
    return run;
  }
}
