package dev.partita.node.http;

import dev.partita.node.Node;
import dev.partita.node.config.NodeSettings;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.tls.Identity;
import dev.partita.tls.Role;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/// Finds out who makes a request, before anything else is done for it: the operator by its
/// certificate, users by a token or a password. Without either, only `/health` is answered. What
/// whoever it is may do is [AccessFilter]'s matter.
///
/// Runs on the event loop; checking a password is done by a worker.
@Singleton
final class Authentication {
  /// Before everything but what Quarkus itself does first.
  private static final int PRIORITY = 400;

  private static final String PRINCIPAL = "partita.principal";
  private static final String HEALTH = "/health";
  private static final String ADMINISTRATION = "/admin/";

  /// What an unauthenticated client may send (RFC 9110, section 11.6.1).
  static final String CHALLENGE =
      "Bearer realm=\"partita\", Basic realm=\"partita\", charset=\"UTF-8\"";

  private final @Nullable Identity operator;
  private final boolean required;
  private final LogIn logIn;
  private final ErrorCounts errors;

  Authentication(NodeLifecycle lifecycle, LogIn logIn, ErrorCounts errors) {
    Node node = lifecycle.node();
    NodeSettings.Tls tls = node.settings().tls();
    this.operator = tls == null ? null : new Identity(tls.realm(), Role.OPERATOR);
    this.required = node.settings().users().required();
    this.logIn = logIn;
    this.errors = errors;
  }

  void register(@Observes Filters filters) {
    filters.register(this::authenticate, PRIORITY);
  }

  /// Who makes a request; null if it never came through here.
  static @Nullable Principal principal(RoutingContext routing) {
    return routing.get(PRINCIPAL);
  }

  private void authenticate(RoutingContext routing) {
    String path = routing.normalizedPath();
    if (path.equals(HEALTH) || path.startsWith(HEALTH + "/")) {
      routing.next();
    } else if (isOperator(routing) || (operator == null && path.startsWith(ADMINISTRATION))) {
      accept(routing, new Principal.Operator());
    } else if (!required) {
      accept(routing, new Principal.Anybody());
    } else {
      authenticateUser(routing);
    }
  }

  private void authenticateUser(RoutingContext routing) {
    String header = routing.request().getHeader("Authorization");
    if (header == null) {
      refuse(
          routing,
          new DatabaseException(
              ErrorCode.UNAUTHENTICATED, "send a token or a user's name and password"));
      return;
    }
    Optional<Principal> known = logIn.byKnownToken(header);
    if (known.isPresent()) {
      accept(routing, known.get());
      return;
    }
    routing.request().pause();
    routing
        .vertx()
        .executeBlocking(() -> logIn.slowly(header, routing.request()), false)
        .onComplete(outcome -> {
          routing.request().resume();
          if (outcome.succeeded()) {
            accept(routing, outcome.result());
          } else {
            refuse(routing, failure(outcome.cause()));
          }
        });
  }

  private static DatabaseException failure(Throwable cause) {
    return cause instanceof DatabaseException refused
        ? refused
        : new DatabaseException(ErrorCode.INTERNAL, "the log-in met a defect", cause);
  }

  private static void accept(RoutingContext routing, Principal principal) {
    routing.put(PRINCIPAL, principal);
    routing.next();
  }

  private void refuse(RoutingContext routing, DatabaseException failure) {
    errors.count(failure.code());
    HttpServerResponse response =
        routing
            .response()
            .setStatusCode(failure.code().httpStatus())
            .putHeader("Content-Type", Problem.MEDIA_TYPE)
            .putHeader("Cache-Control", "no-store");
    if (failure.code() == ErrorCode.UNAUTHENTICATED) {
      response.putHeader("WWW-Authenticate", CHALLENGE);
    }
    String wait = failure.context().get(LogIn.RETRY_AFTER);
    if (wait != null) {
      response.putHeader("Retry-After", wait);
    }
    response.end(Problem.body(failure).toString());
  }

  /// The certificate has been verified against the authorities in the handshake; what is left is
  /// whose it is.
  private boolean isOperator(RoutingContext routing) {
    X509Certificate certificate = certificate(routing.request().sslSession());
    return operator != null
        && certificate != null
        && Identity.of(certificate).filter(operator::equals).isPresent();
  }

  private static @Nullable X509Certificate certificate(@Nullable SSLSession session) {
    if (session == null) {
      return null;
    }
    try {
      Certificate[] chain = session.getPeerCertificates();
      return chain[0] instanceof X509Certificate found ? found : null;
    } catch (SSLPeerUnverifiedException e) {
      // Connected without a certificate.
      return null;
    }
  }
}
