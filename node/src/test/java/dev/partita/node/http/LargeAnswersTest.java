package dev.partita.node.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.jboss.resteasy.reactive.server.spi.ServerHttpResponse;
import org.jboss.resteasy.reactive.server.spi.ServerRequestContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LargeAnswersTest {
  private static final int LIMIT = 1 << 20;

  private final LargeAnswers answers = new LargeAnswers(LIMIT, Duration.ZERO);

  @Test
  void aSmallAnswerIsSentAtOnce() {
    Client client = new Client();
    answers.send(client.request(), bytes(1_000));
    assertThat(client.ended).isTrue();
    assertThat(client.received.toByteArray()).isEqualTo(bytes(1_000));
  }

  @Test
  void aLargeAnswerIsSentPieceByPieceAsItIsRead() throws Exception {
    Client client = new Client();
    Thread sender = send(client, bytes(700_000));
    while (!client.ended) {
      await().until(() -> client.ended || !client.pieces.isEmpty());
      // What is not read yet is one piece, however large the answer is.
      assertThat(client.pieces).hasSizeLessThanOrEqualTo(1);
      client.read();
    }
    sender.join();
    assertThat(client.received.toByteArray()).isEqualTo(bytes(700_000));
  }

  @Test
  void whatIsBeingSentIsBounded() throws Exception {
    Client slow = new Client();
    Thread sender = send(slow, bytes(700_000));
    await().until(() -> !slow.pieces.isEmpty());
    assertRefused(new Client(), bytes(700_000));
    assertThat(answers.refused()).isEqualTo(1);
    slow.leave();
    sender.join();
    assertThat(slow.reset).isTrue();
    // The one who left has given back what was kept for it.
    Client next = new Client();
    next.leave();
    answers.send(next.request(), bytes(LIMIT));
    assertThat(answers.refused()).isEqualTo(1);
  }

  private void assertRefused(Client client, byte[] body) {
    assertThatExceptionOfType(DatabaseException.class)
        .isThrownBy(() -> answers.send(client.request(), body))
        .satisfies(failure -> assertThat(failure.code()).isEqualTo(ErrorCode.OVERLOADED));
    assertThat(client.pieces).isEmpty();
    assertThat(client.ended).isFalse();
  }

  private Thread send(Client client, byte[] body) {
    return Thread.ofVirtual().start(() -> answers.send(client.request(), body));
  }

  private static byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    new Random(count).nextBytes(bytes);
    return bytes;
  }

  /// Reads one piece when it is told to.
  private static final class Client {
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final Queue<CompletableFuture<Void>> pieces = new ArrayDeque<>();
    private volatile boolean ended;
    private volatile boolean reset;
    private boolean gone;

    synchronized void read() {
      CompletableFuture<Void> piece = pieces.poll();
      if (piece != null) {
        piece.complete(null);
      }
    }

    synchronized void leave() {
      gone = true;
      pieces.forEach(piece -> piece.completeExceptionally(new IOException("gone")));
    }

    private synchronized CompletableFuture<Void> write(byte[] piece) {
      received.writeBytes(piece);
      CompletableFuture<Void> written =
          gone
              ? CompletableFuture.failedFuture(new IOException("gone"))
              : new CompletableFuture<>();
      pieces.add(written);
      return written;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // it goes to whoever has called
    ServerRequestContext request() {
      ServerHttpResponse response =
          fake(
              ServerHttpResponse.class,
              (method, argument) -> {
                switch (method) {
                  case "write" -> {
                    return write((byte[]) Objects.requireNonNull(argument));
                  }
                  case "end" -> {
                    if (argument instanceof byte[] whole) {
                      received.writeBytes(whole);
                    }
                    ended = true;
                  }
                  case "reset" -> reset = true;
                  case "setResponseHeader" -> {}
                  default -> throw new AssertionError(method);
                }
                return null;
              });
      return fake(ServerRequestContext.class, (_, _) -> response);
    }
  }

  private interface Answer {
    @Nullable Object to(String method, @Nullable Object argument);
  }

  private static <T> T fake(Class<T> type, Answer answer) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (_, method, arguments) ->
                answer.to(
                    method.getName(),
                    arguments == null || arguments.length == 0 ? null : arguments[0])));
  }
}
