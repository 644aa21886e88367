package dev.partita.node.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.NodeEntry;
import dev.partita.node.catalog.RecoveryEntry;
import dev.partita.node.raft.NodeId;
import dev.partita.node.recovery.Recovery;
import dev.partita.node.recovery.RecoveryPlan;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Singleton;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/// The way out when a quorum is lost for good. Nothing here is ever called by the operator or by
/// nodes.
@Path("/v1/recovery")
@Singleton
@RunOnVirtualThread
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "recovery")
@Requires(Right.ADMINISTRATOR)
public final class RecoveryResource {
  private static final String LOST = "lost";
  private static final String EDGES = "edges";
  private static final String PLAN = "plan";

  private final Recovery recovery;
  private final Deadlines deadlines;

  RecoveryResource(NodeLifecycle lifecycle, Deadlines deadlines) {
    this.recovery = lifecycle.node().recovery();
    this.deadlines = deadlines;
  }

  @GET
  @Operation(summary = "Tells which recoveries there were, and what they may have lost")
  public ObjectNode get() {
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    ArrayNode data = answer.putArray("data");
    Catalog catalog = recovery.catalog();
    catalog.recoveries().values().forEach(entry -> data.add(json(catalog, entry)));
    return answer;
  }

  @POST
  @Path("/plan")
  @Operation(
      summary = "Tells what would become of groups without a quorum if nodes were given up",
      description =
          "'lost' are the names or ids of the nodes to be given up. 'edges' are nodes at the edge that a group may go on from. Changes nothing.")
  public ObjectNode plan(@Nullable ObjectNode body) {
    RequestBody request = new RequestBody(body, Set.of(LOST, EDGES));
    return json(recovery.plan(texts(request, LOST), texts(request, EDGES)));
  }

  @POST
  @Path("/apply")
  @Operation(
      summary = "Gives up nodes for ever; what only they have is lost",
      description =
          "'plan' is the id of a plan for the same 'lost' and 'edges'. Refused if anything has changed since.")
  public ObjectNode apply(@Nullable ObjectNode body) {
    RequestBody request = new RequestBody(body, Set.of(PLAN, LOST, EDGES));
    Recovery.Outcome outcome =
        recovery.apply(
            request.requiredText(PLAN),
            texts(request, LOST),
            texts(request, EDGES),
            deadlines.creation());
    ObjectNode answer = json(outcome.plan());
    ObjectNode failures = answer.putObject("failures");
    outcome.failures().forEach(failures::put);
    return answer;
  }

  @POST
  @Path("/{id}/acknowledge")
  @Operation(summary = "Notes that a person has seen to what a recovery may have lost")
  public void acknowledge(@PathParam("id") String id) {
    recovery.acknowledge(id, deadlines.administration());
  }

  private static List<String> texts(RequestBody request, String member) {
    List<String> texts = new ArrayList<>();
    for (JsonNode one : request.list(member)) {
      if (!one.isTextual()) {
        throw RequestBody.wrong(member, "an array of texts");
      }
      texts.add(one.textValue());
    }
    return texts;
  }

  private ObjectNode json(RecoveryPlan plan) {
    Catalog catalog = recovery.catalog();
    ObjectNode json = JsonNodeFactory.instance.objectNode().put("id", plan.id());
    json.set(LOST, nodes(catalog, plan.lost()));
    json.set("survivors", nodes(catalog, plan.survivors()));
    ArrayNode groups = json.putArray("groups");
    for (RecoveryPlan.GroupPlan group : plan.groups()) {
      ObjectNode one =
          groups.addObject().put("id", Long.toString(group.group())).put("name", group.name());
      one.set("kept", node(catalog, group.kept()));
      one.set("voters", nodes(catalog, group.voters()));
      one.set("learners", nodes(catalog, group.learners()));
      one.put("lastIndex", group.lastIndex())
          .put("lastTerm", group.lastTerm())
          .put("commitIndex", group.commitIndex())
          .put("loss", group.loss());
    }
    texts(json.putArray("gone"), plan.gone());
    json.put("whole", plan.whole());
    texts(json.putArray("refusals"), plan.refusals());
    texts(json.putArray("warnings"), plan.warnings());
    return json;
  }

  private static ObjectNode json(Catalog catalog, RecoveryEntry entry) {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("id", entry.id())
            .put("at", Instant.ofEpochMilli(entry.atMillis()).toString())
            .put("acknowledged", entry.acknowledged());
    json.set(LOST, nodes(catalog, entry.lost()));
    ArrayNode groups = json.putArray("groups");
    for (RecoveryEntry.Recovered group : entry.groups()) {
      ObjectNode one =
          groups.addObject().put("id", Long.toString(group.group())).put("name", group.name());
      one.set("kept", node(catalog, group.kept()));
      one.put("lastIndex", group.lastIndex()).put("loss", group.loss());
    }
    return json;
  }

  private static void texts(ArrayNode array, List<String> texts) {
    texts.forEach(array::add);
  }

  private static ArrayNode nodes(Catalog catalog, Collection<NodeId> nodes) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    new TreeSet<>(nodes).forEach(node -> array.add(node(catalog, node)));
    return array;
  }

  private static ObjectNode node(Catalog catalog, NodeId id) {
    NodeEntry entry = catalog.nodes().get(id);
    return JsonNodeFactory.instance
        .objectNode()
        .put("id", id.toString())
        .put("name", entry == null ? "" : entry.name());
  }
}
