package dev.partita.node.system;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.raft.NodeId;
import dev.partita.node.replication.ReplicationRefusal;
import dev.partita.node.time.Clock;
import dev.partita.node.time.CoarseTimeouts;
import dev.partita.node.time.Deadline;
import dev.partita.node.transport.CallFailure;
import dev.partita.node.transport.Transport;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Calls of services that only the leader of the system partition executes. The caller follows
/// hints from node to node and repeats until the deadline, also after a call whose fate is unknown:
/// every service must bear being executed twice.
///
/// A leader that does not answer, or that this node does not know, may be one that only this node
/// cannot reach, so other nodes are asked to pass calls on to it. Otherwise the network between two
/// nodes could stop whatever one of them leads, since it would get no timestamps, while every group
/// keeps its leader.
public final class LeaderCalls {
  /// One attempt; shorter than an election takes, so that a dead leader does not use up a deadline.
  private static final Duration ATTEMPT = Duration.ofSeconds(1);

  private static final long BACKOFF_MILLIS_MIN = 10;
  private static final long BACKOFF_MILLIS_MAX = 200;

  /// One attempt on behalf of another node, which is to hear of its failure in its own attempt.
  private static final Duration PASSED_ON = Duration.ofMillis(600);

  /// How long calls go around a node that has not answered one.
  private static final Duration DETOUR = Duration.ofSeconds(2);

  private static final String RELAY = "system.relay";

  private static final byte ANSWER = 0;
  private static final byte NOT_LEADER = 1;
  private static final byte RETRY = 2;

  private final Transport transport;
  private final Clock clock;
  private final Supplier<Optional<NodeId>> leader;
  private final Supplier<List<NodeId>> candidates;
  private final Map<String, LeaderService> services = new HashMap<>();
  private volatile @Nullable Detour detour;

  /// Around a node that did not answer.
  private record Detour(NodeId node, long untilNanos) {}

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
    transport.register(RELAY, (_, request) -> passOn(request));
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

  /// Executes a call that was sent here because its sender does not reach the leader.
  private CompletableFuture<byte[]> passOn(byte[] relayed) {
    ByteBuffer in = ByteBuffer.wrap(relayed);
    byte[] name = new byte[in.getInt()];
    in.get(name);
    byte[] request = new byte[in.remaining()];
    in.get(request);
    String service = new String(name, StandardCharsets.UTF_8);
    Optional<NodeId> known = leader.get();
    return known.isEmpty()
        ? CompletableFuture.completedFuture(notLeader(null))
        : start(known.get(), service, request, PASSED_ON)
            .exceptionally(LeaderCalls::retryUnlessFailed);
  }

  private static byte[] retryUnlessFailed(Throwable failure) {
    if (failure instanceof CallFailure call && call.kind() != CallFailure.Kind.FAILED) {
      return new byte[] {RETRY};
    }
    throw new CompletionException(failure);
  }

  private static byte[] relayed(String service, byte[] request) {
    byte[] name = service.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(Integer.BYTES + name.length + request.length)
        .putInt(name.length)
        .put(name)
        .put(request)
        .array();
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
      Optional<NodeId> known = leader.get();
      NodeId avoided = avoided(known);
      boolean passOn = known.isEmpty() || avoided != null;
      NodeId target =
          passOn && (hint == null || hint.equals(avoided))
              ? around(avoided, attempts++)
              : target(hint, attempts++);
      Reply reply = target == null ? Reply.NONE : ask(target, passOn, service, request, deadline);
      if (reply.answer() != null) {
        return reply.answer();
      }
      boolean followed = reply.leader() != null && !reply.leader().equals(target) && hint == null;
      followed |= avoided == null && avoided(known) != null;
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

  /// The node that calls go around at present, unless another one is known to lead by now.
  private @Nullable NodeId avoided(Optional<NodeId> known) {
    Detour present = detour;
    return present != null
            && clock.monotonicNanos() - present.untilNanos() < 0
            && known.filter(node -> !node.equals(present.node())).isEmpty()
        ? present.node()
        : null;
  }

  /// Each candidate in turn but for the one that calls go around and this node itself, if there is
  /// any other.
  private NodeId around(@Nullable NodeId avoided, int attempts) {
    List<NodeId> others = new ArrayList<>(candidates.get());
    others.remove(transport.self());
    if (others.size() > 1 && avoided != null) {
      others.remove(avoided);
    }
    return others.isEmpty() ? transport.self() : others.get(attempts % others.size());
  }

  private Reply ask(
      NodeId target, boolean passOn, String service, byte[] request, Deadline deadline) {
    Duration timeout = deadline.atMost(ATTEMPT, clock).remaining(clock);
    CompletableFuture<byte[]> asked =
        passOn && !target.equals(transport.self())
            ? transport.call(target, RELAY, relayed(service, request), timeout)
            : start(target, service, request, timeout);
    try {
      return read(CoarseTimeouts.get(asked, timeout.toNanos()));
    } catch (TimeoutException e) {
      return unanswered(target);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof CallFailure failure
          && failure.kind() != CallFailure.Kind.FAILED) {
        return unanswered(target);
      }
      throw new DatabaseException(
              ErrorCode.INTERNAL, "the leader failed on a request", e.getCause())
          .with("service", service);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new DatabaseException(ErrorCode.UNAVAILABLE, "interrupted", e);
    }
  }

  private Reply unanswered(NodeId target) {
    if (!target.equals(transport.self())) {
      detour = new Detour(target, clock.monotonicNanos() + DETOUR.toNanos());
    }
    return Reply.NONE;
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
