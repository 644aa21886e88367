package dev.partita.launcher.recover;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.partita.local.LocalControlPlane;
import dev.partita.local.runner.NodeSpec;
import dev.partita.tls.CertificateAuthority;
import dev.partita.tls.Credentials;
import dev.partita.tls.Identity;
import dev.partita.tls.Pem;
import dev.partita.tls.Role;
import dev.partita.tls.TlsSockets;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The way to a node that speaks nothing but TLS and wants to know who asks, on the local control
/// plane, which forwards no ports. A server with a certificate stands for the node.
class NodeDoorTest {
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final Identity NODE = new Identity("default", Role.NODE);
  private static final Identity OPERATOR = new Identity("default", Role.OPERATOR);

  @TempDir private static Path home;

  private static LocalControlPlane controlPlane;
  private static KubernetesClient client;

  private final List<HasMetadata> made = new ArrayList<>();
  private final List<String> heard = new CopyOnWriteArrayList<>();
  private final CertificateAuthority authority =
      CertificateAuthority.create("default", Instant.now(), Duration.ofDays(1));
  private @Nullable HttpsServer server;

  @BeforeAll
  static void start() throws Exception {
    controlPlane =
        LocalControlPlane.start(
            new LocalControlPlane.Settings(
                home.resolve("control-plane"),
                0,
                NodeSpec.local(1),
                Map.of("idle", List.of("sleep", "infinity"))));
    Files.writeString(home.resolve("kubeconfig"), controlPlane.kubeconfig());
    client =
        new KubernetesClientBuilder()
            .withConfig(Config.fromKubeconfig(controlPlane.kubeconfig()))
            .build();
    Path definition =
        Path.of(System.getProperty("partita.checkout"), "crds/sites.partita.dev-v1.yml");
    try (InputStream yaml = Files.newInputStream(definition)) {
      client.load(yaml).create();
    }
  }

  @AfterAll
  static void stop() {
    client.close();
    controlPlane.close();
  }

  @AfterEach
  void clear() {
    if (server != null) {
      server.stop(0);
    }
    made.forEach(each -> client.resource(each).inNamespace("default").withGracePeriod(0).delete());
    await()
        .atMost(PATIENCE)
        .until(() -> client.pods().inNamespace("default").list().getItems().isEmpty());
  }

  private <T extends HasMetadata> T make(T object) {
    made.add(object);
    return client.resource(object).inNamespace("default").create();
  }

  /// A pod that runs, and at its address a server that tells of no recoveries.
  private void startNode(Identity identity) throws IOException, GeneralSecurityException {
    int port = freePort();
    make(
        new PodBuilder()
            .withNewMetadata()
            .withName("main-0")
            .addToLabels("app.kubernetes.io/name", "partita")
            .addToLabels("app.kubernetes.io/component", "node")
            .endMetadata()
            .withNewSpec()
            .addNewContainer()
            .withName("node")
            .withImage("idle")
            .addNewPort()
            .withName("https")
            .withContainerPort(port)
            .endPort()
            .endContainer()
            .endSpec()
            .build());
    Pod running =
        await("a running pod")
            .atMost(PATIENCE)
            .until(
                () -> client.pods().inNamespace("default").withName("main-0").get(),
                pod ->
                    pod.getStatus() != null
                        && "Running".equals(pod.getStatus().getPhase())
                        && pod.getStatus().getPodIP() != null);
    // Names by which nobody here reaches it.
    CertificateAuthority.Issued leaf =
        authority.issue(identity, List.of("main-0.main-peers"), Instant.now(), Duration.ofHours(1));
    Credentials own =
        Credentials.of(leaf.chain(), leaf.key(), Pem.text(List.of(authority.certificate())));
    HttpsServer started =
        HttpsServer.create(
            new InetSocketAddress(InetAddress.getByName(running.getStatus().getPodIP()), port), 0);
    started.setHttpsConfigurator(
        new HttpsConfigurator(TlsSockets.of(() -> own, Set.of(NODE)).context()));
    started.createContext(
        "/v1/recovery",
        exchange -> {
          heard.add(exchange.getRequestHeaders().getFirst("Authorization"));
          byte[] answer = "{\"data\": []}".getBytes(UTF_8);
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    started.start();
    server = started;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private void makeAdministrator() {
    make(
        new SecretBuilder()
            .withNewMetadata()
            .withName("partita-administrator")
            .endMetadata()
            .addToStringData("username", "admin")
            .addToStringData("password", "secret")
            .build());
  }

  private void makeAuthority() {
    make(
        new ConfigMapBuilder()
            .withNewMetadata()
            .withName("partita-ca")
            .endMetadata()
            .addToData("ca.crt", Pem.text(List.of(authority.certificate())))
            .build());
  }

  private static String list(int exitCode) {
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    int code =
        Recover.run(
            () -> home.resolve("kubeconfig"),
            List.of("list"),
            new PrintStream(output, true, UTF_8));
    assertThat(code).as(output.toString(UTF_8)).isEqualTo(exitCode);
    return output.toString(UTF_8);
  }

  @Test
  void aNodeIsEnteredWhateverTheNamesInItsCertificate() throws Exception {
    makeAdministrator();
    makeAuthority();
    startNode(NODE);

    assertThat(list(0)).isEqualTo("no quorum was ever given up\n");
    assertThat(heard).containsExactly("Basic YWRtaW46c2VjcmV0");
  }

  @Test
  void authoritiesMayComeFromASiteThatBringsItsOwn() throws Exception {
    makeAdministrator();
    startNode(NODE);
    assertThat(list(1))
        .contains("neither the ConfigMap partita-ca nor a Site")
        .contains("spec.tls.secretName");
    assertThat(heard).isEmpty();

    make(
        new SecretBuilder()
            .withNewMetadata()
            .withName("ours")
            .endMetadata()
            .addToStringData("ca.crt", Pem.text(List.of(authority.certificate())))
            .build());
    made.add(
        client
            .resource(
                "apiVersion: partita.dev/v1alpha1\nkind: Site\nmetadata: {name: main}\nspec: {nodes: 1, storage: {size: 1Gi}, tls: {secretName: ours, operatorSecretName: ours}}")
            .inNamespace("default")
            .create());

    assertThat(list(0)).isEqualTo("no quorum was ever given up\n");
  }

  @Test
  void whoIsNoNodeIsNotToldThePassword() throws Exception {
    makeAdministrator();
    makeAuthority();
    startNode(OPERATOR);

    assertThat(list(1)).contains("none of these pods answers", "main-0 (", "the peer is");
    assertThat(heard).isEmpty();
  }
}
