package dev.partita.node.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.partition.ChangePosition;
import dev.partita.node.query.ChangePage;
import dev.partita.node.query.Changes;
import dev.partita.node.query.Queries;
import dev.partita.node.security.Access;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import io.smallrye.common.annotation.Blocking;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/// The changes of a collection, in the order of commits: in pages, or as a stream that ends with
/// its client.
@Path("/v1/collections/{collection}/changes")
@Singleton
@RunOnVirtualThread
@Tag(name = "changes")
public final class ChangesResource {
  private static final int WAIT_SECONDS_MAX = 30;

  /// How soon somebody who waits for a page is looked after.
  private static final Duration LOOK = Duration.ofMillis(100);

  private final Changes changes;
  private final ChangeStreams streams;
  private final Deadlines deadlines;
  private final Admission admission;
  private final PageAdmission pageAdmission;
  private final Draining draining;
  private final LogIn logIn;

  ChangesResource(
      NodeLifecycle lifecycle,
      ChangeStreams streams,
      Deadlines deadlines,
      Admission admission,
      PageAdmission pageAdmission,
      Draining draining,
      LogIn logIn) {
    this.changes = lifecycle.changes();
    this.streams = streams;
    this.deadlines = deadlines;
    this.admission = admission;
    this.pageAdmission = pageAdmission;
    this.draining = draining;
    this.logIn = logIn;
  }

  @GET
  @Blocking
  @RunOnVirtualThread
  @Requires(Right.READ)
  @Produces({MediaType.APPLICATION_JSON, "application/x-ndjson", MediaType.SERVER_SENT_EVENTS})
  @Operation(
      summary = "Follows the changes of a collection",
      description =
          "Every committed change behind 'start' (a timestamp, or a token of an earlier answer; now if there is none),"
              + " by commit timestamp and key. As application/json a page of at most 'limit', for which a client may"
              + " wait up to 'wait' seconds; as application/x-ndjson or text/event-stream all that come, with a mark"
              + " at least every second that tells up to where nothing is missing and where to go on. 'before' adds"
              + " what the document was before.")
  public CompletionStage<Response> changes(
      @PathParam("collection") String collection,
      @QueryParam("start") @Nullable String start,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("wait") @Nullable String wait,
      @QueryParam("before") boolean before,
      @HeaderParam("Last-Event-ID") @Nullable String lastEventId,
      @Context RoutingContext context) {
    ChangeFormat format = ChangeFormat.accepted(context.request().getHeader("Accept"));
    if (format != null) {
      Parameters.absent("limit", limit, "nothing for a stream");
      Parameters.absent("wait", wait, "nothing for a stream");
      return stream(collection, format, lastEventId == null ? start : lastEventId, before, context);
    }
    int most = Parameters.limit(limit, Pages.LIMIT_DEFAULT, Queries.LIMIT_MAX);
    int seconds = Parameters.wait(wait, WAIT_SECONDS_MAX);
    ObjectNode page =
        seconds == 0
            ? page(collection, start(collection, start), most, before, context)
            : awaited(collection, start, most, seconds, before, context);
    return CompletableFuture.completedFuture(Response.ok(page, MediaType.APPLICATION_JSON).build());
  }

  private ChangePosition start(String collection, @Nullable String start) {
    if (start == null || start.isEmpty()) {
      return changes.now(collection, deadlines.data());
    }
    Timestamp timestamp = Parameters.timestampOrNull(start);
    return timestamp == null
        ? changes.position(collection, start)
        : ChangePosition.behind(timestamp);
  }

  private ObjectNode page(
      String collection, ChangePosition start, int limit, boolean before, RoutingContext context) {
    try (Admission.Ticket _ = admission.admit(0)) {
      pageAdmission.admit(context);
      return json(
          collection, changes.page(collection, start, limit, before, deadlines.data()), before);
    }
  }

  /// Looks for changes with a limit of one until there are some: that costs less than a page.
  private ObjectNode awaited(
      String collection,
      @Nullable String start,
      int limit,
      int seconds,
      boolean before,
      RoutingContext context) {
    try (ChangeStreams.Stream waiting = streams.open()) {
      ChangePosition position = start(collection, start);
      Deadline end = deadlines.soon(Duration.ofSeconds(seconds));
      ChangePage found = changes.page(collection, position, 1, false, deadlines.data());
      while (found.changes().isEmpty() && !deadlines.isOver(end) && !draining.isDraining()) {
        Thread.sleep(LOOK);
        position = found.position();
        found = changes.page(collection, position, 1, false, deadlines.data());
        waiting.sent(0, found.resolved());
      }
      ObjectNode page = page(collection, position, limit, before, context);
      waiting.sent(page.get("data").size(), found.resolved());
      return page;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DatabaseException(ErrorCode.UNAVAILABLE, "interrupted", e);
    }
  }

  private ObjectNode json(String collection, ChangePage page, boolean before) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode data = json.putArray("data");
    page.changes().forEach(change -> data.add(ChangeFormat.json(change, before)));
    json.setAll(ChangeFormat.mark(page.resolved(), changes.token(collection, page.position())));
    json.put("more", page.more());
    return json;
  }

  /// @return never completed: the stream writes its answer by itself
  private CompletionStage<Response> stream(
      String collection,
      ChangeFormat format,
      @Nullable String start,
      boolean before,
      RoutingContext context) {
    ChangeStreams.Stream stream = streams.open();
    Lease.of(context).onEnd(stream::close);
    ChangePosition position = start(collection, start);
    // What cannot be read is refused before anything is sent.
    changes.page(collection, position, 1, false, deadlines.data());
    var subject =
        new ChangeStream.Subject(
            collection, format, before, allowed(collection, context), draining::isDraining);
    var sending = new ChangeStream(changes, streams, deadlines, subject, position, context);
    Thread.ofVirtual().name("changes").start(() -> sending.run(stream));
    return new CompletableFuture<>();
  }

  private BooleanSupplier allowed(String collection, RoutingContext context) {
    Principal principal = Authentication.principal(context);
    String header = context.request().getHeader("Authorization");
    return () ->
        principal != null
            && logIn
                .again(principal, header)
                .filter(now -> now.allows(Access.READ, collection))
                .isPresent();
  }
}
