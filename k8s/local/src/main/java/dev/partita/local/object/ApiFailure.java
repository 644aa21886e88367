package dev.partita.local.object;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.kind.Kind;
import dev.partita.local.schema.FieldError;
import java.util.List;
import java.util.stream.Collectors;

/// A request that is refused. Carries the `Status` object that the client gets.
public final class ApiFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int code;
  private final String reason;
  private final transient ObjectNode details;

  private ApiFailure(int code, String reason, String message, ObjectNode details) {
    super(message, null, false, false);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  /// The HTTP status.
  public int code() {
    return code;
  }

  /// Whether there is nothing at all where the request went, not even a kind.
  public boolean isUnknownPath() {
    return code == 404 && details.isEmpty();
  }

  public ObjectNode toStatus() {
    ObjectNode status = Json.object();
    status.put("kind", "Status").put("apiVersion", "v1");
    status.putObject("metadata");
    status.put("status", "Failure");
    status.put("message", String.valueOf(getMessage()));
    status.put("reason", reason);
    if (!details.isEmpty()) {
      status.set("details", details);
    }
    status.put("code", code);
    return status;
  }

  private static ObjectNode details(Kind kind, String name) {
    ObjectNode details = Json.object();
    details.put("name", name);
    if (!kind.group().isEmpty()) {
      details.put("group", kind.group());
    }
    details.put("kind", kind.plural());
    return details;
  }

  private static String named(Kind kind, String name) {
    return kind.qualifiedPlural() + " \"" + name + "\"";
  }

  public static ApiFailure badRequest(String message) {
    return new ApiFailure(400, "BadRequest", message, Json.object());
  }

  public static ApiFailure unauthorized() {
    return new ApiFailure(401, "Unauthorized", "Unauthorized", Json.object());
  }

  public static ApiFailure forbidden(Kind kind, String name, String why) {
    String message = named(kind, name) + " is forbidden: " + why;
    return new ApiFailure(403, "Forbidden", message, details(kind, name));
  }

  public static ApiFailure refusedHost() {
    String message = "the local control plane answers requests for this machine only";
    return new ApiFailure(403, "Forbidden", message, Json.object());
  }

  public static ApiFailure notFound(Kind kind, String name) {
    return new ApiFailure(404, "NotFound", named(kind, name) + " not found", details(kind, name));
  }

  public static ApiFailure unknownPath() {
    String message = "the server could not find the requested resource";
    return new ApiFailure(404, "NotFound", message, Json.object());
  }

  public static ApiFailure methodNotAllowed() {
    String message = "the server does not allow this method on the requested resource";
    return new ApiFailure(405, "MethodNotAllowed", message, Json.object());
  }

  public static ApiFailure alreadyExists(Kind kind, String name) {
    String message = named(kind, name) + " already exists";
    return new ApiFailure(409, "AlreadyExists", message, details(kind, name));
  }

  public static ApiFailure conflict(Kind kind, String name, String why) {
    String message = "Operation cannot be fulfilled on " + named(kind, name) + ": " + why;
    return new ApiFailure(409, "Conflict", message, details(kind, name));
  }

  static ApiFailure modified(Kind kind, String name) {
    return conflict(
        kind,
        name,
        "the object has been modified; please apply your changes to the latest version and try"
            + " again");
  }

  static ApiFailure applyConflict(String message, List<FieldError> causes) {
    ObjectNode details = Json.object();
    addCauses(details, causes);
    return new ApiFailure(409, "Conflict", message, details);
  }

  public static ApiFailure expired(long wanted, long oldest) {
    String message = "too old resource version: " + wanted + " (" + oldest + ")";
    return new ApiFailure(410, "Expired", message, Json.object());
  }

  public static ApiFailure unsupportedMediaType(String message) {
    return new ApiFailure(415, "UnsupportedMediaType", message, Json.object());
  }

  public static ApiFailure tooLarge(long max) {
    String message = "Request entity too large: limit is " + max;
    return new ApiFailure(413, "RequestEntityTooLarge", message, Json.object());
  }

  public static ApiFailure invalid(Kind kind, String name, List<FieldError> errors) {
    String all = errors.stream().map(FieldError::toString).collect(Collectors.joining(", "));
    String shown = errors.size() == 1 ? all : "[" + all + "]";
    ObjectNode details = details(kind, name);
    details.put("kind", kind.kind());
    addCauses(details, errors);
    String message = kind.qualifiedKind() + " \"" + name + "\" is invalid: " + shown;
    return new ApiFailure(422, "Invalid", message, details);
  }

  public static ApiFailure unprocessable(String message) {
    return new ApiFailure(422, "Invalid", message, Json.object());
  }

  public static ApiFailure tooManyRequests(String message) {
    return new ApiFailure(429, "TooManyRequests", message, Json.object());
  }

  /// What the server could not do, though the request may be fine.
  public static ApiFailure internal(String message) {
    return new ApiFailure(500, "InternalError", message, Json.object());
  }

  private static void addCauses(ObjectNode details, List<FieldError> errors) {
    ArrayNode causes = details.putArray("causes");
    for (FieldError error : errors) {
      causes
          .addObject()
          .put("reason", error.reason())
          .put("message", error.message())
          .put("field", error.shownField());
    }
  }
}
