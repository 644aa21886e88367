package dev.partita.node.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import jakarta.ws.rs.core.Response;
import java.util.Locale;
import java.util.Map;

/// A problem document (RFC 9457): `type`, `title`, `status`, `detail`, and as extension members
/// `code`, `sqlState`, `retryable` and the values that belong to the failure.
final class Problem {
  static final String MEDIA_TYPE = "application/problem+json";

  private static final String TYPE_PREFIX = "https://partita.dev/problems/";

  /// When a refused client may come again.
  static final String RETRY_AFTER_SECONDS = "1";

  private Problem() {}

  static Response response(DatabaseException failure) {
    ErrorCode code = failure.code();
    Response.ResponseBuilder response =
        Response.status(code.httpStatus()).type(MEDIA_TYPE).entity(body(failure));
    if (code.httpStatus() == 503) {
      response.header("Retry-After", RETRY_AFTER_SECONDS);
    }
    if (code.httpStatus() == 401) {
      response.header("WWW-Authenticate", Authentication.CHALLENGE);
    }
    return response.build();
  }

  static ObjectNode body(DatabaseException failure) {
    ObjectNode body = body(failure.code(), failure.getMessage());
    for (Map.Entry<String, String> value : failure.context().entrySet()) {
      if (!body.has(value.getKey())) {
        body.put(value.getKey(), value.getValue());
      }
    }
    return body;
  }

  static ObjectNode body(ErrorCode code, String detail) {
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.put("type", TYPE_PREFIX + code.name().toLowerCase(Locale.ROOT).replace('_', '-'));
    body.put("title", code.title());
    body.put("status", code.httpStatus());
    body.put("detail", detail);
    body.put("code", code.name());
    body.put("sqlState", code.sqlState());
    body.put("retryable", code.isRetryable());
    return body;
  }
}
