package dev.partita.node.routing;

import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.partition.PartitionCaller;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.partition.Response.NotPrepared.Reason;
import dev.partita.node.partition.TransactionOutcome;
import dev.partita.node.time.Deadline;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Takes a request that a Partition has refused because it was split to those that have its rows.
/// Nothing was done at the Partition, so nothing is done twice.
final class SplitRedirect {

  private final PartitionCaller caller;
  private final List<PartitionDescriptor> children;
  private final Deadline deadline;

  SplitRedirect(PartitionCaller caller, List<PartitionDescriptor> children, Deadline deadline) {
    this.caller = caller;
    this.children = children;
    this.deadline = deadline;
  }

  Response send(Request request) {
    return switch (request) {
      case Request.Read read -> sendTo(owner(read.key(), children), read);
      case Request.Lock lock -> sendTo(owner(lock.row(), children), lock);
      case Request.Write write -> send(write);
      case Request.Prepare prepare -> inspect(prepare);
      case Request.Finish _,
          Request.Inspect _,
          Request.Vote _,
          Request.Forget _,
          Request.Lookup _ ->
          sendTo(children.getFirst(), request);
      // Whoever reads several rows puts the pages of the children together.
      case Request.Scan _, Request.IndexScan _, Request.Changes _ -> new Response.Split(children);
      // The Partition has lost its locks; whoever renews them finds the children.
      case Request.RenewLocks _, Request.Unlock _ -> new Response.Split(children);
    };
  }

  private Response sendTo(PartitionDescriptor child, Request request) {
    return caller.call(child, request.of(child.id(), child.epoch()), deadline);
  }

  private static PartitionDescriptor owner(PrimaryKey key, List<PartitionDescriptor> children) {
    for (PartitionDescriptor child : children) {
      if (child.bounds().contains(key)) {
        return child;
      }
    }
    // The first one refuses it, as the Partition would have.
    return children.getFirst();
  }

  /// The mutations go to where their rows are; together only if all are at one place.
  private Response send(Request.Write write) {
    Map<PartitionDescriptor, List<Integer>> places = new LinkedHashMap<>();
    for (int at = 0; at < write.mutations().size(); at++) {
      places
          .computeIfAbsent(owner(write.mutations().get(at).key(), children), _ -> new ArrayList<>())
          .add(at);
    }
    if (places.size() == 1) {
      return sendTo(places.keySet().iterator().next(), write);
    }
    if (write.atomic()) {
      return new Response.Split(children);
    }
    var results = new MutationResult[write.mutations().size()];
    var refusals = new ArrayList<Response>();
    places.forEach((child, positions) -> {
      List<Mutation> mutations = positions.stream().map(write.mutations()::get).toList();
      Response response =
          sendTo(child, new Request.Write(child.id(), child.epoch(), mutations, false));
      if (response instanceof Response.Writes(List<MutationResult> written)) {
        for (int at = 0; at < written.size(); at++) {
          results[positions.get(at)] = written.get(at);
        }
      } else {
        refusals.add(response);
      }
    });
    if (refusals.isEmpty()) {
      return new Response.Writes(List.of(results));
    }
    return refusals.size() == places.size()
            && refusals.stream().noneMatch(Response.OutcomeUnknown.class::isInstance)
        ? refusals.getFirst()
        : new Response.OutcomeUnknown("The partition was split, and not all of it could be asked");
  }

  /// A transaction cannot prepare any more where it was to. What it may have done there before, the
  /// heir knows.
  private Response inspect(Request.Prepare prepare) {
    PartitionDescriptor heir = children.getFirst();
    Response answer =
        caller.call(
            heir,
            new Request.Inspect(
                heir.id(),
                heir.epoch(),
                prepare.transaction().id(),
                prepare.transaction().started()),
            deadline);
    return answer instanceof Response.Refusal
            || answer instanceof Response.Finished(TransactionOutcome.Committed _)
        ? answer
        : new Response.NotPrepared(Reason.CHANGED_PARTITION, List.of());
  }
}
