package dev.partita.node.document;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.index.JsonData;
import dev.partita.node.key.PrimaryKeyText;
import dev.partita.node.partition.Request;
import dev.partita.node.query.Document;
import dev.partita.node.query.IndexHit;
import dev.partita.node.query.Queries;
import dev.partita.node.raft.NodeId;
import dev.partita.node.routing.Router;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.time.TimestampOracle;
import dev.partita.node.transaction.Committer;
import dev.partita.node.transaction.Transactions;
import dev.partita.node.transport.Transport;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The transactions of a node whose statements come one by one. The id of a transaction names its
/// node, so its statements may be sent to any: they are passed on. Bodies and answers are JSON, as
/// clients send and get them. Safe for any thread; calls block.
public final class Sessions implements AutoCloseable {

  /// How long a transaction may do nothing before it is aborted.
  static final Duration IDLE_MAX = Duration.ofSeconds(60);

  /// How long a transaction may take in all: what it has read must be unchanged, which nobody keeps
  /// up for long, and old versions must be kept for it.
  static final Duration TOTAL_MAX = Duration.ofMinutes(10);

  /// How long the outcome of a transaction can be asked for with another commit, if not so many
  /// have ended since that it is forgotten earlier.
  static final Duration ENDED_MAX = Duration.ofMinutes(2);

  /// Outcomes that are remembered: a few hundred bytes each.
  private static final int ENDED_COUNT_MAX = 20_000;

  /// How often transactions that have taken too long are looked for.
  private static final Duration EXPIRY_INTERVAL = Duration.ofSeconds(1);

  /// How often partitions are told that what a transaction has locked is still needed.
  private static final Duration RENEWAL = Request.LOCK_LEASE.dividedBy(4);

  /// Open transactions of a node at once.
  private static final int OPEN_MAX = 10_000;

  private static final String SERVICE = "transaction.statement";

  private final Session.Surroundings node;
  private final NodeId self;
  private final Transport transport;
  private final Predicate<NodeId> members;
  private final Clock clock;
  private final ExecutorService threads;
  private final ScheduledExecutorService ticker =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("transactions").factory());
  private final Map<String, Open> sessions = new ConcurrentHashMap<>();

  /// Those of which only the outcome is left, oldest first. Guarded by itself.
  private final LinkedHashMap<String, Open> ended = new LinkedHashMap<>();

  private final SecureRandom random = new SecureRandom();
  private final AtomicLong nextExpiryNanos;

  private static final class Open {
    private final Session session;
    private final ReentrantLock lock = new ReentrantLock();
    private final AtomicBoolean renewing = new AtomicBoolean();
    private final long beganNanos;
    private volatile long usedNanos;

    Open(Session session, long nowNanos) {
      this.session = session;
      this.beganNanos = nowNanos;
      this.usedNanos = nowNanos;
    }
  }

  /// The transactions of a node that reaches Partitions through a router.
  ///
  /// @param members whether a node belongs to the cluster
  public static Sessions of(
      Router router,
      Transactions transactions,
      TimestampOracle oracle,
      NodeId self,
      Transport transport,
      Predicate<NodeId> members,
      Clock clock) {
    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    return new Sessions(
        new Session.Surroundings(
            router,
            new Queries(router, router, oracle, clock),
            new Committer(router, transactions, oracle, clock),
            threads,
            clock),
        threads,
        self,
        transport,
        members,
        clock);
  }

  private Sessions(
      Session.Surroundings node,
      ExecutorService threads,
      NodeId self,
      Transport transport,
      Predicate<NodeId> members,
      Clock clock) {
    this.threads = threads;
    this.members = members;
    this.nextExpiryNanos = new AtomicLong(clock.monotonicNanos());
    this.node = node;
    this.self = self;
    this.transport = transport;
    this.clock = clock;
    transport.register(SERVICE, (_, bytes) -> SessionCalls.answer(bytes, threads, this::local));
    var _ =
        ticker.scheduleWithFixedDelay(
            this::tick, RENEWAL.toMillis(), RENEWAL.toMillis(), TimeUnit.MILLISECONDS);
  }

  /// Does what a client asks.
  ///
  /// @param id of the transaction; empty to begin one
  /// @param body JSON, as the action wants it; may be empty where it wants nothing
  /// @param readable the collection whose index the client may look through, if that is what it
  ///   asks for; empty for everything else. The node of the transaction may know of another index
  ///   of that name than the node that has looked at the client's rights.
  /// @return the answer, JSON
  /// @throws DatabaseException `UNKNOWN_TRANSACTION` if it has ended long ago or has timed out, and
  ///   whatever the action is refused for
  public ObjectNode execute(
      SessionAction action, String id, byte[] body, String readable, Deadline deadline) {
    var call =
        new SessionCalls.Call(action, id, body, readable, deadline.remaining(clock).toMillis());
    NodeId owner = action == SessionAction.BEGIN ? self : owner(id);
    if (!owner.equals(self) && !members.test(owner)) {
      throw unknown(id, null);
    }
    return owner.equals(self) ? local(call) : SessionCalls.send(transport, owner, SERVICE, call);
  }

  /// What a statement is about, so that the right to it can be asked for before it is executed.
  ///
  /// @param collection of the documents; null where an index is named
  /// @param index whose entries are looked through
  public record Subject(@Nullable String collection, @Nullable String index) {}

  /// The subject of a statement; empty of those that touch no document.
  ///
  /// @throws DatabaseException if the body is not as the action wants it
  public static Optional<Subject> subject(SessionAction action, byte[] body) {
    return switch (action) {
      case BEGIN, COMMIT, ABORT -> Optional.empty();
      case READ, LOCK -> Optional.of(new Subject(TransactionParser.item(body).collection(), null));
      case WRITE -> Optional.of(new Subject(TransactionParser.write(body).collection(), null));
      case QUERY ->
          Optional.of(
              switch (SessionBodies.query(body)) {
                case SessionBodies.RangeOf(var range) -> new Subject(range.collection(), null);
                case SessionBodies.IndexOf(var index) -> new Subject(null, index.index());
              });
    };
  }

  private static NodeId owner(String id) {
    try {
      return new NodeId(Long.parseLong(id.substring(0, Math.max(0, id.indexOf('-')))));
    } catch (IllegalArgumentException e) {
      throw unknown(id, e);
    }
  }

  private static DatabaseException unknown(String id, @Nullable Throwable cause) {
    return new DatabaseException(
            ErrorCode.UNKNOWN_TRANSACTION, "there is no such transaction (any more)", cause)
        .with("transaction", id);
  }

  private ObjectNode local(SessionCalls.Call call) {
    Deadline deadline = Deadline.after(Duration.ofMillis(call.timeoutMillis()), clock);
    expire();
    if (call.action() == SessionAction.BEGIN) {
      return begin(SessionBodies.begin(call.body(), node.router().commitProtocol()), deadline);
    }
    Open open = session(call.id());
    if (!open.lock.tryLock()) {
      throw new DatabaseException(
              ErrorCode.OPERATION_IN_PROGRESS, "another statement of the transaction is under way")
          .with("transaction", call.id());
    }
    try {
      open.usedNanos = clock.monotonicNanos();
      return statement(open.session, call, deadline);
    } finally {
      open.usedNanos = clock.monotonicNanos();
      if (open.session.hasEnded() && sessions.containsKey(call.id())) {
        remember(call.id(), open);
      }
      open.lock.unlock();
    }
  }

  private Open session(String id) {
    Open open = sessions.get(id);
    if (open == null) {
      synchronized (ended) {
        open = ended.get(id);
      }
    }
    if (open == null) {
      throw unknown(id, null);
    }
    return open;
  }

  /// Keeps the outcome of a transaction, which is not open any more.
  private void remember(String id, Open open) {
    synchronized (ended) {
      ended.put(id, open);
      if (ended.size() > ENDED_COUNT_MAX) {
        ended.pollFirstEntry();
      }
    }
    sessions.remove(id);
  }

  private ObjectNode begin(SessionBodies.Begin begin, Deadline deadline) {
    if (sessions.size() >= OPEN_MAX) {
      throw new DatabaseException(ErrorCode.OVERLOADED, "too many transactions are open")
          .with("limit", OPEN_MAX);
    }
    Timestamp at = begin.at() == null ? node.committer().now(deadline) : begin.at();
    byte[] secret = new byte[12];
    random.nextBytes(secret);
    String id = self + "-" + HexFormat.of().formatHex(secret);
    sessions.put(
        id,
        new Open(
            new Session(node, at, begin.readOnly(), begin.protocol()), clock.monotonicNanos()));
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    answer.put("id", id);
    answer.put("at", at.toString());
    answer.put("readOnly", begin.readOnly());
    return answer;
  }

  private static ObjectNode statement(Session session, SessionCalls.Call call, Deadline deadline) {
    ObjectNode answer = JsonNodeFactory.instance.objectNode();
    switch (call.action()) {
      case BEGIN -> throw new IllegalArgumentException("begin is no statement");
      case READ -> document(answer, session.read(TransactionParser.item(call.body()), deadline));
      case LOCK -> document(answer, session.lock(TransactionParser.item(call.body()), deadline));
      case QUERY -> query(answer, session, call, deadline);
      case WRITE -> session.write(TransactionParser.write(call.body()), deadline);
      case COMMIT -> answer.put("timestamp", session.commit(deadline).toString());
      case ABORT -> session.abort();
    }
    return answer;
  }

  private static void document(ObjectNode json, @Nullable Document document) {
    if (document == null) {
      json.putNull("version");
      json.putNull("document");
    } else {
      json.put(
          "version",
          document.version().equals(Timestamp.MAX) ? null : document.version().toString());
      json.set("document", parse(document.json()));
    }
  }

  private static JsonNode parse(JsonBytes json) {
    return DocumentParser.parse(json.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static void query(
      ObjectNode answer, Session session, SessionCalls.Call call, Deadline deadline) {
    ArrayNode data = answer.putArray("data");
    switch (SessionBodies.query(call.body())) {
      case SessionBodies.RangeOf(var range) -> {
        SessionView.Found found = session.range(range, deadline);
        found.documents().forEach(document -> document(data.addObject(), document));
        answer.put("more", found.more());
      }
      case SessionBodies.IndexOf(var index) -> {
        SessionView.Entries found = session.index(index, call.readable(), deadline);
        for (IndexHit hit : found.hits()) {
          ObjectNode json = data.addObject();
          json.set("id", PrimaryKeyText.toJson(hit.key()));
          json.set("values", JsonData.parse(hit.values().toString()));
          if (hit.document() != null) {
            document(json, hit.document());
          }
        }
        answer.put("more", found.more());
      }
    }
    answer.put("at", session.readAt().toString());
  }

  private void tick() {
    try {
      expire();
      long now = clock.monotonicNanos();
      for (Open open : sessions.values()) {
        // Whoever thinks for longer is in nobody's way any more.
        boolean used = now - open.usedNanos < Request.LOCK_LEASE.toNanos() || open.lock.isLocked();
        if (used && open.session.hasLocks() && open.renewing.compareAndSet(false, true)) {
          threads.execute(() -> renew(open));
        }
      }
    } catch (RejectedExecutionException e) {
      // The node is closing: its leases end by themselves.
    }
  }

  private void renew(Open open) {
    try {
      open.session.renewLocks(Deadline.after(RENEWAL, clock));
    } finally {
      open.renewing.set(false);
    }
  }

  /// Aborts what has taken too long, and forgets what has ended long ago.
  private void expire() {
    long now = clock.monotonicNanos();
    long due = nextExpiryNanos.get();
    if (now - due < 0 || !nextExpiryNanos.compareAndSet(due, now + EXPIRY_INTERVAL.toNanos())) {
      return;
    }
    for (Iterator<Open> each = sessions.values().iterator(); each.hasNext(); ) {
      Open open = each.next();
      if (now - open.usedNanos > IDLE_MAX.toNanos()
          || now - open.beganNanos > TOTAL_MAX.toNanos()) {
        if (open.lock.tryLock()) {
          each.remove();
          open.session.unlock();
          open.lock.unlock();
        }
      }
    }
    synchronized (ended) {
      ended.values().removeIf(open -> now - open.usedNanos > ENDED_MAX.toNanos());
    }
  }

  /// Transactions that are open.
  public int size() {
    return sessions.size();
  }

  @Override
  public void close() {
    ticker.shutdownNow();
    threads.shutdownNow();
  }
}
