package dev.partita.node.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.RawValue;
import dev.partita.node.document.SessionAction;
import dev.partita.node.document.Sessions;
import dev.partita.node.document.TransactionParser;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.key.PrimaryKeyText;
import dev.partita.node.routing.Router;
import dev.partita.node.security.Access;
import dev.partita.node.transaction.OneShot;
import dev.partita.node.transaction.OneShotResult;
import dev.partita.node.transaction.OneShotTransactions;
import io.smallrye.common.annotation.RunOnVirtualThread;
import jakarta.inject.Singleton;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/// Transactions over any number of documents, collections and partitions.
@Path("/v1/transactions")
@Singleton
@RunOnVirtualThread
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "transactions")
public final class TransactionsResource {
  private final OneShotTransactions transactions;
  private final Sessions sessions;
  private final Deadlines deadlines;
  private final Admission admission;
  private final Caller caller;
  private final Router router;

  TransactionsResource(
      NodeLifecycle lifecycle, Deadlines deadlines, Admission admission, Caller caller) {
    this.transactions = lifecycle.transactions();
    this.sessions = lifecycle.sessions();
    this.deadlines = deadlines;
    this.admission = admission;
    this.caller = caller;
    this.router = lifecycle.node().router();
  }

  @POST
  @Requires(Right.SEE)
  @Operation(
      summary = "Runs a transaction",
      description =
          "All 'reads' and 'conditions' are of one moment, all 'writes' happen at one, and nothing of what was looked"
              + " at changes in between; or nothing happens at all. Each write is {collection, document} or"
              + " {collection, delete: id}; 'exists' or 'version' make it, or a condition, hold only then; 'columns' are the"
              + " members of the document that it is about, as of a read. With 'client' and"
              + " 'sequence' the transaction happens once, however often it is sent within ten minutes.")
  public ObjectNode run(byte[] body) {
    try (Admission.Ticket _ = admission.admit(body.length)) {
      OneShot request = TransactionParser.parse(body, router.commitProtocol());
      requireAll(request);
      return json(request, transactions.run(request, deadlines.data()));
    }
  }

  @POST
  @Requires(Right.USER)
  @Path("/begin")
  @Operation(
      summary = "Begins a transaction whose statements come one by one",
      description =
          "With 'readOnly' it reads one moment, 'at' or now, and never fails for others. It is aborted when it does"
              + " nothing for 60 seconds or takes more than 10 minutes. Any node takes its statements.")
  public ObjectNode begin(byte @Nullable [] body) {
    return statement(SessionAction.BEGIN, "", body);
  }

  @POST
  @Requires(Right.READ)
  @Path("/{id}/read")
  @Operation(summary = "Reads a document: {collection, id, columns}")
  public ObjectNode read(@PathParam("id") String id, byte @Nullable [] body) {
    return statement(SessionAction.READ, id, body);
  }

  @POST
  @Requires(Right.WRITE)
  @Path("/{id}/lock")
  @Operation(
      summary = "Locks a document and reads it: {collection, id, columns}",
      description =
          "Nobody else writes it until the transaction ends; who wants to, waits. Others read it as it was."
              + " Also a document that is not there yet can be locked.")
  public ObjectNode lock(@PathParam("id") String id, byte @Nullable [] body) {
    return statement(SessionAction.LOCK, id, body);
  }

  @POST
  @Requires(Right.READ)
  @Path("/{id}/query")
  @Operation(
      summary = "Looks through a range or an index",
      description =
          "{collection, start, end, limit, order, columns} or"
              + " {index, terms, partition, limit, order, documents, columns}. Nothing may"
              + " have appeared in what was looked through when the transaction commits.")
  public ObjectNode query(@PathParam("id") String id, byte @Nullable [] body) {
    return statement(SessionAction.QUERY, id, body);
  }

  @POST
  @Requires(Right.WRITE)
  @Path("/{id}/write")
  @Operation(
      summary = "Writes at the commit",
      description =
          "{collection, document} or {collection, delete: id}, with 'exists' or 'version'. The document is locked"
              + " from now on. With 'columns' only these are replaced, and locked.")
  public ObjectNode write(@PathParam("id") String id, byte @Nullable [] body) {
    return statement(SessionAction.WRITE, id, body);
  }

  @POST
  @Requires(Right.USER)
  @Path("/{id}/commit")
  @Operation(
      summary = "Commits",
      description =
          "Sent again after OUTCOME_UNKNOWN, to the same transaction, it tells what became of it.")
  public ObjectNode commit(@PathParam("id") String id, byte @Nullable [] body) {
    return statement(SessionAction.COMMIT, id, body);
  }

  @POST
  @Requires(Right.USER)
  @Path("/{id}/abort")
  @Operation(summary = "Aborts")
  public ObjectNode abort(@PathParam("id") String id, byte @Nullable [] body) {
    return statement(SessionAction.ABORT, id, body);
  }

  private ObjectNode statement(SessionAction action, String id, byte @Nullable [] body) {
    byte[] bytes = body == null ? new byte[0] : body;
    String readable =
        Sessions.subject(action, bytes).map(subject -> require(action, subject)).orElse("");
    try (Admission.Ticket _ = admission.admit(bytes.length)) {
      return sessions.execute(action, id, bytes, readable, deadlines.data());
    }
  }

  private void requireAll(OneShot request) {
    caller.seesEach();
    request.reads().forEach(item -> caller.require(Access.READ, item.collection()));
    request
        .conditions()
        .forEach(condition -> caller.require(Access.READ, condition.item().collection()));
    request.writes().forEach(write -> caller.require(Access.WRITE, write.collection()));
  }

  /// @return the collection of the index that the statement looks through; empty if there is none
  private String require(SessionAction action, Sessions.Subject subject) {
    String collection = subject.collection();
    if (collection != null) {
      boolean writes = action == SessionAction.WRITE || action == SessionAction.LOCK;
      if (writes) {
        caller.require(Access.WRITE, collection);
      }
      if (action != SessionAction.WRITE) {
        caller.require(Access.READ, collection);
      }
      return "";
    }
    String name = subject.index();
    IndexDefinition index = name == null ? null : router.index(name);
    if (name != null) {
      caller.requireReadable(index, name);
    }
    return index == null ? "" : index.collection();
  }

  private static ObjectNode json(OneShot request, OneShotResult result) {
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.put("timestamp", result.at().toString());
    answer.put("attempts", result.attempts());
    answer.put("repeated", result.repeated());
    ArrayNode reads = answer.putArray("reads");
    for (int at = 0; at < request.reads().size(); at++) {
      OneShot.Item item = request.reads().get(at);
      OneShotResult.Found found = result.reads().get(at);
      ObjectNode read = reads.addObject();
      read.put("collection", item.collection());
      read.set("id", PrimaryKeyText.toJson(item.key()));
      if (found.version() == null || found.document() == null) {
        read.putNull("version");
        read.putNull("document");
      } else {
        read.put("version", found.version().toString());
        read.putRawValue("document", new RawValue(found.document().toString()));
      }
    }
    return answer;
  }
}
