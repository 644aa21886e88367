package dev.partita.node.routing;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.partition.PartitionCaller;
import dev.partita.node.partition.PartitionClient;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.raft.NodeId;
import dev.partita.node.time.Clock;
import dev.partita.node.time.CoarseTimeouts;
import dev.partita.node.time.Deadline;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Brings requests to the leaders of Partitions, wherever these are by now: asks again after
/// failovers, moves, splits and merges until the deadline, as far as nothing can happen twice, and
/// notes what the answers tell. Safe for any thread; calls block.
final class Calls implements PartitionCaller {
  /// One attempt of what may be repeated: longer than any page takes.
  private static final Duration ATTEMPT = Duration.ofSeconds(2);

  /// How much later than the deadline an answer may come before it is given up.
  private static final Duration GRACE = Duration.ofSeconds(1);

  private static final long BACKOFF_MILLIS_MIN = 2;
  private static final long BACKOFF_MILLIS_MAX = 100;

  /// For a child of a split just made: its election takes a few milliseconds.
  private static final long BACKOFF_MILLIS_FRESH = 4;

  private final NodeId self;
  private final Supplier<Catalog> catalog;
  private final Function<NodeId, PartitionClient> clients;
  private final LikelyLeaders leaders;
  private final KnownEpochs epochs;
  private final KnownSplits splits;
  private final Clock clock;

  /// @param clients how to reach the Partitions of a node
  Calls(
      NodeId self,
      Supplier<Catalog> catalog,
      Function<NodeId, PartitionClient> clients,
      LikelyLeaders leaders,
      KnownEpochs epochs,
      KnownSplits splits,
      Clock clock) {
    this.self = self;
    this.catalog = catalog;
    this.clients = clients;
    this.leaders = leaders;
    this.epochs = epochs;
    this.splits = splits;
    this.clock = clock;
  }

  @Override
  public Response call(PartitionDescriptor partition, Request request, Deadline deadline) {
    Response nearby = nearby(partition, request);
    if (nearby != null) {
      return nearby;
    }
    PartitionDescriptor known = partition;
    Request attempt = request;
    @Nullable NodeId hint = null;
    Response.Refusal last = new Response.Unavailable("the deadline had passed");
    long backoffMillis = BACKOFF_MILLIS_MIN;
    for (int attempts = 0; !deadline.isExpired(clock); attempts++) {
      List<PartitionDescriptor> children = children(known.id());
      if (children != null) {
        return new SplitRedirect(this, children, deadline).send(attempt);
      }
      NodeId target = leaders.target(known, hint, attempts);
      Response response = ask(target, attempt, deadline);
      if (!(response instanceof Response.Refusal refusal)) {
        if (target != null) {
          leaders.leads(known.id(), target);
        }
        return response;
      }
      if (!refusal.retryable()) {
        if (target != null && refusal instanceof Response.OutcomeUnknown) {
          leaders.doubt(known.id(), target);
        }
        return refusal;
      }
      if (isDropped(known.id())) {
        return new Response.Unavailable("the partition was dropped");
      }
      last = refusal;
      boolean atOnce = false;
      hint = null;
      switch (refusal) {
        case Response.NotLeader(var leader) when leader != null && !leader.equals(target) -> {
          // A hint is followed at once the first times; two nodes that point at each other are
          // waited for.
          hint = leader;
          atOnce = attempts < 3;
        }
        case Response.WrongEpoch(var current) -> {
          if (current.epoch().compareTo(known.epoch()) > 0) {
            epochs.learn(current);
            atOnce = true;
          }
          known = current;
          attempt = attempt.withEpoch(current.epoch());
          hint = target;
        }
        case Response.Split(var into) -> {
          learn(known.id(), target, into);
          atOnce = true;
        }
        case Response.Overloaded _, Response.Locked _ -> {}
        default -> {
          if (target != null && !isFresh(known.id())) {
            leaders.doubt(known.id(), target);
          }
        }
      }
      if (!atOnce) {
        pause(Math.min(backoffMillis, deadline.remaining(clock).toMillis()));
        long most = isFresh(known.id()) ? BACKOFF_MILLIS_FRESH : BACKOFF_MILLIS_MAX;
        backoffMillis = Math.min(most, 2 * backoffMillis);
        known = refreshed(known);
        attempt = attempt.withEpoch(known.epoch());
      }
    }
    return last;
  }

  /// What this node's own replica answers to a read of the past; null if it leads, or cannot.
  private @Nullable Response nearby(PartitionDescriptor partition, Request request) {
    return request instanceof Request.Reading reading
            && reading.at() != null
            && partition.members().contains(self)
            && !leaders.isHere(partition.id())
            && !isBeingCreated(partition.id())
        ? clients.apply(self).readClosed(reading)
        : null;
  }

  private boolean isFresh(PartitionId id) {
    return splits.isFresh(id, clock.monotonicNanos());
  }

  private void learn(
      PartitionId parent, @Nullable NodeId target, List<PartitionDescriptor> children) {
    leaders.inherit(parent, target, children);
    splits.learn(parent, children, clock.monotonicNanos());
  }

  /// What a Partition was split into, or what it was merged into; null if it was neither, as far as
  /// is known here.
  private @Nullable List<PartitionDescriptor> children(PartitionId id) {
    Catalog present = catalog.get();
    boolean published =
        present
            .partition(id)
            .filter(entry -> entry.state() == PartitionEntry.State.SPLIT)
            .isPresent();
    if (!published) {
      PartitionEntry merged = present.answering(id).orElse(null);
      return merged == null || merged.id().equals(id)
          ? splits.children(id)
          : List.of(epochs.descriptor(merged));
    }
    List<PartitionDescriptor> children =
        present.children(id).stream().map(epochs::descriptor).toList();
    return children.isEmpty() ? null : children;
  }

  /// A Partition that the catalog of this node has not heard of yet is not one that it has
  /// forgotten.
  private boolean isDropped(PartitionId id) {
    Catalog present = catalog.get();
    return id.value() < present.nextId() && present.answering(id).isEmpty();
  }

  /// A Partition that was never active has not all indexes yet: what it wrote, queries could miss.
  private boolean isBeingCreated(PartitionId id) {
    return catalog
        .get()
        .partition(id)
        .filter(entry -> entry.state() == PartitionEntry.State.CREATING)
        .isPresent();
  }

  private Response ask(@Nullable NodeId target, Request request, Deadline deadline) {
    if (isBeingCreated(request.partition())) {
      return new Response.Unavailable("the partition is being created");
    }
    if (target == null) {
      return new Response.Unavailable("no replica of the partition can be reached");
    }
    // A read may be tried elsewhere, and so may what can be repeated; a write is waited for, since
    // nothing is known about it otherwise.
    Deadline patience =
        request instanceof Request.Write ? deadline : deadline.atMost(ATTEMPT, clock);
    return answer(clients.apply(target).handle(request, patience), request, patience);
  }

  /// A client keeps the deadline by itself, unless its node is being closed.
  private Response answer(CompletableFuture<Response> answer, Request request, Deadline patience) {
    try {
      return CoarseTimeouts.get(answer, patience.remainingNanos(clock) + GRACE.toNanos());
    } catch (TimeoutException e) {
      return unanswered(request, "no answer came in time");
    } catch (ExecutionException e) {
      return unanswered(request, "the node is closing");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return unanswered(request, "interrupted");
    }
  }

  private static Response unanswered(Request request, String reason) {
    return request.changes()
        ? new Response.OutcomeUnknown(reason)
        : new Response.Unavailable(reason);
  }

  /// What the catalog says by now, if that is newer.
  private PartitionDescriptor refreshed(PartitionDescriptor known) {
    return catalog
        .get()
        .partition(known.id())
        .map(epochs::descriptor)
        .filter(entry -> entry.epoch().compareTo(known.epoch()) > 0)
        .orElse(known);
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DatabaseException(ErrorCode.UNAVAILABLE, "interrupted", e);
    }
  }
}
