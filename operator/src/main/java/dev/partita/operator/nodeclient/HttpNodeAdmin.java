package dev.partita.operator.nodeclient;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.partita.crd.DeletionPolicy;
import dev.partita.crd.IndexSpec;
import dev.partita.tls.TlsSockets;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/// The administration API over HTTP and JSON, with certificates on both sides where the nodes have
/// them. Thread-safe.
///
/// A status from 400 to 499 is a refusal, except 408, 421, 425 and 429; those, 500 and above, and
/// every failure of the connection mean that another node, or the same one later, may answer.
public final class HttpNodeAdmin implements NodeAdmin, AutoCloseable {

  /// Tells a node which cluster is meant.
  private static final String CLUSTER_HEADER = "Partita-Cluster";

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

  /// For a whole answer: reconcile threads, and the one that observes, wait for these calls.
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(5);

  private static final String[] PROTOCOLS = {"TLSv1.3"};

  private static final int REFUSED_MIN = 400;
  private static final int UNAVAILABLE_MIN = 500;
  private static final int REQUEST_TIMEOUT_STATUS = 408;

  /// A node of another cluster has the address now.
  private static final int MISDIRECTED_STATUS = 421;

  private static final int TOO_EARLY_STATUS = 425;
  private static final int TOO_MANY_REQUESTS_STATUS = 429;

  private final ObjectMapper mapper =
      JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();
  private final OperatorCredentials credentials;
  private final HttpClient plainClient = newClient().build();
  private final Map<String, HttpClient> clients = new ConcurrentHashMap<>();

  /// @param credentials for nodes with certificates
  public HttpNodeAdmin(OperatorCredentials credentials) {
    this.credentials = credentials;
  }

  private static HttpClient.Builder newClient() {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(CONNECT_TIMEOUT);
  }

  @Override
  public Answer<NodeView> node(Endpoint endpoint) {
    return call(endpoint, "GET", "node", null, NodeView.class);
  }

  @Override
  public Answer<Nothing> bootstrap(Endpoint endpoint, Bootstrap bootstrap) {
    return call(endpoint, "POST", "bootstrap", bootstrap, Nothing.class);
  }

  @Override
  public Answer<ClusterView> state(Endpoint endpoint) {
    return call(endpoint, "GET", "state", null, ClusterView.class);
  }

  @Override
  public Answer<PartitionView> putPartition(
      Endpoint endpoint, String name, PartitionRequest request) {
    return call(endpoint, "PUT", "partitions/" + encode(name), request, PartitionView.class);
  }

  @Override
  public Answer<Nothing> deletePartition(Endpoint endpoint, String name, DeletionPolicy policy) {
    String rows = policy.name().toLowerCase(Locale.ROOT);
    return call(
        endpoint, "DELETE", "partitions/" + encode(name) + "?rows=" + rows, null, Nothing.class);
  }

  @Override
  public Answer<IndexView> putIndex(Endpoint endpoint, String name, IndexSpec spec) {
    return call(endpoint, "PUT", "indexes/" + encode(name), spec, IndexView.class);
  }

  @Override
  public Answer<Nothing> deleteIndex(Endpoint endpoint, String name) {
    return call(endpoint, "DELETE", "indexes/" + encode(name), null, Nothing.class);
  }

  @Override
  public Answer<OperationView> putOperation(Endpoint endpoint, String id, OperationSpec spec) {
    return call(endpoint, "PUT", "operations/" + encode(id), spec, OperationView.class);
  }

  @Override
  public Answer<Nothing> deleteOperation(Endpoint endpoint, String id) {
    return call(endpoint, "DELETE", "operations/" + encode(id), null, Nothing.class);
  }

  @Override
  public Answer<Nothing> answerRequest(Endpoint endpoint, String id, RequestAnswer answer) {
    return call(endpoint, "PUT", "requests/" + encode(id), answer, Nothing.class);
  }

  @Override
  public void close() {
    plainClient.shutdownNow();
    clients.values().forEach(HttpClient::shutdownNow);
  }

  private <T> Answer<T> call(
      Endpoint endpoint, String method, String path, @Nullable Object body, Class<T> type) {
    Optional<HttpClient> client = client(endpoint.realm());
    if (client.isEmpty()) {
      return new Answer.Unreachable<>("the operator has no certificate yet");
    }
    try {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(uri(endpoint, path))
              .header("Content-Type", "application/json")
              .method(method, publisher(body));
      if (endpoint.clusterId() != null) {
        request.header(CLUSTER_HEADER, endpoint.clusterId());
      }
      return answer(send(client.get(), request.build()), type);
    } catch (IOException e) {
      return new Answer.Unreachable<>(endpoint.node() + " does not answer: " + e);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return new Answer.Unreachable<>("interrupted");
    }
  }

  /// The client's own timeout would end with the answer's headers, and wait forever for the rest.
  private static HttpResponse<String> send(HttpClient client, HttpRequest request)
      throws IOException, InterruptedException {
    CompletableFuture<HttpResponse<String>> sent =
        client.sendAsync(request, BodyHandlers.ofString(StandardCharsets.UTF_8));
    try {
      return sent.get(REQUEST_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException _) {
      throw new HttpTimeoutException("no whole answer within " + REQUEST_TIMEOUT);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
    } finally {
      sent.cancel(true);
    }
  }

  private static URI uri(Endpoint endpoint, String path) {
    String scheme = endpoint.realm() == null ? "http" : "https";
    return URI.create(scheme + "://" + endpoint.address() + "/admin/v1/" + path);
  }

  /// One for each database; each of its handshakes uses the newest certificate.
  private Optional<HttpClient> client(@Nullable String realm) {
    if (realm == null) {
      return Optional.of(plainClient);
    }
    HttpClient known = clients.get(realm);
    if (known != null) {
      return Optional.of(known);
    }
    return credentials
        .sockets(realm)
        .map(sockets -> clients.computeIfAbsent(realm, _ -> securedClient(sockets)));
  }

  private static HttpClient securedClient(TlsSockets sockets) {
    return newClient()
        .sslContext(sockets.context())
        .sslParameters(new SSLParameters(null, PROTOCOLS.clone()))
        .build();
  }

  private BodyPublisher publisher(@Nullable Object body) throws JsonProcessingException {
    return body == null
        ? BodyPublishers.noBody()
        : BodyPublishers.ofString(mapper.writeValueAsString(body));
  }

  private <T> Answer<T> answer(HttpResponse<String> response, Class<T> type)
      throws JsonProcessingException {
    int status = response.statusCode();
    if (status < REFUSED_MIN) {
      return new Answer.Done<>(
          type == Nothing.class
              ? type.cast(Nothing.NOTHING)
              : mapper.readValue(response.body(), type));
    }
    if (status >= UNAVAILABLE_MIN
        || status == REQUEST_TIMEOUT_STATUS
        || status == MISDIRECTED_STATUS
        || status == TOO_EARLY_STATUS
        || status == TOO_MANY_REQUESTS_STATUS) {
      return new Answer.Unreachable<>("status " + status + ": " + response.body());
    }
    return refusal(status, response.body());
  }

  private <T> Answer<T> refusal(int status, String body) {
    try {
      JsonNode problem = mapper.readTree(body);
      String detail = problem.path("detail").asText(problem.path("title").asText(body));
      String with = problem.path("with").asText("");
      return new Answer.Refused<>(
          status, problem.path("code").asText(""), detail, with.isEmpty() ? null : with);
    } catch (JsonProcessingException _) {
      return new Answer.Refused<>(status, "", body, null);
    }
  }

  private static String encode(String segment) {
    return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
