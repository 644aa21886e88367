package dev.partita.node.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.partition.ChangePosition;
import dev.partita.node.query.Change;
import dev.partita.node.query.ChangePage;
import dev.partita.node.query.Changes;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Sends the changes of a collection to a client, page by page, for as long as it listens. Holds
/// one page at most: the next one is read when the client has taken that. For one thread, which
/// blocks.
final class ChangeStream {
  /// Changes in a page: enough to be worth the way to all partitions.
  private static final int LIMIT = 500;

  /// How soon the next changes are looked for: at first, doubled for as long as there are none.
  private static final Duration PAUSE_MIN = Duration.ofMillis(25);

  private static final Duration PAUSE_MAX = Duration.ofMillis(400);

  /// How often the client hears where it stands, at least.
  static final Duration MARK_EVERY = Duration.ofSeconds(1);

  /// How long one page may take: a partition that is without a leader must not keep the client from
  /// hearing that the node is there.
  static final Duration PAGE = Duration.ofSeconds(2);

  /// How long a client may take for a piece before it counts as gone. It can go on with its token.
  private static final Duration SEND = Duration.ofSeconds(30);

  /// What is on its way to the client at a time.
  private static final int PIECE_BYTES = 64 << 10;

  private static final Logger LOG = Logger.getLogger(ChangeStream.class);

  /// What a stream is about.
  ///
  /// @param before whether changes are to bring the documents that were there before
  /// @param allowed whether the client may still read the collection
  /// @param ending whether the node is being stopped
  record Subject(
      String collection,
      ChangeFormat format,
      boolean before,
      BooleanSupplier allowed,
      BooleanSupplier ending) {}

  private final Changes changes;
  private final ChangeStreams streams;
  private final Deadlines deadlines;
  private final Subject subject;
  private final RoutingContext context;

  private ChangePosition position;
  private Timestamp resolved;
  private long markedNanos = System.nanoTime();

  ChangeStream(
      Changes changes,
      ChangeStreams streams,
      Deadlines deadlines,
      Subject subject,
      ChangePosition start,
      RoutingContext context) {
    this.changes = changes;
    this.streams = streams;
    this.deadlines = deadlines;
    this.subject = subject;
    this.position = start;
    this.resolved = start.passed();
    this.context = context;
  }

  /// Sends until the client goes, the node stops, or something cannot be read any more.
  ///
  /// Writes to the connection itself: the stream that Quarkus gives to resources closes the whole
  /// connection, with all other requests on it, when a client cancels this one.
  ///
  /// @param stream closed in the end
  void run(ChangeStreams.Stream stream) {
    HttpServerResponse response = context.response();
    try (stream) {
      response
          .setChunked(true)
          .putHeader(HttpHeaders.CONTENT_TYPE, subject.format().mediaType())
          .putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
      write(mark());
      send(stream);
      if (!response.closed()) {
        var _ = response.end();
      }
    } catch (IOException e) {
      LOG.debug("a client that followed changes has gone", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      response.reset();
    } catch (RuntimeException e) {
      LOG.error("a stream of changes failed by a defect", e);
      response.reset();
    }
  }

  private void send(ChangeStreams.Stream stream) throws IOException, InterruptedException {
    try {
      sendPages(stream);
    } catch (DatabaseException e) {
      write(subject.format().failure(e).getBytes(UTF_8));
    }
  }

  private void sendPages(ChangeStreams.Stream stream) throws IOException, InterruptedException {
    Duration pause = PAUSE_MIN;
    while (!context.response().closed()) {
      ChangePage page = null;
      try (ChangeStreams.Room room = streams.page(MARK_EVERY)) {
        page = room == null ? null : next(deadlines.soon(PAGE));
        if (room != null && page != null) {
          byte[] text = text(page);
          room.shrink(text.length);
          write(text);
          stream.sent(page.changes().size(), resolved);
        }
      }
      if (subject.ending().getAsBoolean()) {
        write(mark());
        return;
      }
      if (!subject.allowed().getAsBoolean()) {
        throw new DatabaseException(
            ErrorCode.FORBIDDEN, "the right to read the collection has been taken away");
      }
      if (System.nanoTime() - markedNanos >= MARK_EVERY.toNanos()) {
        write(mark());
      }
      boolean idle = page == null || page.changes().isEmpty();
      pause = idle ? shorter(pause.multipliedBy(2), PAUSE_MAX) : PAUSE_MIN;
      if (page == null || !page.more()) {
        Thread.sleep(pause);
      }
    }
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  /// Reads a page; null if that is not possible for now.
  private @Nullable ChangePage next(Deadline deadline) {
    try {
      ChangePage page =
          changes.page(subject.collection(), position, LIMIT, subject.before(), deadline);
      position = page.position();
      resolved = Timestamp.later(resolved, page.resolved());
      return page;
    } catch (DatabaseException e) {
      if (e.code().isRetryable()) {
        return null;
      }
      throw e;
    }
  }

  private byte[] text(ChangePage page) {
    var text = new StringBuilder();
    for (Change change : page.changes()) {
      String token = token(new ChangePosition(change.timestamp(), change.key()));
      text.append(subject.format().change(change, subject.before(), token));
    }
    byte[] changes = text.toString().getBytes(UTF_8);
    if (page.changes().isEmpty() || page.more()) {
      return changes;
    }
    byte[] mark = mark();
    byte[] both = Arrays.copyOf(changes, changes.length + mark.length);
    System.arraycopy(mark, 0, both, changes.length, mark.length);
    return both;
  }

  private byte[] mark() {
    markedNanos = System.nanoTime();
    return subject.format().resolved(resolved, token(position)).getBytes(UTF_8);
  }

  private String token(ChangePosition at) {
    return changes.token(subject.collection(), at);
  }

  /// Sends, piece by piece as the client takes it.
  private void write(byte[] text) throws IOException, InterruptedException {
    HttpServerResponse response = context.response();
    for (int from = 0; from < text.length; from += PIECE_BYTES) {
      byte[] piece = Arrays.copyOfRange(text, from, Math.min(text.length, from + PIECE_BYTES));
      try {
        response
            .write(Buffer.buffer(piece))
            .toCompletionStage()
            .toCompletableFuture()
            .get(SEND.toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        response.reset();
        throw new IOException("the client does not read", e);
      } catch (ExecutionException | IllegalStateException e) {
        throw new IOException("the client has gone", e);
      }
    }
  }
}
