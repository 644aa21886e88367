package dev.partita.local.runner;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.local.json.Json;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/// One of a container's probes: an HTTP request or a TCP connection to the pod's address.
///
/// @param failureThreshold failures in a row until the probe counts as failed
record Probe(
    String scheme,
    String address,
    int port,
    String path,
    Duration initialDelay,
    Duration period,
    Duration timeout,
    int successThreshold,
    int failureThreshold) {

  /// As Kubernetes probes: a probe asks whether somebody answers, not who.
  private static final SSLContext WITHOUT_VERIFICATION = withoutVerification();

  private static SSLContext withoutVerification() {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {new AcceptsAll()}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has TLS", e);
    }
  }

  private static final class AcceptsAll implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  /// Whether a probe is declared that can be done here.
  static boolean declared(JsonNode probe) {
    return probe.has("httpGet") || probe.has("tcpSocket");
  }

  static Probe of(JsonNode container, JsonNode probe, String address) {
    JsonNode target = probe.has("httpGet") ? probe.path("httpGet") : probe.path("tcpSocket");
    String scheme = probe.has("httpGet") ? Json.at(target, "scheme").asText("HTTP") : "TCP";
    return new Probe(
        scheme,
        Json.at(target, "host").asText(address),
        port(container, target.path("port")),
        Json.at(target, "path").asText("/"),
        Duration.ofSeconds(Json.number(probe, 0, "initialDelaySeconds")),
        Duration.ofSeconds(Json.number(probe, 10, "periodSeconds")),
        Duration.ofSeconds(Json.number(probe, 1, "timeoutSeconds")),
        (int) Json.number(probe, 1, "successThreshold"),
        (int) Json.number(probe, 3, "failureThreshold"));
  }

  private static int port(JsonNode container, JsonNode port) {
    if (port.isNumber()) {
      return port.asInt();
    }
    return Json.elements(container, "ports").stream()
        .filter(p -> Json.string(p, "name").equals(port.asText()))
        .map(p -> (int) Json.number(p, 0, "containerPort"))
        .findFirst()
        .orElse(0);
  }

  /// Tries once.
  boolean succeeds() {
    try {
      return scheme.equals("TCP") ? connects() : http();
    } catch (IOException e) {
      return false;
    }
  }

  private boolean http() throws IOException {
    String target = path.startsWith("/") ? path : "/" + path;
    URI uri =
        URI.create(
            (scheme.equals("HTTPS") ? "https://" : "http://") + address + ":" + port + target);
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
    try {
      if (connection instanceof HttpsURLConnection secured) {
        secured.setSSLSocketFactory(WITHOUT_VERIFICATION.getSocketFactory());
        secured.setHostnameVerifier((_, _) -> true);
      }
      connection.setConnectTimeout((int) timeout.toMillis());
      connection.setReadTimeout((int) timeout.toMillis());
      connection.setInstanceFollowRedirects(false);
      connection.setRequestProperty("User-Agent", "partita-local-probe");
      connection.setRequestProperty("Connection", "close");
      int status = connection.getResponseCode();
      return status >= 200 && status < 400;
    } finally {
      connection.disconnect();
    }
  }

  private boolean connects() throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(InetAddress.ofLiteral(address), port), (int) timeout.toMillis());
      return true;
    }
  }
}
