package dev.partita.node.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.Node;
import dev.partita.node.admin.AdminService;
import dev.partita.node.admin.PartitionView;
import dev.partita.node.admin.PartitionWish;
import dev.partita.node.catalog.ClaimPartitions;
import dev.partita.node.catalog.NodeEntry;
import dev.partita.node.catalog.ResourceName;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.raft.NodeId;
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
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/// Partitions as clients see them. Creating and deleting go through the catalog to the operator,
/// which makes or deletes the custom resource; the call returns when the partition serves or is
/// gone.
@Path("/v1/partitions")
@Singleton
@RunOnVirtualThread
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "partitions")
public final class PartitionsResource {
  /// The collection of a partition, an index or a query that names none.
  static final String DEFAULT_COLLECTION = "documents";

  private final Node node;
  private final AdminService admin;
  private final Deadlines deadlines;
  private final Caller caller;

  PartitionsResource(NodeLifecycle lifecycle, Deadlines deadlines, Caller caller) {
    this.node = lifecycle.node();
    this.admin = node.admin();
    this.deadlines = deadlines;
    this.caller = caller;
  }

  @POST
  @Requires(Right.ADMIN)
  @Operation(
      summary = "Creates a partition",
      description =
          "Bounds are given as range_start and range_end, or as range, hash or columns in the form of the custom"
              + " resource. replicas is 1, 3 (the default where there are nodes enough) or 5; placement is a list of"
              + " {\"site\": name, \"replicas\": number} that adds up to it, and without it replicas are spread over"
              + " all Sites; siteSelector selects Sites by labels in the place of a name, and an element without replicas"
              + " gives each edge Site a copy that does not vote. survive, leader, residency, split, deletionPolicy and"
              + " paused are those of the custom resource, and refused with the reason where they cannot be met."
              + " Answers 201 when the partition serves, and 202 where paused keeps it from being made.")
  public Response create(ObjectNode body) {
    PartitionBody request = new PartitionBody(body);
    String name = request.name();
    caller.require(Access.ADMIN, request.collection());
    PartitionWish wish = request.wish(defaultReplicas());
    Optional<PartitionView> created = admin.requestPartition(name, wish, deadlines.creation());
    String resource = created.map(PartitionView::name).orElseGet(() -> resourceName(name).value());
    return (created.isPresent() ? Response.status(Response.Status.CREATED) : Response.accepted())
        .location(URI.create("/v1/partitions/" + resource))
        .entity(created.map(this::json).orElseGet(() -> paused(resource, wish)))
        .build();
  }

  /// Of a custom resource that the operator leaves as it is: there is no partition yet.
  private static ObjectNode paused(String name, PartitionWish wish) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("name", name);
    json.put("collection", wish.collection());
    wish.bounds().properties().forEach(member -> json.set(member.getKey(), member.getValue()));
    json.put("state", "Paused");
    return json;
  }

  @GET
  @Requires(Right.SEE)
  @Operation(summary = "Lists the partitions")
  public ObjectNode list() {
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    ArrayNode data = answer.putArray("data");
    caller.seesEach();
    for (PartitionView partition : admin.state(deadlines.administration()).partitions()) {
      if (caller.sees(partition.collection())
          && !ClaimPartitions.isHidden(partition.collection())) {
        data.add(json(partition));
      }
    }
    return answer;
  }

  @GET
  @Requires(Right.SEE)
  @Path("/{name}")
  @Operation(summary = "Tells about one partition")
  public ObjectNode get(@PathParam("name") String name) {
    String resourceName = resourceName(name).value();
    return admin.state(deadlines.administration()).partitions().stream()
        .filter(partition -> partition.name().equals(resourceName))
        .filter(partition -> caller.sees(partition.collection()))
        .findFirst()
        .map(this::json)
        .orElseThrow(() ->
            new DatabaseException(ErrorCode.UNKNOWN_PARTITION, "there is no such partition")
                .with("partition", name));
  }

  @DELETE
  @Requires(Right.ADMIN)
  @Path("/{name}")
  @Operation(
      summary = "Deletes a partition",
      description =
          "What becomes of its rows is the deletion policy of its custom resource. Answers when it is gone.")
  public Response delete(@PathParam("name") String name) {
    caller.require(Access.ADMIN, get(name).path("collection").textValue());
    admin.requestPartitionDeletion(name, deadlines.creation());
    return Response.noContent().build();
  }

  static ResourceName resourceName(String name) {
    try {
      return ResourceName.of(name);
    } catch (IllegalArgumentException e) {
      throw new DatabaseException(ErrorCode.INVALID_REQUEST, "this is no name", e)
          .with("name", name)
          .with("reason", e.getMessage());
    }
  }

  /// A node of the `dev` profile is alone.
  private int defaultReplicas() {
    return node.settings().dev() ? 1 : PartitionWish.REPLICAS_DEFAULT;
  }

  private ObjectNode json(PartitionView partition) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("name", partition.name());
    json.put("collection", partition.collection());
    JsonNode bounds = partition.bounds();
    bounds.properties().forEach(member -> json.set(member.getKey(), member.getValue()));
    json.put("state", title(partition.state().name()));
    json.put("epoch", partition.epoch());
    json.put("leader", nodeName(partition.leaderNodeId()));
    json.put("leaderNodeId", partition.leaderNodeId());
    json.put("replicas", partition.replicas().size());
    json.put("rows", partition.rows());
    json.put("bytes", partition.bytes());
    json.put("operationsPerSecond", partition.operationsPerSecond());
    json.put("cpu", partition.cpu());
    json.set("hotKey", partition.hotKey());
    if (!partition.children().isEmpty()) {
      partition.children().forEach(json.putArray("children")::add);
    }
    return json;
  }

  /// The name of a node, as kubectl shows it.
  private @Nullable String nodeName(@Nullable String nodeId) {
    NodeEntry entry =
        nodeId == null ? null : node.catalog().nodes().get(new NodeId(Long.parseLong(nodeId)));
    return entry == null ? null : entry.name();
  }

  static String title(String constant) {
    return constant.charAt(0) + constant.substring(1).toLowerCase(java.util.Locale.ROOT);
  }
}
