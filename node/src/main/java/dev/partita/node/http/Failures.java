package dev.partita.node.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/// Turns whatever a resource throws into a problem document. A client never sees a stack trace; a
/// defect of ours is logged with one.
final class Failures {
  private static final Logger LOG = Logger.getLogger(Failures.class);

  private final ErrorCounts counts;

  Failures(ErrorCounts counts) {
    this.counts = counts;
  }

  @ServerExceptionMapper
  Response refused(DatabaseException failure) {
    if (failure.code().category() == ErrorCode.Category.INTERNAL) {
      LOG.error("internal failure", failure);
    }
    return response(failure);
  }

  private Response response(DatabaseException failure) {
    counts.count(failure.code());
    return Problem.response(failure);
  }

  /// What Quarkus itself refuses: unknown paths, methods, media types, bodies that are too large.
  @ServerExceptionMapper
  Response refused(WebApplicationException failure) {
    int status = failure.getResponse().getStatus();
    ErrorCode code = status == 413 ? ErrorCode.TOO_LARGE : ErrorCode.INVALID_REQUEST;
    counts.count(code);
    ObjectNode body = Problem.body(code, detail(status));
    body.put("status", status);
    body.put("title", failure.getResponse().getStatusInfo().getReasonPhrase());
    return Response.status(status).type(Problem.MEDIA_TYPE).entity(body).build();
  }

  @ServerExceptionMapper
  Response refused(JsonProcessingException failure) {
    return response(
        new DatabaseException(ErrorCode.INVALID_REQUEST, "the body is not what this request takes")
            .with("reason", failure.getOriginalMessage()));
  }

  /// JSON of another kind than the request takes. Quarkus has a mapper of its own for this
  /// exception, which would be chosen before the one above and says nothing.
  @ServerExceptionMapper
  Response refused(MismatchedInputException failure) {
    return refused((JsonProcessingException) failure);
  }

  @ServerExceptionMapper
  Response defect(RuntimeException failure) {
    LOG.error("a request failed by a defect", failure);
    return response(
        new DatabaseException(
            ErrorCode.INTERNAL, "the node met a defect; its log has the details"));
  }

  private static String detail(int status) {
    return switch (status) {
      case 404 -> "there is nothing at this path: see /openapi";
      case 405 -> "this path does not take that method: see /openapi";
      case 413 -> "the body is larger than this node takes";
      case 415 -> "send application/json";
      default -> "the request cannot be understood: see /openapi";
    };
  }
}
