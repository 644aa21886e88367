package dev.partita.node.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.admin.AccountAdmin;
import dev.partita.node.catalog.TokenEntry;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.security.BearerToken;
import dev.partita.node.time.Clock;
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
import java.security.SecureRandom;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/// Bearer tokens of the user who asks. A token has the rights of its user. It is shown once, when
/// it is made; only its hash is kept.
@Path("/v1/tokens")
@Singleton
@RunOnVirtualThread
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "tokens")
@Requires(Right.ACCOUNT)
public final class TokensResource {
  private static final Set<String> MEMBERS = Set.of("description", "expires_in");
  private static final Duration LIFE = Duration.ofDays(30);
  private static final Duration LIFE_MAX = Duration.ofDays(366);
  private static final int DESCRIPTION_CHARACTERS_MAX = 200;

  private final AccountAdmin accounts;
  private final Clock clock;
  private final Caller caller;
  private final Deadlines deadlines;
  private final SecureRandom random = new SecureRandom();

  TokensResource(NodeLifecycle lifecycle, Caller caller, Deadlines deadlines) {
    this.accounts = lifecycle.node().accounts();
    this.clock = lifecycle.node().clock();
    this.caller = caller;
    this.deadlines = deadlines;
  }

  @POST
  @Operation(
      summary = "Creates a token",
      description =
          "With the user's name and password, not with a token, which could prolong itself otherwise. 'expires_in' is a"
              + " duration such as PT12H or P90D (the default is P30D, the maximum P366D). The answer shows the token"
              + " this once.")
  public Response create(ObjectNode body) {
    Principal.User user = user();
    if (!user.byPassword()) {
      throw new DatabaseException(
          ErrorCode.FORBIDDEN, "a token is made with a name and password, not with a token");
    }
    RequestBody request = new RequestBody(body, MEMBERS);
    String description = request.text("description", "");
    if (description.length() > DESCRIPTION_CHARACTERS_MAX) {
      throw new DatabaseException(ErrorCode.TOO_LARGE, "the description is too long")
          .with("limit", DESCRIPTION_CHARACTERS_MAX);
    }
    long now = clock.wallMillis();
    BearerToken token = BearerToken.create(random);
    TokenEntry entry =
        new TokenEntry(
            token.id(),
            user.name(),
            token.hash(),
            description,
            now,
            now + life(request.text("expires_in", LIFE.toString())).toMillis());
    accounts.putToken(entry, deadlines.administration());
    return Response.status(201)
        .header("Cache-Control", "no-store")
        .entity(json(entry).put("token", token.text()))
        .build();
  }

  private static Duration life(String text) {
    try {
      Duration life = Duration.parse(text);
      if (life.isPositive() && life.compareTo(LIFE_MAX) <= 0) {
        return life;
      }
    } catch (DateTimeException e) {
      throw wrongLife(text, e);
    }
    throw wrongLife(text, null);
  }

  private static DatabaseException wrongLife(String text, @Nullable Exception cause) {
    return new DatabaseException(
            ErrorCode.INVALID_REQUEST,
            "expires_in is a duration of at most P366D, such as PT12H",
            cause)
        .with("given", text);
  }

  @GET
  @Operation(summary = "Lists the tokens of the user who asks, without the tokens themselves")
  public ObjectNode list() {
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    ArrayNode data = answer.putArray("data");
    accounts.accounts().tokensOf(user().name()).forEach(entry -> data.add(json(entry)));
    return answer;
  }

  @DELETE
  @Path("/{id}")
  @Operation(summary = "Revokes a token; administrators may revoke those of others")
  public void delete(@PathParam("id") String id) {
    Principal.User user = user();
    TokenEntry entry = accounts.accounts().tokens().get(id);
    if (entry == null || !(entry.user().equals(user.name()) || user.entry().administrator())) {
      throw new DatabaseException(ErrorCode.NOT_FOUND, "there is no such token").with("id", id);
    }
    accounts.deleteToken(id, deadlines.administration());
  }

  private Principal.User user() {
    if (caller.principal() instanceof Principal.User user) {
      return user;
    }
    throw new DatabaseException(
        ErrorCode.REFUSED, "this node asks nobody who he is, so tokens belong to nobody");
  }

  private static ObjectNode json(TokenEntry entry) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("id", entry.id())
        .put("user", entry.user())
        .put("description", entry.description())
        .put("created", Instant.ofEpochMilli(entry.createdMillis()).toString())
        .put("expires", Instant.ofEpochMilli(entry.expiresMillis()).toString());
  }
}
