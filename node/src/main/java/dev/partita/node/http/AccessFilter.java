package dev.partita.node.http;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.security.Access;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.UriInfo;
import java.lang.reflect.Method;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;
import org.jboss.resteasy.reactive.server.ServerResponseFilter;
import org.jspecify.annotations.Nullable;

/// Enforces what an endpoint [Requires], after its method is found and before its body is read, and
/// tells the audit log. [Authentication] has found out before who asks.
@Singleton
final class AccessFilter {
  private static final Logger LOG = Logger.getLogger(AccessFilter.class);
  private static final int REFUSED_MIN = 400;

  private final Caller caller;
  private final AuditLog audit;

  AccessFilter(Caller caller, AuditLog audit) {
    this.caller = caller;
    this.audit = audit;
  }

  @ServerRequestFilter
  public void require(ResourceInfo resource, RoutingContext routing, UriInfo uri) {
    Principal principal = Authentication.principal(routing);
    if (principal == null) {
      throw new DatabaseException(ErrorCode.UNAUTHENTICATED, "this needs authentication");
    }
    caller.is(principal);
    Right right = declared(resource.getResourceMethod());
    if (right == null) {
      LOG.errorf("%s declares no right and is refused", resource.getResourceMethod());
      throw forbidden("nobody has the right to do this");
    }
    switch (right) {
      case OPERATOR -> requireOperator(principal);
      case ADMINISTRATOR -> requireAdministrator(principal);
      case USER, ACCOUNT -> requireUser(principal);
      case READ -> requireIn(Access.READ, principal, uri);
      case WRITE -> requireIn(Access.WRITE, principal, uri);
      case ADMIN -> requireIn(Access.ADMIN, principal, uri);
      case SEE -> {
        requireUser(principal);
        caller.mustBeAsked();
      }
    }
  }

  static @Nullable Right declared(Method method) {
    Requires declared = method.getAnnotation(Requires.class);
    declared =
        declared == null ? method.getDeclaringClass().getAnnotation(Requires.class) : declared;
    return declared == null ? null : declared.value();
  }

  private static void requireOperator(Principal principal) {
    if (principal instanceof Principal.Anybody) {
      throw new DatabaseException(
          ErrorCode.UNAUTHENTICATED, "the administration needs the operator's certificate");
    }
    if (!(principal instanceof Principal.Operator)) {
      throw forbidden("the administration is for the operator only");
    }
  }

  private static void requireUser(Principal principal) {
    if (principal instanceof Principal.Operator) {
      throw forbidden("the operator's certificate is for the administration only");
    }
  }

  private static void requireAdministrator(Principal principal) {
    requireUser(principal);
    if (principal instanceof Principal.User user && !user.entry().administrator()) {
      throw forbidden("this is for administrators");
    }
  }

  private void requireIn(Access access, Principal principal, UriInfo uri) {
    requireUser(principal);
    String collection = uri.getPathParameters().getFirst("collection");
    if (collection == null) {
      caller.mustBeAsked();
    } else {
      caller.require(access, collection);
    }
  }

  private static DatabaseException forbidden(String message) {
    return new DatabaseException(ErrorCode.FORBIDDEN, message);
  }

  @ServerResponseFilter
  public void check(
      ResourceInfo resource,
      RoutingContext routing,
      ContainerRequestContext request,
      ContainerResponseContext response) {
    if (resource == null || resource.getResourceMethod() == null) {
      return;
    }
    if (response.getStatus() < REFUSED_MIN && caller.isUnasked()) {
      LOG.errorf("%s has not asked for the right that it declares", resource.getResourceMethod());
      response.setStatus(ErrorCode.INTERNAL.httpStatus());
      response.setEntity(Problem.body(ErrorCode.INTERNAL, "the answer is withheld"));
    }
    Right right = declared(resource.getResourceMethod());
    if (right != null && right.isAdministrative() && !request.getMethod().equals("GET")) {
      audit.used(Authentication.principal(routing), routing.request(), response.getStatus());
    }
  }
}
