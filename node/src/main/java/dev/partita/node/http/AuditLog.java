package dev.partita.node.http;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;
import jakarta.inject.Singleton;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Who changed what: one line of JSON for each use of an administrative right and each failed
/// log-in, in the log category `partita.audit`. Names things and outcomes; never holds a body, a
/// password or a token.
@Singleton
final class AuditLog {
  /// The category, so that it can be sent elsewhere.
  static final String CATEGORY = "partita.audit";

  private static final Logger LOG = Logger.getLogger(CATEGORY);

  /// A path may be as long as a header.
  private static final int TEXT_CHARACTERS_MAX = 512;

  /// An administrative right was used, or asked for in vain.
  void used(@Nullable Principal principal, HttpServerRequest request, int status) {
    ObjectNode line = line(principal == null ? "nobody" : principal.name(), request);
    line.put("action", request.method().name());
    line.put("path", cut(request.path()));
    line.put("status", status);
    LOG.info(line.toString());
  }

  /// Somebody has not shown that it is this user.
  void refused(String user, HttpServerRequest request, String reason) {
    ObjectNode line = line(cut(user), request);
    line.put("action", "login");
    line.put("reason", reason);
    LOG.info(line.toString());
  }

  private static ObjectNode line(String principal, HttpServerRequest request) {
    SocketAddress remote = request.remoteAddress();
    return JsonNodeFactory.instance
        .objectNode()
        .put("principal", principal)
        .put("address", remote == null ? "" : remote.hostAddress());
  }

  private static String cut(@Nullable String text) {
    if (text == null) {
      return "";
    }
    return text.length() > TEXT_CHARACTERS_MAX ? text.substring(0, TEXT_CHARACTERS_MAX) : text;
  }
}
