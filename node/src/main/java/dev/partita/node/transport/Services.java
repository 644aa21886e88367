package dev.partita.node.transport;

import dev.partita.node.raft.NodeId;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The receivers of a node's incoming messages and requests, and the bound on requests in progress.
/// Thread-safe.
final class Services {
  private final ConcurrentHashMap<String, CallHandler> handlers = new ConcurrentHashMap<>();
  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicLong requestBytes = new AtomicLong();
  private final int requestsMax;
  private final long requestBytesMax;
  private final Traffic traffic;
  private volatile @Nullable MessageHandler messageHandler;

  Services(int requestsMax, long requestBytesMax, Traffic traffic) {
    this.traffic = traffic;
    this.requestsMax = requestsMax;
    this.requestBytesMax = requestBytesMax;
  }

  void register(String service, CallHandler handler) {
    if (handlers.putIfAbsent(service, handler) != null) {
      throw new IllegalStateException("The service has a handler already: " + service);
    }
  }

  void onMessage(MessageHandler handler) {
    messageHandler = handler;
  }

  void receive(NodeId from, byte[] message) {
    MessageHandler handler = messageHandler;
    if (handler != null) {
      handler.receive(from, message);
    }
  }

  /// Executes a request; the future fails with a [CallFailure] only.
  CompletableFuture<byte[]> execute(NodeId from, String service, byte[] request) {
    CallHandler handler = handlers.get(service);
    if (handler == null) {
      return failed(CallFailure.Kind.NO_SUCH_SERVICE, "No such service: " + service);
    }
    int inProgress = requests.incrementAndGet();
    long bytesInProgress = requestBytes.addAndGet(request.length);
    if (inProgress > requestsMax || bytesInProgress > requestBytesMax) {
      end(request);
      traffic.refusedRequests.increment();
      return failed(CallFailure.Kind.OVERLOADED, "Too many requests are in progress");
    }
    return invoke(handler, from, request)
        .handle((response, failure) -> {
          end(request);
          if (failure != null) {
            throw asCallFailure(failure);
          }
          return response;
        })
        .exceptionallyCompose(failure -> CompletableFuture.failedFuture(asCallFailure(failure)));
  }

  private void end(byte[] request) {
    requests.decrementAndGet();
    requestBytes.addAndGet(-request.length);
  }

  private static CompletableFuture<byte[]> invoke(
      CallHandler handler, NodeId from, byte[] request) {
    try {
      return handler.handle(from, request);
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private static CallFailure asCallFailure(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return cause instanceof CallFailure callFailure
        ? callFailure
        : new CallFailure(CallFailure.Kind.FAILED, String.valueOf(cause));
  }

  private static CompletableFuture<byte[]> failed(CallFailure.Kind kind, String message) {
    return CompletableFuture.failedFuture(new CallFailure(kind, message));
  }
}
