package dev.partita.node.document;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.raft.NodeId;
import dev.partita.node.time.CoarseTimeouts;
import dev.partita.node.transport.CallFailure;
import dev.partita.node.transport.Transport;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Brings statements to the node that has their transaction. A request is the action, the time that
/// remains, the id and the readable collection, each with its length in front, and the body; an
/// answer a byte 0 and JSON, or a byte 1 and a failure as JSON.
final class SessionCalls {
  private static final byte DONE = 0;
  private static final byte FAILED = 1;

  /// How much later than its timeout a call may be answered before it is given up.
  private static final Duration GRACE = Duration.ofSeconds(1);

  private SessionCalls() {}

  /// A statement on its way.
  ///
  /// @param readable the collection whose index it may look through; empty where it names none
  // Nobody compares calls.
  @SuppressWarnings("ArrayRecordComponent")
  record Call(SessionAction action, String id, byte[] body, String readable, long timeoutMillis) {}

  static ObjectNode send(Transport transport, NodeId to, String service, Call call) {
    byte[] id = call.id().getBytes(StandardCharsets.UTF_8);
    byte[] readable = call.readable().getBytes(StandardCharsets.UTF_8);
    int length =
        1 + Long.BYTES + 2 * Integer.BYTES + id.length + readable.length + call.body().length;
    byte[] request =
        ByteBuffer.allocate(length)
            .put((byte) call.action().code())
            .putLong(call.timeoutMillis())
            .putInt(id.length)
            .put(id)
            .putInt(readable.length)
            .put(readable)
            .put(call.body())
            .array();
    Duration timeout = Duration.ofMillis(Math.max(1, call.timeoutMillis()));
    try {
      byte[] answer =
          CoarseTimeouts.get(
              transport.call(to, service, request, timeout), timeout.plus(GRACE).toNanos());
      return read(answer);
    } catch (ExecutionException e) {
      throw unanswered(call, e.getCause());
    } catch (TimeoutException e) {
      throw unanswered(call, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unanswered(call, e);
    }
  }

  /// What is known if the node of the transaction does not answer.
  private static DatabaseException unanswered(Call call, @Nullable Throwable cause) {
    boolean notDone =
        cause instanceof CallFailure failure
            && failure.kind() != CallFailure.Kind.UNKNOWN
            && failure.kind() != CallFailure.Kind.FAILED;
    ErrorCode code =
        call.action() == SessionAction.COMMIT && !notDone
            ? ErrorCode.OUTCOME_UNKNOWN
            : ErrorCode.UNAVAILABLE;
    return new DatabaseException(code, "the node that has the transaction does not answer", cause)
        .with("transaction", call.id());
  }

  private static ObjectNode read(byte[] answer) {
    byte[] json = new byte[answer.length - 1];
    System.arraycopy(answer, 1, json, 0, json.length);
    if (!(DocumentParser.parse(json) instanceof ObjectNode object)) {
      throw new IllegalStateException("an answer is a JSON object");
    }
    if (answer[0] == DONE) {
      return object;
    }
    var failure =
        new DatabaseException(
            ErrorCode.valueOf(object.get("code").textValue()), object.get("text").textValue());
    object
        .get("context")
        .properties()
        .forEach(member -> failure.with(member.getKey(), member.getValue().textValue()));
    throw failure;
  }

  static CompletableFuture<byte[]> answer(
      byte[] request, Executor threads, Function<Call, ObjectNode> local) {
    ByteBuffer in = ByteBuffer.wrap(request);
    SessionAction action = SessionAction.of(in.get());
    long timeoutMillis = in.getLong();
    String id = text(in);
    String readable = text(in);
    byte[] body = new byte[in.remaining()];
    in.get(body);
    var call = new Call(action, id, body, readable, timeoutMillis);
    try {
      return CompletableFuture.supplyAsync(() -> answer(call, local), threads);
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private static String text(ByteBuffer in) {
    byte[] text = new byte[in.getInt()];
    in.get(text);
    return new String(text, StandardCharsets.UTF_8);
  }

  private static byte[] answer(Call call, Function<Call, ObjectNode> local) {
    try {
      return bytes(DONE, local.apply(call));
    } catch (DatabaseException e) {
      ObjectNode failure = JsonNodeFactory.instance.objectNode();
      failure.put("code", e.code().name());
      failure.put("text", e.text());
      ObjectNode context = failure.putObject("context");
      e.context().forEach(context::put);
      return bytes(FAILED, failure);
    }
  }

  private static byte[] bytes(byte status, ObjectNode json) {
    byte[] text = json.toString().getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(1 + text.length).put(status).put(text).array();
  }
}
