package dev.partita.launcher.recover;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.partita.launcher.http.WholeAnswers;
import dev.partita.tls.Authorities;
import dev.partita.tls.Identity;
import dev.partita.tls.Role;
import dev.partita.tls.TlsSockets;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.LocalPortForward;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The way to a node that runs, ready or not, as an administrator.
final class NodeDoor {
  private static final String PATH = "/v1/recovery";
  private static final String AUTHORITY = "partita-ca";
  private static final String AUTHORITIES = "ca.crt";
  private static final String SITES = "partita.dev/v1alpha1";
  private static final String ADMINISTRATOR = "partita-administrator";
  private static final String PLAIN_PORT = "http";
  private static final String SECURED_PORT = "https";
  private static final int PORT_DEFAULT = 8080;
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

  /// Nodes ask each other, write to their disks and hold elections, for many groups.
  private static final Duration ANSWER_TIMEOUT = Duration.ofMinutes(5);

  private final ObjectMapper mapper = new ObjectMapper();
  private final KubernetesClient client;
  private final String namespace;
  private final Map<String, String> environment;

  NodeDoor(KubernetesClient client, String namespace, Map<String, String> environment) {
    this.client = client;
    this.namespace = namespace;
    this.environment = environment;
  }

  /// A refusal of a node, or that none answers.
  static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1;

    Refusal(String message) {
      super(message);
    }
  }

  /// Asks the first node that answers, of those that are not lost.
  ///
  /// @param body empty for a GET
  JsonNode ask(String path, Optional<JsonNode> body, List<String> lost) {
    List<Pod> pods =
        client
            .pods()
            .inNamespace(namespace)
            .withLabel("app.kubernetes.io/name", "partita")
            .withLabel("app.kubernetes.io/component", "node")
            .list()
            .getItems()
            .stream()
            .filter(pod -> !lost.contains(pod.getMetadata().getName()))
            .filter(pod -> pod.getStatus() != null && "Running".equals(pod.getStatus().getPhase()))
            .sorted(Comparator.comparing(pod -> pod.getMetadata().getName()))
            .toList();
    List<String> silent = new ArrayList<>();
    for (Pod pod : pods) {
      List<String> reasons = new ArrayList<>();
      Optional<JsonNode> answer = ask(pod, path, body, reasons);
      if (answer.isPresent()) {
        return answer.get();
      }
      silent.add(pod.getMetadata().getName() + " (" + String.join("; ", reasons) + ")");
    }
    throw new Refusal(
        pods.isEmpty()
            ? "no pod of a node runs in namespace " + namespace + " that is not declared lost"
            : "none of these pods answers, or none belongs to the database: "
                + String.join(", ", silent));
  }

  /// Where there is an administrator to log in as, in secret if the node can. By a forwarded port,
  /// or directly where the API server forwards none and the address is reached from here, as it is
  /// where nodes are processes on this machine; in plain text the other way round.
  ///
  /// @param reasons gets why no way leads to the node
  private Optional<JsonNode> ask(
      Pod pod, String path, Optional<JsonNode> body, List<String> reasons) {
    Optional<Integer> plain = port(pod, PLAIN_PORT);
    Optional<Integer> secured = port(pod, SECURED_PORT);
    if (secured.isPresent() && (plain.isEmpty() || credentials().isPresent())) {
      Optional<JsonNode> answer =
          forwarded(pod, "https", secured.get(), path, body, reasons)
              .or(() -> direct(pod, "https", secured.get(), path, body, reasons));
      if (answer.isPresent() || plain.isEmpty()) {
        return answer;
      }
    }
    int port = plain.orElse(PORT_DEFAULT);
    return direct(pod, "http", port, path, body, reasons)
        .or(() -> forwarded(pod, "http", port, path, body, reasons));
  }

  private Optional<JsonNode> direct(
      Pod pod,
      String scheme,
      int port,
      String path,
      Optional<JsonNode> body,
      List<String> reasons) {
    String address = pod.getStatus().getPodIP();
    if (address == null) {
      reasons.add("it has no address");
      return Optional.empty();
    }
    String host = address.contains(":") ? "[" + address + "]" : address;
    return send(scheme + "://" + host + ":" + port, path, body, reasons);
  }

  private Optional<JsonNode> forwarded(
      Pod pod,
      String scheme,
      int port,
      String path,
      Optional<JsonNode> body,
      List<String> reasons) {
    try (LocalPortForward forward =
        client
            .pods()
            .inNamespace(namespace)
            .withName(pod.getMetadata().getName())
            .portForward(port)) {
      return send(scheme + "://localhost:" + forward.getLocalPort(), path, body, reasons);
    } catch (KubernetesClientException | IOException e) {
      reasons.add("its port %d is not forwarded: %s".formatted(port, e.getMessage()));
      return Optional.empty();
    }
  }

  private static Optional<Integer> port(Pod pod, String name) {
    return pod.getSpec().getContainers().stream()
        .flatMap(container -> container.getPorts().stream())
        .filter(port -> name.equals(port.getName()))
        .map(ContainerPort::getContainerPort)
        .findFirst();
  }

  /// Empty if nobody answers there, or a node that belongs to no database yet.
  private Optional<JsonNode> send(
      String base, String path, Optional<JsonNode> body, List<String> reasons) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(base + PATH + path))
            .header("Content-Type", "application/json");
    body.ifPresent(json -> request.POST(BodyPublishers.ofString(json.toString())));
    HttpClient.Builder builder = HttpClient.newBuilder().connectTimeout(CONNECT_TIMEOUT);
    if (base.startsWith("https:")) {
      builder.sslContext(sockets().context());
    }
    credentials().ifPresent(header -> request.header("Authorization", header));
    try (HttpClient http = builder.build()) {
      HttpResponse<String> response = WholeAnswers.send(http, request.build(), ANSWER_TIMEOUT);
      JsonNode json = parsed(response.body());
      if (response.statusCode() / 100 == 2) {
        return Optional.of(json);
      }
      if (json.path("code").asText().equals("NOT_BOOTSTRAPPED")) {
        reasons.add("it belongs to no database yet");
        return Optional.empty();
      }
      throw new Refusal(refusal(json, response.statusCode()));
    } catch (IOException e) {
      reasons.add("%s: %s".formatted(base, reason(e)));
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Refusal("interrupted");
    }
  }

  private JsonNode parsed(String body) {
    try {
      return mapper.readTree(body.isBlank() ? "{}" : body);
    } catch (JsonProcessingException e) {
      return mapper.createObjectNode().put("detail", body);
    }
  }

  private static String refusal(JsonNode problem, int status) {
    String detail = problem.path("detail").asText();
    String reason = problem.path("reason").asText();
    String said = detail.isEmpty() ? "the node answers " + status : detail;
    return reason.isEmpty() ? said : said + ": " + reason;
  }

  private static String reason(IOException e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  /// Nodes are known by their role, as among each other: their certificates need not have the name
  /// or address under which they are reached from here.
  private TlsSockets sockets() {
    try {
      return TlsSockets.withoutCertificate(
          Authorities.of(authorities()), Set.of(new Identity(namespace, Role.NODE)));
    } catch (GeneralSecurityException e) {
      throw new Refusal(
          "nodes cannot be trusted: the authorities of namespace %s hold no certificates: %s"
              .formatted(namespace, e.getMessage()));
    }
  }

  /// Those of the operator, or those of a Site that brings its own.
  private String authorities() {
    ConfigMap own = client.configMaps().inNamespace(namespace).withName(AUTHORITY).get();
    String bundle = own == null ? null : own.getData().get(AUTHORITIES);
    if (bundle != null) {
      return bundle;
    }
    return client
        .genericKubernetesResources(SITES, "Site")
        .inNamespace(namespace)
        .list()
        .getItems()
        .stream()
        .map(site -> site.<String>get("spec", "tls", "secretName"))
        .filter(Objects::nonNull)
        .map(name -> client.secrets().inNamespace(namespace).withName(name).get())
        .filter(secret -> secret != null && secret.getData().containsKey(AUTHORITIES))
        .map(secret -> decoded(secret, AUTHORITIES))
        .findFirst()
        .orElseThrow(() ->
            new Refusal(
                "nodes cannot be trusted: namespace %s has neither the ConfigMap %s nor a Site whose Secret spec.tls.secretName has a %s"
                    .formatted(namespace, AUTHORITY, AUTHORITIES)));
  }

  private Optional<String> credentials() {
    String user = environment.get("PARTITA_USER");
    String password = environment.get("PARTITA_PASSWORD");
    if (user == null || password == null) {
      Secret secret = administrator();
      if (secret == null) {
        return Optional.empty();
      }
      user = decoded(secret, "username");
      password = decoded(secret, "password");
    }
    return Optional.of(
        "Basic "
            + Base64.getEncoder()
                .encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8)));
  }

  /// Null where there is none, or whoever asks may not read it: then the node says what it lacks.
  private @Nullable Secret administrator() {
    try {
      return client.secrets().inNamespace(namespace).withName(ADMINISTRATOR).get();
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_FORBIDDEN) {
        return null;
      }
      throw e;
    }
  }

  private static String decoded(Secret secret, String key) {
    return new String(
        Base64.getDecoder().decode(secret.getData().getOrDefault(key, "")), StandardCharsets.UTF_8);
  }
}
