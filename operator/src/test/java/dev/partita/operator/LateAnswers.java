package dev.partita.operator;

import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.fabric8.kubernetes.client.http.WebSocket;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/// A client that keeps answers back while something happens.
///
/// @param happening gets the request that was answered, and may take its time
record LateAnswers(HttpClient client, Consumer<HttpRequest> happening) implements HttpClient {

  /// A factory of such clients.
  static HttpClient.Factory factory(HttpClient.Factory factory, Consumer<HttpRequest> happening) {
    return () -> builder(factory.newBuilder(), happening);
  }

  private static HttpClient.Builder builder(
      HttpClient.Builder builder, Consumer<HttpRequest> happening) {
    return (HttpClient.Builder)
        Proxy.newProxyInstance(
            HttpClient.Builder.class.getClassLoader(),
            new Class<?>[] {HttpClient.Builder.class},
            (proxy, method, arguments) -> {
              try {
                Object result = method.invoke(builder, arguments);
                return result instanceof HttpClient built
                    ? new LateAnswers(built, happening)
                    : result instanceof HttpClient.Builder ? proxy : result;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(HttpRequest request, Class<T> type) {
    return client
        .sendAsync(request, type)
        .thenApplyAsync(
            answer -> {
              happening.accept(request);
              return answer;
            },
            work -> Thread.ofVirtual().name("late-answer").start(work));
  }

  @Override
  public CompletableFuture<HttpResponse<AsyncBody>> consumeBytes(
      HttpRequest request, AsyncBody.Consumer<List<ByteBuffer>> consumer) {
    return client.consumeBytes(request, consumer);
  }

  @Override
  public DerivedClientBuilder newBuilder() {
    return client.newBuilder();
  }

  @Override
  public WebSocket.Builder newWebSocketBuilder() {
    return client.newWebSocketBuilder();
  }

  @Override
  public HttpRequest.Builder newHttpRequestBuilder() {
    return client.newHttpRequestBuilder();
  }

  @Override
  public boolean isClosed() {
    return client.isClosed();
  }

  @Override
  public void close() {
    client.close();
  }
}
