package dev.partita.launcher.doctor;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.partita.launcher.doctor.Observation.NodeReading;
import dev.partita.launcher.http.WholeAnswers;
import dev.partita.tls.Credentials;
import dev.partita.tls.Identity;
import dev.partita.tls.Role;
import dev.partita.tls.TlsSockets;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.LocalPortForward;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/// Looks at a namespace once. Only reads; what may not be read is left out.
final class Observer {

  private static final String NODE_PODS =
      "labelSelector=app.kubernetes.io/name%3Dpartita,app.kubernetes.io/component%3Dnode";
  private static final String OF_PARTITA = "labelSelector=app.kubernetes.io/name%3Dpartita";

  /// A node that does not answer is a finding, not a reason to wait.
  private static final Duration NODE_TIMEOUT = Duration.ofSeconds(5);

  private static final String PORT_NAME = "http";
  private static final String SECURED_PORT_NAME = "https";

  /// Where the operator keeps its certificate unless a Site names another.
  private static final String OPERATOR_SECRET = "partita-operator-tls";

  private static final int PORT_DEFAULT = 8080;
  private static final List<String> CERTIFICATE_KEYS = List.of("tls.crt", "ca.crt");

  private final ObjectMapper mapper = new ObjectMapper();
  private final KubernetesClient client;
  private final String namespace;
  private final boolean inside;
  private @Nullable TlsSockets sockets;

  Observer(KubernetesClient client, String namespace) {
    this(client, namespace, true);
  }

  /// @param inside whether addresses of pods may be reached from here; it is tried
  Observer(KubernetesClient client, String namespace, boolean inside) {
    this.client = client;
    this.namespace = namespace;
    this.inside = inside;
  }

  /// @throws KubernetesClientException if the API server does not answer, or does not know our
  ///   resources
  Observation observe() {
    String ours = "/apis/partita.dev/v1alpha1/namespaces/" + namespace;
    String core = "/api/v1/namespaces/" + namespace;
    List<JsonNode> sites = list(ours + "/sites");
    List<JsonNode> pods = list(core + "/pods?" + NODE_PODS);
    sockets = sockets(core, sites).orElse(null);
    return new Observation(
        Instant.now(),
        sites,
        list(ours + "/partitions"),
        list(ours + "/indexes"),
        pods,
        list(core + "/persistentvolumeclaims?" + NODE_PODS),
        read(pods),
        certificates(core));
  }

  private List<JsonNode> list(String path) {
    String json = client.raw(path);
    if (json == null) {
      throw new KubernetesClientException("the API server does not know " + path);
    }
    List<JsonNode> items = new ArrayList<>();
    parse(json).path("items").forEach(items::add);
    items.sort(Comparator.comparing(Observation::name));
    return items;
  }

  private JsonNode parse(String json) {
    try {
      return mapper.readTree(json);
    } catch (JsonProcessingException e) {
      throw new KubernetesClientException("the answer is no JSON: " + e.getMessage(), e);
    }
  }

  private Optional<JsonNode> parsed(String json) {
    try {
      return Optional.of(mapper.readTree(json));
    } catch (JsonProcessingException e) {
      return Optional.empty(); // Somebody else answers at that address.
    }
  }

  // --------------------------------------------------------------------------------------------------------- nodes

  private NodeReading read(JsonNode pod) {
    String name = Observation.name(pod);
    JsonNode state = ask(pod, "/admin/v1/state").flatMap(this::parsed).orElse(null);
    Map<String, Double> metrics = ask(pod, "/metrics").map(Observer::gauges).orElse(Map.of());
    return new NodeReading(name, state, metrics);
  }

  /// All nodes at once: one that does not answer keeps nobody waiting for the others.
  private List<NodeReading> read(List<JsonNode> pods) {
    try (ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
      return pods.stream()
          .map(pod -> CompletableFuture.supplyAsync(() -> read(pod), readers))
          .toList()
          .stream()
          .map(CompletableFuture::join)
          .toList();
    }
  }

  /// Asks a node itself, or through the API server where its address cannot be reached from here.
  private Optional<String> ask(JsonNode pod, String path) {
    return askDirectly(pod, path).or(() -> askThroughApiServer(pod, path));
  }

  /// As the operator, if its certificate may be read.
  private Optional<TlsSockets> sockets(String core, List<JsonNode> sites) {
    String name =
        sites.stream()
            .map(site -> site.at("/spec/tls/operatorSecretName").asText())
            .filter(given -> !given.isEmpty())
            .findFirst()
            .orElse(OPERATOR_SECRET);
    try {
      JsonNode data = parse(client.raw(core + "/secrets/" + name)).path("data");
      Credentials own =
          Credentials.of(
              decoded(data, "tls.crt"), decoded(data, "tls.key"), decoded(data, "ca.crt"));
      return Optional.of(TlsSockets.of(() -> own, Set.of(new Identity(namespace, Role.NODE))));
    } catch (KubernetesClientException | GeneralSecurityException | IllegalArgumentException e) {
      // Nodes with certificates are then told not to answer.
      return Optional.empty();
    }
  }

  private static String decoded(JsonNode data, String key) {
    return new String(
        Base64.getDecoder().decode(data.path(key).asText()), StandardCharsets.US_ASCII);
  }

  private Optional<String> askDirectly(JsonNode pod, String path) {
    String address = pod.path("status").path("podIP").asText();
    return address.isEmpty() || !inside
        ? Optional.empty()
        : ask(address.contains(":") ? "[" + address + "]" : address, port(pod), pod, path);
  }

  /// By a forwarded port: the connection is between the node and this process, as it is without, so
  /// that both can show their certificates.
  private Optional<String> askThroughApiServer(JsonNode pod, String path) {
    try (LocalPortForward forward =
        client
            .pods()
            .inNamespace(namespace)
            .withName(Observation.name(pod))
            .portForward(port(pod))) {
      return ask(
          InetAddress.getLoopbackAddress().getHostAddress(), forward.getLocalPort(), pod, path);
    } catch (KubernetesClientException | IOException e) {
      return Optional.empty();
    }
  }

  private Optional<String> ask(String host, int port, JsonNode pod, String path) {
    TlsSockets known = sockets;
    boolean secured = known != null && hasPort(pod, SECURED_PORT_NAME);
    HttpClient.Builder builder = HttpClient.newBuilder().connectTimeout(NODE_TIMEOUT);
    if (known != null && secured) {
      builder.sslContext(known.context());
    }
    URI uri = URI.create((secured ? "https://" : "http://") + host + ":" + port + path);
    try (HttpClient http = builder.build()) {
      HttpResponse<String> response =
          WholeAnswers.send(http, HttpRequest.newBuilder(uri).build(), NODE_TIMEOUT);
      return response.statusCode() == HttpURLConnection.HTTP_OK
          ? Optional.of(response.body())
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  private int port(JsonNode pod) {
    return port(
        pod, sockets != null && hasPort(pod, SECURED_PORT_NAME) ? SECURED_PORT_NAME : PORT_NAME);
  }

  private static boolean hasPort(JsonNode pod, String name) {
    return pod.path("spec")
        .path("containers")
        .valueStream()
        .flatMap(container -> container.path("ports").valueStream())
        .anyMatch(port -> port.path("name").asText().equals(name));
  }

  private static int port(JsonNode pod, String name) {
    for (JsonNode container : pod.path("spec").path("containers")) {
      for (JsonNode port : container.path("ports")) {
        if (port.path("name").asText().equals(name)) {
          return port.path("containerPort").asInt();
        }
      }
    }
    return PORT_DEFAULT;
  }

  /// The samples of the Prometheus text format, by name and labels as they stand there.
  static Map<String, Double> gauges(String text) {
    Map<String, Double> gauges = new HashMap<>();
    for (String line : text.lines().toList()) {
      int space = line.lastIndexOf(' ');
      if (space > 0 && line.startsWith("partita_")) {
        try {
          gauges.put(line.substring(0, space), Double.valueOf(line.substring(space + 1)));
        } catch (NumberFormatException e) {
          // A line with a timestamp or an exemplar is none of those that are looked for.
        }
      }
    }
    return gauges;
  }

  // -------------------------------------------------------------------------------------------------- certificates

  private Map<String, Instant> certificates(String core) {
    Map<String, Instant> ends = new TreeMap<>();
    try {
      for (JsonNode secret : list(core + "/secrets?" + OF_PARTITA)) {
        for (String key : CERTIFICATE_KEYS) {
          String encoded = secret.path("data").path(key).asText();
          if (!encoded.isEmpty()) {
            end(encoded).ifPresent(end -> ends.put(Observation.name(secret) + "/" + key, end));
          }
        }
      }
    } catch (KubernetesClientException e) {
      // Who may not read Secrets is told by the nodes' metrics.
    }
    return ends;
  }

  /// The end of the certificate that ends first.
  private static Optional<Instant> end(String base64) {
    try {
      return CertificateFactory.getInstance("X.509")
          .generateCertificates(new ByteArrayInputStream(Base64.getDecoder().decode(base64)))
          .stream()
          .map(X509Certificate.class::cast)
          .map(certificate -> certificate.getNotAfter().toInstant())
          .min(Comparator.naturalOrder());
    } catch (CertificateException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
