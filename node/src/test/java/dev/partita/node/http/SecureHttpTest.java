package dev.partita.node.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.partita.node.TestCertificates;
import dev.partita.tls.Credentials;
import dev.partita.tls.Identity;
import dev.partita.tls.TlsSockets;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// The HTTP edge of a node with a certificate.
@QuarkusTest
@TestProfile(SecureHttpTest.Secured.class)
class SecureHttpTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  TestCertificates certificates = new TestCertificates();
  Path directory = Path.of("");

  @TestHTTPResource(value = "/", tls = true)
  @Nullable URL injected;

  private String root() {
    return Objects.requireNonNull(injected).toString();
  }

  /// An application of its own: Quarkus keeps routes of the one before in a JVM otherwise.
  public static final class Secured implements QuarkusTestProfile {
    @Override
    public List<TestResourceEntry> testResources() {
      return List.of(new TestResourceEntry(SecureDirectory.class));
    }
  }

  private HttpClient client(Credentials own) {
    return HttpClient.newBuilder()
        .sslContext(TlsSockets.of(() -> own, Set.of(TestCertificates.NODE)).context())
        .build();
  }

  private HttpClient client(Identity identity) {
    return client(certificates.issue(identity));
  }

  private HttpClient clientWithoutCertificate() throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new TrustsEverybody()}, null);
    return HttpClient.newBuilder().sslContext(context).build();
  }

  private HttpResponse<String> send(HttpClient client, String method, String path)
      throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(URI.create(root()).resolve(path))
            .header("Content-Type", "application/json")
            .method(
                method,
                method.equals("GET") ? BodyPublishers.noBody() : BodyPublishers.ofString("{}"))
            .build(),
        BodyHandlers.ofString());
  }

  @Test
  void theOperatorAdministers() throws Exception {
    try (HttpClient operator = client(TestCertificates.OPERATOR)) {
      HttpResponse<String> answer = send(operator, "GET", "/admin/v1/state");
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      assertThat(answer.sslSession())
          .get()
          .extracting(each -> each.getProtocol())
          .isEqualTo("TLSv1.3");
    }
  }

  @Test
  void nobodyElseAdministers() throws Exception {
    try (HttpClient node = client(TestCertificates.NODE);
        HttpClient anybody = clientWithoutCertificate()) {
      List<String> requests = new ArrayList<>(DISGUISED);
      requests.addAll(administration(anybody));
      assertThat(requests).hasSizeGreaterThan(DISGUISED.size() + 8);
      for (String request : requests) {
        String[] words = request.split(" ", -1);
        String uri = root() + words[1].substring(1);
        for (HttpClient client : List.of(anybody, node)) {
          HttpResponse<String> refused = send(client, words[0], uri);
          assertThat(refused.statusCode()).as(request).isIn(401, 404);
          assertThat(refused.body()).as(request).doesNotContain("clusterId", "revision");
        }
      }
      HttpResponse<String> refusal = send(anybody, "GET", "/admin/v1/state");
      assertThat(refusal.statusCode()).isEqualTo(401);
      assertThat(refusal.headers().firstValue("Content-Type")).contains("application/problem+json");
      assertThat(refusal.body()).contains("UNAUTHENTICATED");
    }
  }

  /// Ways to write a path that some router might take for the administration's.
  private static final List<String> DISGUISED =
      List.of(
          "GET //admin/v1/state",
          "GET /%61dmin/v1/state",
          "GET /x/../admin/v1/state",
          "GET /admin/v1/state/",
          "GET /admin;x/v1/state",
          "GET /ADMIN/v1/state");

  /// Every endpoint of the administration, from the description.
  private List<String> administration(HttpClient client) throws Exception {
    JsonNode paths =
        new ObjectMapper()
            .readTree(send(client, "GET", "/openapi?format=json").body())
            .path("paths");
    List<String> requests = new ArrayList<>();
    for (Map.Entry<String, JsonNode> path : paths.properties()) {
      if (path.getKey().startsWith("/admin/")) {
        path.getValue()
            .fieldNames()
            .forEachRemaining(method ->
                requests.add(
                    method.toUpperCase(Locale.ROOT)
                        + " "
                        + path.getKey().replaceAll("\\{[a-z]+}", "x")));
      }
    }
    return requests;
  }

  @Test
  void aCertificateOfAnotherAuthorityEndsTheConnection() {
    try (HttpClient stranger = client(new TestCertificates().issue(TestCertificates.OPERATOR))) {
      assertThatThrownBy(() -> send(stranger, "GET", "/health/live"))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void anybodyMayAskForHealthAndSeesWhenTheCertificateExpires() throws Exception {
    try (HttpClient anybody = clientWithoutCertificate()) {
      assertThat(send(anybody, "GET", "/health/live").statusCode()).isEqualTo(200);
      assertThat(send(anybody, "GET", "/metrics").body())
          .contains("partita_certificate_expiry_timestamp_seconds{holder=\"own\"");
    }
  }

  @Test
  void plainTextIsNotServed() {
    try (HttpClient plain = HttpClient.newHttpClient()) {
      URI uri = URI.create(root().replace("https://", "http://") + "health/live");
      assertThatThrownBy(
              () -> plain.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString()))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void aRenewedCertificateIsShownWithoutARestart() throws Exception {
    Certificate before = shown();
    certificates.write(directory, TestCertificates.NODE);

    await().atMost(PATIENCE).until(() -> !shown().equals(before));

    try (HttpClient operator = client(TestCertificates.OPERATOR);
        HttpClient anybody = clientWithoutCertificate()) {
      assertThat(send(operator, "GET", "/admin/v1/node").statusCode()).isEqualTo(200);
      assertThat(send(anybody, "GET", "/admin/v1/node").statusCode()).isEqualTo(401);
    }
  }

  private Certificate shown() throws Exception {
    try (HttpClient client = clientWithoutCertificate()) {
      return send(client, "GET", "/health/live")
          .sslSession()
          .map(session -> {
            try {
              return session.getPeerCertificates()[0];
            } catch (SSLPeerUnverifiedException e) {
              throw new AssertionError(e);
            }
          })
          .orElseThrow();
    }
  }

  /// A client that does not care who answers.
  private static final class TrustsEverybody extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
