package dev.partita.node.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.admin.AdminService;
import dev.partita.node.admin.IndexSpec;
import dev.partita.node.admin.IndexView;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.security.Access;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Singleton;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/// Indexes as clients see them. Like partitions they are custom resources that the operator makes.
@Path("/v1/indexes")
@Singleton
@RunOnVirtualThread
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "indexes")
public final class IndexesResource {
  private static final Set<String> MEMBERS =
      Set.of("name", "collection", "terms", "values", "unique");

  private final AdminService admin;
  private final Deadlines deadlines;
  private final Caller caller;

  IndexesResource(NodeLifecycle lifecycle, Deadlines deadlines, Caller caller) {
    this.admin = lifecycle.node().admin();
    this.deadlines = deadlines;
    this.caller = caller;
  }

  @POST
  @Requires(Right.ADMIN)
  @Operation(
      summary = "Creates an index",
      description =
          "A term is a field name or {\"field\": name}, a value likewise with an optional \"descending\". Answers 201"
              + " when every row has its entries.")
  public Response create(ObjectNode body) {
    RequestBody request = new RequestBody(body, MEMBERS);
    IndexSpec spec =
        new IndexSpec(
            request.text("collection", PartitionsResource.DEFAULT_COLLECTION),
            request.list("terms").stream().map(term -> new IndexSpec.Term(field(term))).toList(),
            request.list("values").stream()
                .map(value ->
                    new IndexSpec.Value(field(value), value.path("descending").asBoolean()))
                .toList(),
            request.flag("unique"));
    caller.require(Access.ADMIN, spec.collection());
    IndexView created =
        admin.requestIndex(request.requiredText("name"), spec, deadlines.creation());
    return Response.created(URI.create("/v1/indexes/" + created.name()))
        .entity(json(created))
        .build();
  }

  @GET
  @Requires(Right.SEE)
  @Operation(summary = "Lists the indexes")
  public ObjectNode list() {
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    ArrayNode data = answer.putArray("data");
    caller.seesEach();
    for (IndexView index : admin.state(deadlines.administration()).indexes()) {
      if (caller.sees(index.collection())) {
        data.add(json(index));
      }
    }
    return answer;
  }

  @GET
  @Requires(Right.SEE)
  @Path("/{name}")
  @Operation(summary = "Tells about one index")
  public ObjectNode get(@PathParam("name") String name) {
    String resourceName = PartitionsResource.resourceName(name).value();
    return admin.state(deadlines.administration()).indexes().stream()
        .filter(index -> index.name().equals(resourceName))
        .filter(index -> caller.sees(index.collection()))
        .findFirst()
        .map(IndexesResource::json)
        .orElseThrow(() ->
            new DatabaseException(ErrorCode.UNKNOWN_INDEX, "there is no such index")
                .with("index", name));
  }

  @DELETE
  @Requires(Right.ADMIN)
  @Path("/{name}")
  @Operation(summary = "Deletes an index")
  public Response delete(@PathParam("name") String name) {
    caller.require(Access.ADMIN, get(name).path("collection").textValue());
    admin.requestIndexDeletion(name, deadlines.creation());
    return Response.noContent().build();
  }

  private static String field(JsonNode termOrValue) {
    JsonNode field = termOrValue.isObject() ? termOrValue.path("field") : termOrValue;
    if (!field.isTextual() || field.textValue().isEmpty()) {
      throw new DatabaseException(
              ErrorCode.INVALID_DEFINITION, "a term or value is a field name or {\"field\": name}")
          .with("given", termOrValue);
    }
    return field.textValue();
  }

  private static ObjectNode json(IndexView index) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("name", index.name());
    json.put("collection", index.collection());
    ArrayNode terms = json.putArray("terms");
    index.terms().forEach(term -> terms.addObject().put("field", term.field()));
    ArrayNode values = json.putArray("values");
    index
        .values()
        .forEach(value ->
            values.addObject().put("field", value.field()).put("descending", value.descending()));
    json.put("unique", index.unique());
    json.put("state", PartitionsResource.title(index.state().name()));
    json.put("progress", index.progress());
    json.put("entries", index.entries());
    if (index.message() != null) {
      json.put("message", index.message());
    }
    return json;
  }
}
