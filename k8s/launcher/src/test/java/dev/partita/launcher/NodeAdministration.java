package dev.partita.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.partita.tls.Credentials;
import dev.partita.tls.Identity;
import dev.partita.tls.Role;
import dev.partita.tls.TlsSockets;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Set;

/// The administration API of nodes in the namespace `default`, asked with the operator's
/// certificate.
final class NodeAdministration implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int PORT = 8443;
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final HttpClient http;

  private NodeAdministration(HttpClient http) {
    this.http = http;
  }

  static NodeAdministration of(KubernetesClient client) throws GeneralSecurityException {
    Secret secret =
        client.secrets().inNamespace("default").withName("partita-operator-tls").require();
    Credentials own =
        Credentials.of(text(secret, "tls.crt"), text(secret, "tls.key"), text(secret, "ca.crt"));
    TlsSockets sockets = TlsSockets.of(() -> own, Set.of(new Identity("default", Role.NODE)));
    return new NodeAdministration(
        HttpClient.newBuilder().sslContext(sockets.context()).connectTimeout(TIMEOUT).build());
  }

  private static String text(Secret secret, String key) {
    return new String(
        Base64.getDecoder().decode(secret.getData().get(key)), StandardCharsets.US_ASCII);
  }

  /// Splits a hash partition into two, and waits until that is done.
  ///
  /// @param address of a node's pod
  void split(String address, String partition) {
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create(
                    "https://%s:%d/admin/v1/operations/split-%s"
                        .formatted(address, PORT, partition)))
            .timeout(TIMEOUT)
            .header("Content-Type", "application/json")
            .PUT(
                BodyPublishers.ofString(
                    "{\"kind\": \"SplitPartition\", \"partition\": \"" + partition + "\"}"))
            .build();
    // Asked for again, an operation tells what has become of it.
    await()
        .atMost(PATIENCE)
        .ignoreExceptionsInstanceOf(IOException.class)
        .untilAsserted(() ->
            assertThat(http.send(request, BodyHandlers.ofString()).body())
                .contains("\"state\":\"Done\""));
  }

  /// The names of the nodes that vote in the system partition.
  ///
  /// @param address of a node's pod
  List<String> systemVoters(String address) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("https://%s:%d/admin/v1/state".formatted(address, PORT)))
            .timeout(TIMEOUT)
            .build();
    JsonNode state = JSON.readTree(http.send(request, BodyHandlers.ofString()).body());
    return state
        .path("nodes")
        .valueStream()
        .filter(node -> node.path("systemMember").asText().equals("Voter"))
        .map(node -> node.path("name").asText())
        .toList();
  }

  @Override
  public void close() {
    http.close();
  }
}
