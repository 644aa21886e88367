package dev.partita.node.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.admin.AccountAdmin;
import dev.partita.node.catalog.UserEntry;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.security.Access;
import dev.partita.node.security.Grant;
import dev.partita.node.security.ScramVerifier;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Singleton;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/// Users and their rights. Of a password only a verifier is kept, and nothing of it is ever shown.
@Path("/v1/users")
@Singleton
@RunOnVirtualThread
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "users")
@Requires(Right.ADMINISTRATOR)
public final class UsersResource {
  private static final Set<String> MEMBERS = Set.of("password", "administrator", "grants");
  private static final int PASSWORD_CHARACTERS_MIN = 8;
  private static final int PASSWORD_CHARACTERS_MAX = 512;
  private static final int GRANTS_MAX = 100;

  private final AccountAdmin accounts;
  private final Deadlines deadlines;
  private final SecureRandom random = new SecureRandom();

  UsersResource(NodeLifecycle lifecycle, Deadlines deadlines) {
    this.accounts = lifecycle.node().accounts();
    this.deadlines = deadlines;
  }

  @GET
  @Operation(summary = "Lists the users")
  public ObjectNode list() {
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    ArrayNode data = answer.putArray("data");
    accounts.accounts().users().values().forEach(user -> data.add(json(user)));
    return answer;
  }

  @GET
  @Path("/{name}")
  @Operation(summary = "Tells about one user")
  public ObjectNode get(@PathParam("name") String name) {
    UserEntry user = accounts.accounts().users().get(name);
    if (user == null) {
      throw unknown(name);
    }
    return json(user);
  }

  @PUT
  @Path("/{name}")
  @Operation(
      summary = "Creates or changes a user",
      description =
          "'grants' is a list of {\"collection\": name or \"*\", \"rights\": [read, write, admin]}. A new user needs a"
              + " 'password'; another one revokes the user's tokens. What is left out of a change stays.")
  public Response put(@PathParam("name") String name, ObjectNode body) {
    RequestBody request = new RequestBody(body, MEMBERS);
    UserEntry known = accounts.accounts().users().get(name);
    String password = request.optionalText("password");
    UserEntry user = user(name, known, password, body);
    accounts.putUser(user, deadlines.administration());
    return Response.status(known == null ? 201 : 200).entity(json(user)).build();
  }

  private UserEntry user(
      String name, @Nullable UserEntry known, @Nullable String password, ObjectNode body) {
    RequestBody request = new RequestBody(body, MEMBERS);
    try {
      return new UserEntry(
          name,
          verifier(known, password),
          body.hasNonNull("administrator")
              ? request.flag("administrator")
              : known != null && known.administrator(),
          body.hasNonNull("grants")
              ? grants(request.list("grants"))
              : known == null ? List.of() : known.grants());
    } catch (IllegalArgumentException e) {
      throw new DatabaseException(ErrorCode.INVALID_REQUEST, "this is no user", e)
          .with("reason", e.getMessage());
    }
  }

  private ScramVerifier verifier(@Nullable UserEntry known, @Nullable String password) {
    if (password == null) {
      if (known == null) {
        throw new DatabaseException(ErrorCode.INVALID_REQUEST, "a new user needs a password");
      }
      return known.verifier();
    }
    if (password.length() < PASSWORD_CHARACTERS_MIN
        || password.length() > PASSWORD_CHARACTERS_MAX) {
      throw new DatabaseException(ErrorCode.INVALID_REQUEST, "a password has 8 to 512 characters");
    }
    return known != null && known.verifier().matches(password)
        ? known.verifier()
        : ScramVerifier.of(password, random);
  }

  private static List<Grant> grants(List<JsonNode> given) {
    if (given.size() > GRANTS_MAX) {
      throw new DatabaseException(ErrorCode.TOO_LARGE, "too many grants").with("limit", GRANTS_MAX);
    }
    List<Grant> grants = new ArrayList<>();
    for (JsonNode each : given) {
      if (!each.path("collection").isTextual() || !each.path("rights").isArray()) {
        throw new IllegalArgumentException("a grant has a collection and a list of rights");
      }
      Set<Access> access = EnumSet.noneOf(Access.class);
      each.path("rights").forEach(right -> access.add(access(right)));
      grants.add(new Grant(each.path("collection").textValue(), access));
    }
    return grants;
  }

  private static Access access(JsonNode right) {
    for (Access access : Access.values()) {
      if (access.name().toLowerCase(Locale.ROOT).equals(right.textValue())) {
        return access;
      }
    }
    throw new IllegalArgumentException("a right is read, write or admin, not " + right);
  }

  @DELETE
  @Path("/{name}")
  @Operation(summary = "Removes a user and revokes its tokens")
  public void delete(@PathParam("name") String name) {
    if (!accounts.accounts().users().containsKey(name)) {
      throw unknown(name);
    }
    accounts.deleteUser(name, deadlines.administration());
  }

  private static DatabaseException unknown(String name) {
    return new DatabaseException(ErrorCode.NOT_FOUND, "there is no such user").with("user", name);
  }

  private static ObjectNode json(UserEntry user) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("name", user.name());
    json.put("administrator", user.administrator());
    ArrayNode grants = json.putArray("grants");
    for (Grant grant : user.grants()) {
      ArrayNode rights =
          grants.addObject().put("collection", grant.collection()).putArray("rights");
      grant.access().forEach(access -> rights.add(access.name().toLowerCase(Locale.ROOT)));
    }
    return json;
  }
}
