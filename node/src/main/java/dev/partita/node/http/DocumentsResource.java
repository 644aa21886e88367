package dev.partita.node.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.partita.node.document.DocumentParser;
import dev.partita.node.document.Documents;
import dev.partita.node.document.Documents.Outcome;
import dev.partita.node.document.ParsedDocument;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.key.PrimaryKeyText;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.query.Document;
import dev.partita.node.query.Page;
import dev.partita.node.query.Queries;
import dev.partita.node.query.RangeQuery;
import dev.partita.node.time.Timestamp;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/// Documents of a collection by primary key. A document's version is its entity tag, so `If-Match`
/// and `If-None-Match` make a write conditional (RFC 9110, section 13).
@Path("/v1/collections/{collection}/documents")
@Singleton
@RunOnVirtualThread
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "documents")
public final class DocumentsResource {
  private final Documents documents;
  private final Queries queries;
  private final Deadlines deadlines;
  private final Admission admission;
  private final PageAdmission pageAdmission;
  private final Staleness staleness;

  DocumentsResource(
      NodeLifecycle lifecycle,
      Deadlines deadlines,
      Admission admission,
      PageAdmission pageAdmission,
      Staleness staleness) {
    this.documents = lifecycle.documents();
    this.queries = lifecycle.queries();
    this.staleness = staleness;
    this.deadlines = deadlines;
    this.admission = admission;
    this.pageAdmission = pageAdmission;
  }

  @GET
  @Requires(Right.READ)
  @Operation(
      summary = "Lists a key range",
      description =
          "From 'start', inclusive, to 'end', exclusive, in the order of keys, at one snapshot over all pages: 'after'"
              + " and 'before' of an answer are cursors for the next and the previous page. With 'maxStaleness' (seconds) the"
              + " snapshot may be as old as that, if this node can answer then without the leaders. With 'columns' (names,"
              + " separated by commas) only these members are read.")
  public ObjectNode list(
      @PathParam("collection") String collection,
      @QueryParam("start") @Nullable String start,
      @QueryParam("end") @Nullable String end,
      @QueryParam("limit") @Nullable String limit,
      @QueryParam("after") @Nullable String after,
      @QueryParam("before") @Nullable String before,
      @QueryParam("order") @Nullable String order,
      @QueryParam("at") @Nullable String at,
      @QueryParam("maxStaleness") @Nullable String maxStaleness,
      @QueryParam("columns") @Nullable String columns,
      @Context RoutingContext context) {
    List<String> wanted = Parameters.columns(columns);
    Function<@Nullable Timestamp, RangeQuery> query =
        readAt ->
            new RangeQuery(
                collection,
                Parameters.key(start),
                Parameters.key(end),
                Parameters.order(order),
                Parameters.limit(limit, Pages.LIMIT_DEFAULT, Queries.LIMIT_MAX),
                Parameters.cursor(after, before),
                readAt,
                wanted);
    try (Admission.Ticket _ = admission.admit(0)) {
      pageAdmission.admit(context);
      Page<Document> page =
          staleness.read(
              Parameters.timestamp("at", at),
              Parameters.staleness(maxStaleness),
              () -> documents.readableUpTo(collection, wanted),
              readAt -> queries.range(query.apply(readAt), deadlines.data()));
      return Pages.json(page, document -> new RawValue(document.json().toString()));
    }
  }

  @GET
  @Requires(Right.READ)
  @Path("/{key}")
  @Operation(
      summary = "Reads a document",
      description =
          "The newest state, linearizably; with 'at' the state at that timestamp. With 'maxStaleness' (seconds) a state"
              + " as old as that at most, if this node can tell it without the leader; Partita-Read-At says of when. With"
              + " 'columns' (names, separated by commas) only these members are read; of a collection that is divided by"
              + " columns only their partitions are asked, and what has no row there is not found.")
  public Response get(
      @PathParam("collection") String collection,
      @PathParam("key") String keyText,
      @QueryParam("at") @Nullable String at,
      @QueryParam("maxStaleness") @Nullable String maxStaleness,
      @QueryParam("columns") @Nullable String columns) {
    PrimaryKey key = PrimaryKeyText.fromUrl(keyText);
    List<String> wanted = Parameters.columns(columns);
    try (Admission.Ticket _ = admission.admit(0)) {
      return staleness.read(
          Parameters.timestamp("at", at),
          Parameters.staleness(maxStaleness),
          () -> documents.readableUpTo(collection, key, wanted),
          readAt -> get(collection, key, wanted, readAt));
    }
  }

  private Response get(
      String collection,
      PrimaryKey key,
      @Nullable List<String> columns,
      @Nullable Timestamp readAt) {
    Document document = documents.get(collection, key, columns, readAt, deadlines.data());
    if (document == null) {
      throw notFound(collection, key);
    }
    return Response.ok(document.json().bytes())
        .header("ETag", tag(document.version()))
        .header(Staleness.HEADER, readAt)
        .build();
  }

  @PUT
  @Requires(Right.WRITE)
  @Path("/{key}")
  @Operation(
      summary = "Writes a document",
      description =
          "If-None-Match: * only creates it, If-Match: \"version\" only replaces that version. With 'columns' (names,"
              + " separated by commas) only these members are written: those that the document does not have are removed,"
              + " and others stay as they are.")
  public Response put(
      @PathParam("collection") String collection,
      @PathParam("key") String keyText,
      @HeaderParam("If-Match") @Nullable String ifMatch,
      @HeaderParam("If-None-Match") @Nullable String ifNoneMatch,
      @QueryParam("columns") @Nullable String columns,
      byte[] body) {
    PrimaryKey key = PrimaryKeyText.fromUrl(keyText);
    try (Admission.Ticket _ = admission.admit(body.length)) {
      ParsedDocument document = DocumentParser.withKey(key, body);
      Mutation mutation =
          Mutation.put(key, document.json()).when(Parameters.precondition(ifMatch, ifNoneMatch));
      MutationResult result =
          documents.write(collection, mutation, Parameters.columns(columns), deadlines.data());
      MutationResult.Written written = written(collection, key, result);
      return Response.status(written.existed() ? 200 : 201)
          .header("ETag", tag(written.version()))
          .entity(written(key, written.version()))
          .build();
    }
  }

  @DELETE
  @Requires(Right.WRITE)
  @Path("/{key}")
  @Operation(summary = "Deletes a document")
  public Response delete(
      @PathParam("collection") String collection,
      @PathParam("key") String keyText,
      @HeaderParam("If-Match") @Nullable String ifMatch) {
    PrimaryKey key = PrimaryKeyText.fromUrl(keyText);
    try (Admission.Ticket _ = admission.admit(0)) {
      Mutation mutation = Mutation.delete(key).when(Parameters.precondition(ifMatch, null));
      MutationResult.Written written =
          written(collection, key, documents.write(collection, mutation, deadlines.data()));
      if (!written.existed()) {
        throw notFound(collection, key);
      }
      return Response.noContent().header("ETag", tag(written.version())).build();
    }
  }

  @POST
  @Requires(Right.WRITE)
  @Operation(
      summary = "Writes one document or a batch",
      description =
          "Each document has its key in 'id'. onConflict=fail (the default) creates only, onConflict=replace writes over"
              + " what is there. A batch answers with one result for each document; with atomic=true all are written or"
              + " none, and all must lie in one partition.")
  public Response post(
      @PathParam("collection") String collection,
      @QueryParam("onConflict") @Nullable String onConflict,
      @QueryParam("atomic") boolean atomic,
      byte[] body) {
    boolean replace = Parameters.replaces(onConflict);
    try (Admission.Ticket _ = admission.admit(body.length)) {
      boolean batch = DocumentParser.isBatch(body);
      List<Mutation> mutations = new ArrayList<>();
      for (ParsedDocument document : DocumentParser.oneOrMany(body)) {
        mutations.add(
            replace
                ? Mutation.put(document.key(), document.json())
                : Mutation.insert(document.key(), document.json()));
      }
      return batch
          ? postBatch(collection, mutations, atomic)
          : postOne(collection, mutations.getFirst());
    }
  }

  private Response postOne(String collection, Mutation mutation) {
    PrimaryKey key = mutation.key();
    MutationResult.Written written =
        written(collection, key, documents.write(collection, mutation, deadlines.data()));
    return Response.status(written.existed() ? 200 : 201)
        .header("Location", Parameters.path(collection, key))
        .header("ETag", tag(written.version()))
        .entity(written(key, written.version()))
        .build();
  }

  private Response postBatch(String collection, List<Mutation> mutations, boolean atomic) {
    List<Outcome> outcomes = documents.write(collection, mutations, atomic, deadlines.data());
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    ArrayNode results = answer.putArray("results");
    boolean all = true;
    int status = 207;
    for (int i = 0; i < outcomes.size(); i++) {
      PrimaryKey key = mutations.get(i).key();
      DatabaseException failure =
          switch (outcomes.get(i)) {
            case Outcome.Failed failed -> failed.failure();
            case Outcome.Answered(MutationResult.Written written) -> {
              results.add(written(key, written.version()));
              yield null;
            }
            case Outcome.Answered(MutationResult result) -> refusal(collection, key, result);
          };
      if (failure != null) {
        all = false;
        status = atomic ? failure.code().httpStatus() : status;
        ObjectNode result = results.addObject();
        result.set("id", PrimaryKeyText.toJson(key));
        result.set("error", Problem.body(failure));
      }
    }
    return Response.status(all ? 200 : status).entity(answer).build();
  }

  private static MutationResult.Written written(
      String collection, PrimaryKey key, MutationResult result) {
    if (result instanceof MutationResult.Written written) {
      return written;
    }
    throw refusal(collection, key, result);
  }

  private static DatabaseException refusal(
      String collection, PrimaryKey key, MutationResult result) {
    DatabaseException failure =
        switch (result) {
          case MutationResult.Conflict(Timestamp current) ->
              current == null
                  ? new DatabaseException(ErrorCode.VERSION_CONFLICT, "the document does not exist")
                  : new DatabaseException(
                          ErrorCode.VERSION_CONFLICT, "the document has another version")
                      .with("version", current);
          case MutationResult.UniqueViolation(long _, String indexName) ->
              new DatabaseException(
                      ErrorCode.UNIQUE_VIOLATION,
                      "another document has the same terms in a unique index")
                  .with("index", indexName);
          case MutationResult.Unclaimed _ ->
              new DatabaseException(ErrorCode.UNAVAILABLE, "a unique index is being added");
          case MutationResult.Invalid(ErrorCode code, String reason) ->
              new DatabaseException(code, "the document cannot be stored").with("reason", reason);
          case MutationResult.NotApplied() ->
              new DatabaseException(
                  ErrorCode.REFUSED,
                  "not written, because another document of the atomic batch was refused");
          case MutationResult.Written _ -> throw new IllegalArgumentException("not a refusal");
        };
    return failure.with("collection", collection).with("key", key);
  }

  private static ObjectNode written(PrimaryKey key, Timestamp version) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.set("id", PrimaryKeyText.toJson(key));
    json.put("version", version.toString());
    return json;
  }

  private static DatabaseException notFound(String collection, PrimaryKey key) {
    return new DatabaseException(ErrorCode.NOT_FOUND, "there is no such document")
        .with("collection", collection)
        .with("key", key);
  }

  private static String tag(Timestamp version) {
    return '"' + version.toString() + '"';
  }
}
