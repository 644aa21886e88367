package dev.partita.node.system;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.ReplicationRefusal;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.transport.CallFailure;
import dev.partita.node.transport.Transport;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Calls of services that only the leader of the system partition executes. The caller follows
/// hints from node to node and repeats until the deadline, also after a call whose fate is unknown:
/// every service must bear being executed twice.
public final class LeaderCalls {
  /// One attempt; shorter than an election takes, so that a dead leader does not use up a deadline.
  private static final Duration ATTEMPT = Duration.ofSeconds(1);

  private static final long BACKOFF_MILLIS_MIN = 10;
  private static final long BACKOFF_MILLIS_MAX = 200;

  private static final byte ANSWER = 0;
  private static final byte NOT_LEADER = 1;
  private static final byte RETRY = 2;

  private final Transport transport;
  private final Clock clock;
  private final Supplier<Optional<NodeId>> leader;
  private final Supplier<List<NodeId>> candidates;
  private final Map<String, LeaderService> services = new HashMap<>();

  /// A service of the leader.
  @FunctionalInterface
  public interface LeaderService {
    /// Executes a request at the leader. Must not block. A future that fails with
    /// [ReplicationRefusal.NotLeader] sends the caller elsewhere, with any other refusal of
    /// replication makes it ask again later.
    CompletableFuture<byte[]> execute(byte[] request);
  }

  /// @param leader who leads as this node knows it
  /// @param candidates nodes that may know better, the likeliest first
  public LeaderCalls(
      Transport transport,
      Clock clock,
      Supplier<Optional<NodeId>> leader,
      Supplier<List<NodeId>> candidates) {
    this.transport = transport;
    this.clock = clock;
    this.leader = leader;
    this.candidates = candidates;
  }

  /// Makes a service callable. All services are registered before the node starts to serve.
  public void register(String name, LeaderService service) {
    services.put(name, service);
    transport.register(name, (_, request) -> execute(service, request));
  }

  private CompletableFuture<byte[]> execute(LeaderService service, byte[] request) {
    Optional<NodeId> known = leader.get();
    if (known.isEmpty() || !known.get().equals(transport.self())) {
      return CompletableFuture.completedFuture(notLeader(known.orElse(null)));
    }
    return service.execute(request).thenApply(LeaderCalls::answer).exceptionally(this::refusal);
  }

  private byte[] refusal(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return switch (cause) {
      case ReplicationRefusal.NotLeader refused -> notLeader(refused.leader());
      case ReplicationRefusal _ -> new byte[] {RETRY};
      case null, default -> throw new CompletionException(failure);
    };
  }

  private static byte[] answer(byte[] body) {
    return ByteBuffer.allocate(1 + body.length).put(ANSWER).put(body).array();
  }

  private static byte[] notLeader(@Nullable NodeId leader) {
    return ByteBuffer.allocate(1 + Long.BYTES)
        .put(NOT_LEADER)
        .putLong(leader == null ? 0 : leader.value())
        .array();
  }

  /// Has a request executed by the leader and returns its answer.
  ///
  /// @throws DatabaseException [ErrorCode#UNAVAILABLE] when no leader answered before the deadline
  public byte[] call(String service, byte[] request, Deadline deadline) {
    long backoffMillis = BACKOFF_MILLIS_MIN;
    int attempts = 0;
    @Nullable NodeId hint = null;
    while (!deadline.isExpired(clock)) {
      NodeId target = target(hint, attempts++);
      Reply reply = target == null ? Reply.NONE : ask(target, service, request, deadline);
      if (reply.answer() != null) {
        return reply.answer();
      }
      boolean followed = reply.leader() != null && !reply.leader().equals(target) && hint == null;
      hint = reply.leader();
      if (!followed) {
        pause(Math.min(backoffMillis, deadline.remaining(clock).toMillis()));
        backoffMillis = Math.min(BACKOFF_MILLIS_MAX, 2 * backoffMillis);
        hint = null;
      }
    }
    throw new DatabaseException(
            ErrorCode.UNAVAILABLE, "the system partition has no leader that can be reached")
        .with("service", service);
  }

  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Reply(byte @Nullable [] answer, @Nullable NodeId leader) {
    static final Reply NONE = new Reply(null, null);
  }

  /// The leader as hinted or known; when that has led nowhere, each candidate in turn.
  private @Nullable NodeId target(@Nullable NodeId hint, int attempts) {
    if (hint != null) {
      return hint;
    }
    Optional<NodeId> known = leader.get();
    if (known.isPresent() && attempts % 2 == 0) {
      return known.get();
    }
    List<NodeId> others = new ArrayList<>(candidates.get());
    return others.isEmpty() ? known.orElse(null) : others.get(attempts % others.size());
  }

  private Reply ask(NodeId target, String service, byte[] request, Deadline deadline) {
    Duration timeout = deadline.atMost(ATTEMPT, clock).remaining(clock);
    try {
      byte[] reply =
          start(target, service, request, timeout)
              .get(timeout.toMillis() + 1, TimeUnit.MILLISECONDS);
      return read(reply);
    } catch (TimeoutException e) {
      return Reply.NONE;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof CallFailure failure
          && failure.kind() != CallFailure.Kind.FAILED) {
        return Reply.NONE;
      }
      throw new DatabaseException(
              ErrorCode.INTERNAL, "the leader failed on a request", e.getCause())
          .with("service", service);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DatabaseException(ErrorCode.UNAVAILABLE, "interrupted", e);
    }
  }

  private CompletableFuture<byte[]> start(
      NodeId target, String service, byte[] request, Duration timeout) {
    LeaderService local = target.equals(transport.self()) ? services.get(service) : null;
    return local != null
        ? execute(local, request)
        : transport.call(target, service, request, timeout);
  }

  private static Reply read(byte[] reply) {
    ByteBuffer in = ByteBuffer.wrap(reply);
    return switch (in.get()) {
      case ANSWER -> {
        byte[] body = new byte[in.remaining()];
        in.get(body);
        yield new Reply(body, null);
      }
      case NOT_LEADER -> {
        long leader = in.getLong();
        yield new Reply(null, leader == 0 ? null : new NodeId(leader));
      }
      default -> Reply.NONE;
    };
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
