package dev.partita.node.http;

import dev.partita.node.admin.AdminService;
import dev.partita.node.admin.BootstrapRequest;
import dev.partita.node.admin.IndexSpec;
import dev.partita.node.admin.IndexView;
import dev.partita.node.admin.NodeView;
import dev.partita.node.admin.OperationSpec;
import dev.partita.node.admin.OperationView;
import dev.partita.node.admin.PartitionSpec;
import dev.partita.node.admin.PartitionView;
import dev.partita.node.admin.RequestAnswer;
import dev.partita.node.admin.RowsPolicy;
import dev.partita.node.admin.StateView;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Singleton;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.DefaultValue;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.util.Locale;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/// The administration that the operator uses: observe the state, and submit what shall become of
/// it. Every call may be sent again.
@Path("/admin/v1")
@Singleton
@RunOnVirtualThread
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "administration")
@Requires(Right.OPERATOR)
public final class AdminResource {
  private final AdminService admin;
  private final Deadlines deadlines;

  AdminResource(NodeLifecycle lifecycle, Deadlines deadlines) {
    this.admin = lifecycle.node().admin();
    this.deadlines = deadlines;
  }

  @GET
  @Path("/node")
  @Operation(summary = "This node itself; answers also before it belongs to a cluster")
  public NodeView node() {
    return admin.node();
  }

  @POST
  @Path("/bootstrap")
  @Operation(summary = "Makes this node a founding member of a cluster's system partition")
  public NodeView bootstrap(BootstrapRequest request) {
    return admin.bootstrap(request);
  }

  @GET
  @Path("/state")
  @Operation(summary = "The whole observed state of the cluster")
  public StateView state() {
    return admin.state(deadlines.administration());
  }

  @PUT
  @Path("/partitions/{name}")
  @Operation(summary = "Creates a partition with its replicas")
  public PartitionView putPartition(@PathParam("name") String name, PartitionSpec spec) {
    return admin.putPartition(name, spec, deadlines.administration());
  }

  @DELETE
  @Path("/partitions/{name}")
  @Operation(summary = "Drops a partition; its rows stay on disk unless rows=delete")
  public void deletePartition(
      @PathParam("name") String name, @QueryParam("rows") @DefaultValue("retain") String rows) {
    admin.deletePartition(name, rowsPolicy(rows), deadlines.administration());
  }

  @PUT
  @Path("/indexes/{name}")
  @Operation(summary = "Creates an index, which is then built in the background")
  public IndexView putIndex(@PathParam("name") String name, IndexSpec spec) {
    return admin.putIndex(name, spec, deadlines.administration());
  }

  @DELETE
  @Path("/indexes/{name}")
  @Operation(summary = "Drops an index and its entries")
  public void deleteIndex(@PathParam("name") String name) {
    admin.deleteIndex(name, deadlines.administration());
  }

  @PUT
  @Path("/operations/{id}")
  @Operation(summary = "Starts an operation, or tells how the one with this id is getting on")
  public OperationView putOperation(@PathParam("id") String id, OperationSpec spec) {
    return admin.putOperation(id, spec, deadlines.administration());
  }

  @DELETE
  @Path("/operations/{id}")
  @Operation(summary = "Forgets a finished operation")
  public void deleteOperation(@PathParam("id") String id) {
    admin.deleteOperation(id, deadlines.administration());
  }

  @PUT
  @Path("/requests/{id}")
  @Operation(summary = "Answers a client's request for a custom resource")
  public void answerRequest(@PathParam("id") String id, RequestAnswer answer) {
    admin.answerRequest(id, answer, deadlines.administration());
  }

  static RowsPolicy rowsPolicy(String text) {
    for (RowsPolicy policy : RowsPolicy.values()) {
      if (policy.name().toLowerCase(Locale.ROOT).equals(text)) {
        return policy;
      }
    }
    throw new DatabaseException(ErrorCode.INVALID_REQUEST, "rows is 'retain' or 'delete'")
        .with("rows", text);
  }
}
