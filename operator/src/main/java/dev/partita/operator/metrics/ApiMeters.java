package dev.partita.operator.metrics;

import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.HttpURLConnection;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;

/// Counts what is written to the API server, so that an operator which writes without end shows.
/// For any thread.
public final class ApiMeters implements Interceptor {

  /// Where a failed connection has no code.
  private static final int NO_ANSWER = 0;

  private final MeterRegistry registry;

  public ApiMeters(MeterRegistry registry) {
    this.registry = registry;
  }

  @Override
  public void after(
      HttpRequest request,
      HttpResponse<?> response,
      AsyncBody.Consumer<List<ByteBuffer>> consumer) {
    count(request, response.code());
  }

  @Override
  public void afterConnectionFailure(HttpRequest request, Throwable failure) {
    count(request, NO_ANSWER);
  }

  private void count(HttpRequest request, int code) {
    String resource = resource(request.uri().getPath());
    if (!request.method().equals("GET")) {
      OperatorMetric.API_WRITES
          .counter(registry, resource, request.method().toLowerCase(Locale.ROOT))
          .increment();
    }
    if (code == NO_ANSWER || code >= HttpURLConnection.HTTP_BAD_REQUEST) {
      OperatorMetric.API_ERRORS.counter(registry, resource, String.valueOf(code)).increment();
    }
  }

  /// The plural of the kind that a path speaks of, with its subresource: `partitions/status`. Names
  /// of objects and namespaces are left out.
  static String resource(String path) {
    String[] parts = path.replaceFirst("^/+", "").split("/", -1);
    // api/v1/..., apis/{group}/{version}/...
    int next = parts[0].equals("api") ? 2 : parts[0].equals("apis") ? 3 : parts.length;
    if (next + 2 < parts.length && parts[next].equals("namespaces")) {
      next += 2;
    }
    if (next >= parts.length || parts[next].isEmpty()) {
      return "other";
    }
    return next + 2 < parts.length ? parts[next] + "/" + parts[next + 2] : parts[next];
  }
}
