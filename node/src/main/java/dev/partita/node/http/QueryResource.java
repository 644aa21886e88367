package dev.partita.node.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.JsonData;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKeyText;
import dev.partita.node.query.Document;
import dev.partita.node.query.IndexHit;
import dev.partita.node.query.IndexQuery;
import dev.partita.node.query.Page;
import dev.partita.node.query.Queries;
import dev.partita.node.time.Timestamp;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/// Queries of an index.
@Path("/v1/query")
@Singleton
@RunOnVirtualThread
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "queries")
public final class QueryResource {
  private static final Set<String> MEMBERS =
      Set.of(
          "index",
          "partition",
          "terms",
          "limit",
          "after",
          "before",
          "order",
          "at",
          "maxStaleness",
          "documents",
          "columns");

  private final NodeLifecycle lifecycle;
  private final Deadlines deadlines;
  private final Admission admission;
  private final PageAdmission pageAdmission;
  private final Staleness staleness;
  private final Caller caller;

  QueryResource(
      NodeLifecycle lifecycle,
      Deadlines deadlines,
      Admission admission,
      PageAdmission pageAdmission,
      Staleness staleness,
      Caller caller) {
    this.lifecycle = lifecycle;
    this.deadlines = deadlines;
    this.admission = admission;
    this.pageAdmission = pageAdmission;
    this.staleness = staleness;
    this.caller = caller;
  }

  @POST
  @Requires(Right.READ)
  @Operation(
      summary = "Queries an index",
      description =
          "Gives the entries with these terms (or beginning with them), on one partition or on all, ordered by the"
              + " index's values and then by key, at one snapshot over all pages. Each element has the row's 'id' and the"
              + " covered values by their field names; with documents=true the whole document as well, or those members"
              + " of it that 'columns' names. With 'maxStaleness'"
              + " (seconds) the snapshot may be as old as that, if this node can answer then without the leaders.")
  public ObjectNode query(ObjectNode body, @Context RoutingContext context) {
    RequestBody request = new RequestBody(body, MEMBERS);
    String name = PartitionsResource.resourceName(request.requiredText("index")).value();
    String partition = request.optionalText("partition");
    boolean documents = request.flag("documents");
    List<String> columns = Parameters.columns(request);
    if (columns != null && !documents) {
      throw RequestBody.wrong("columns", "nothing, unless documents is true");
    }
    Function<@Nullable Timestamp, IndexQuery> query =
        readAt ->
            new IndexQuery(
                name,
                partition == null ? null : PartitionsResource.resourceName(partition).value(),
                request.list("terms").stream().map(QueryResource::term).toList(),
                Parameters.order(request.optionalText("order")),
                request.number("limit", Pages.LIMIT_DEFAULT, Queries.LIMIT_MAX),
                Parameters.cursor(request.optionalText("after"), request.optionalText("before")),
                readAt,
                documents,
                columns);
    caller.requireReadable(lifecycle.node().router().index(name), name);
    try (Admission.Ticket _ = admission.admit(0)) {
      pageAdmission.admit(context);
      Page<IndexHit> page =
          staleness.read(
              Parameters.timestamp("at", request.optionalText("at")),
              request.number("maxStaleness", 0, Staleness.SECONDS_MAX),
              () -> readableUpTo(name, documents, columns),
              readAt -> lifecycle.queries().index(query.apply(readAt), deadlines.data()));
      List<String> fields = valueFields(name);
      return Pages.json(page, hit -> element(hit, fields, documents));
    }
  }

  /// Where a collection is divided by columns, by the entries alone only if these are all.
  private @Nullable Timestamp readableUpTo(
      String index, boolean documents, @Nullable List<String> columns) {
    var definition = lifecycle.node().router().index(index);
    if (definition == null) {
      return null;
    }
    List<String> read = new ArrayList<>(definition.columns());
    if (documents && columns != null) {
      read.addAll(columns);
    }
    return lifecycle
        .documents()
        .readableUpTo(definition.collection(), documents && columns == null ? null : read);
  }

  private List<String> valueFields(String index) {
    var definition = lifecycle.node().router().index(index);
    return definition == null
        ? List.of()
        : definition.values().stream().map(value -> value.field().toString()).toList();
  }

  private static Datum term(JsonNode json) {
    try {
      return JsonData.datum(json);
    } catch (IllegalArgumentException e) {
      throw new DatabaseException(
              ErrorCode.INVALID_REQUEST,
              "a term is null, true, false, a number, a text or an array",
              e)
          .with("given", json);
    }
  }

  private static RawValue element(IndexHit hit, List<String> fields, boolean documents) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.set("id", PrimaryKeyText.toJson(hit.key()));
    JsonNode values = JsonData.parse(hit.values().toString());
    for (int i = 0; i < fields.size(); i++) {
      json.set(fields.get(i), values.path(i));
    }
    @Nullable Document document = hit.document();
    if (document != null) {
      json.putRawValue("document", new RawValue(document.json().toString()));
    } else if (documents) {
      json.putNull("document");
    }
    return new RawValue(json);
  }
}
