package dev.partita.node.partition;

import dev.partita.node.raft.NodeId;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.transport.CallFailure;
import dev.partita.node.transport.Transport;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/// The replicas of another node.
public final class RemotePartitions implements PartitionClient {

  private final Transport transport;
  private final NodeId peer;
  private final Clock clock;

  public RemotePartitions(Transport transport, NodeId peer, Clock clock) {
    this.transport = transport;
    this.peer = peer;
    this.clock = clock;
  }

  @Override
  public CompletableFuture<Response> handle(Request request, Deadline deadline) {
    Duration timeout = deadline.remaining(clock);
    if (timeout.isZero()) {
      return CompletableFuture.completedFuture(new Response.Unavailable("Time has run out"));
    }
    byte[] bytes = PartitionCodec.encode(request, Math.max(1, timeout.toMillis()));
    return transport
        .call(peer, LocalPartitions.SERVICE, bytes, timeout)
        .thenApply(PartitionCodec::decodeResponse)
        .exceptionally(failure -> refusal(request, failure));
  }

  private static Response refusal(Request request, Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    CallFailure.Kind kind =
        cause instanceof CallFailure call ? call.kind() : CallFailure.Kind.UNKNOWN;
    return switch (kind) {
      case NOT_SENT -> new Response.Unavailable("The node cannot be reached");
      case NO_SUCH_SERVICE -> new Response.Unavailable("The node is starting or stopping");
      case OVERLOADED -> new Response.Overloaded("Too much is waiting for the node");
      case UNKNOWN, FAILED ->
          request.changes()
              ? new Response.OutcomeUnknown("The node did not answer")
              : new Response.Unavailable("The node did not answer");
    };
  }
}
