package dev.partita.node.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.admin.SettingsAdmin;
import dev.partita.node.catalog.DatabaseSettings;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.partition.CommitProtocolKind;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Singleton;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/// What holds for the whole database.
@Path("/v1/settings")
@Singleton
@RunOnVirtualThread
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "settings")
@Requires(Right.ADMINISTRATOR)
public final class SettingsResource {
  private static final String COMMIT_PROTOCOL = "commitProtocol";
  private static final Set<String> MEMBERS = Set.of(COMMIT_PROTOCOL);

  private final SettingsAdmin settings;
  private final Deadlines deadlines;

  SettingsResource(NodeLifecycle lifecycle, Deadlines deadlines) {
    this.settings = lifecycle.node().databaseSettings();
    this.deadlines = deadlines;
  }

  @GET
  @Operation(summary = "Tells what holds for the whole database")
  public ObjectNode get() {
    return json(settings.settings());
  }

  @PUT
  @Operation(
      summary = "Changes what holds for the whole database",
      description =
          "'commitProtocol' (2pc or 3pc) is how transactions commit that do not say how. What is left out stays.")
  public ObjectNode put(@Nullable ObjectNode body) {
    RequestBody request = new RequestBody(body, MEMBERS);
    String protocol = request.optionalText(COMMIT_PROTOCOL);
    DatabaseSettings next =
        protocol == null ? settings.settings() : new DatabaseSettings(protocol(protocol));
    settings.put(next, deadlines.administration());
    return json(next);
  }

  private static CommitProtocolKind protocol(String text) {
    return CommitProtocolKind.of(text)
        .orElseThrow(() ->
            new DatabaseException(
                    ErrorCode.INVALID_REQUEST, "a member of the request has the wrong form")
                .with("member", COMMIT_PROTOCOL)
                .with("wanted", "2pc or 3pc"));
  }

  private static ObjectNode json(DatabaseSettings settings) {
    return JsonNodeFactory.instance
        .objectNode()
        .put(COMMIT_PROTOCOL, settings.commitProtocol().text());
  }
}
