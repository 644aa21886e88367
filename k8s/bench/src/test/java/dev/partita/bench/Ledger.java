package dev.partita.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.bench.DocumentRequests.Outcome;
import dev.partita.node.raft.LinearizabilityChecker;
import dev.partita.node.raft.Operation;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Clients that read and write all the while, and the check of what they saw: every acknowledged
/// write is there afterwards, once; what was refused never is; reads are linearizable.
///
/// * Writers insert documents of their own, and count up one shared document by compare-and-set, so
///   that a write that is lost or done twice shows in the sum.
/// * Register clients read and write a few shared documents, for [LinearizabilityChecker].
/// * A reader for each node reads through that node alone, whatever state it is in.
///
/// A client stays with a node while it works and goes to the next when it does not. Several ledgers
/// may share a collection, one after the other.
final class Ledger implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  /// Longer than an election, and than a connection is kept on which nothing is heard.
  private static final Duration PHASE = Duration.ofSeconds(5);

  private static final int NODES = 3;
  private static final int WRITERS = 3;
  private static final int REGISTER_CLIENTS = 4;
  private static final int REGISTERS = 4;

  /// A register is left for a fresh one after so many operations, or after a write of unknown
  /// outcome: both make the search for an order long.
  private static final int REGISTER_OPERATIONS_MAX = 300;

  /// Between two operations of a client: nodes and clients share the same few cores.
  private static final long THINK_NANOS = 2_000_000;

  /// After a refusal; a node that is down refuses at once.
  private static final long BACKOFF_NANOS = 20_000_000;

  private final DocumentRequests documents;
  private final String name;
  private final long seed;
  private final List<Thread> clients = new ArrayList<>();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private volatile boolean stopped;

  private final Set<String> inserted = ConcurrentHashMap.newKeySet();
  private final Set<String> maybeInserted = ConcurrentHashMap.newKeySet();
  private final AtomicInteger countsBegun = new AtomicInteger();
  private final AtomicInteger counted = new AtomicInteger();
  private final AtomicInteger countsUnknown = new AtomicInteger();

  private final Queue<Operation> history = new ConcurrentLinkedQueue<>();
  private final Set<Long> refusedValues = ConcurrentHashMap.newKeySet();
  private final AtomicLong nextValue = new AtomicLong(1);
  private final List<Register> registers = new ArrayList<>();
  private final Queue<String> unknownOutcomes = new ConcurrentLinkedQueue<>();

  /// The document that a register is in at present.
  private static final class Register {
    final AtomicInteger generation = new AtomicInteger();
    final AtomicInteger operations = new AtomicInteger();

    void leave(int ofGeneration) {
      if (generation.compareAndSet(ofGeneration, ofGeneration + 1)) {
        operations.set(0);
      }
    }
  }

  /// Begins at once.
  ///
  /// @param name begins the keys, and no other ledger's of the collection
  Ledger(DocumentRequests documents, String name, long seed) {
    this.documents = documents;
    this.name = name + "-";
    this.seed = seed;
    System.out.println("ledger " + name + ": -Dpartita.seed=" + seed);
    await()
        .atMost(PATIENCE)
        .until(() -> documents.put(0, key("counter"), "", "{\"n\":0}") instanceof Outcome.Done);
    for (int i = 0; i < REGISTERS; i++) {
      registers.add(new Register());
    }
    for (int i = 0; i < WRITERS; i++) {
      int number = i;
      begin(new Client(i), client -> write(client, number));
    }
    for (int i = 0; i < REGISTER_CLIENTS; i++) {
      begin(new Client(WRITERS + i), this::useRegister);
    }
    for (int node = 0; node < NODES; node++) {
      int through = node;
      begin(new Client(WRITERS + REGISTER_CLIENTS + node), client -> probe(client, through));
    }
  }

  /// A seed of the caller's choice (`-Dpartita.seed`), else another one each time.
  static long seed() {
    return Long.getLong("partita.seed", System.nanoTime());
  }

  private String key(String suffix) {
    return name + suffix;
  }

  // Clients

  /// One client: its choices, and the node it talks to.
  private final class Client {
    final int number;
    final SplittableRandom random;
    int node;
    int sequence;

    Client(int number) {
      this.number = number;
      this.random = new SplittableRandom(seed + number);
      this.node = random.nextInt(NODES);
    }

    Outcome moveOnUnlessDone(Outcome outcome) {
      // Not found, conflict and failed condition are answers of a node that works.
      if (outcome instanceof Outcome.Unknown
          || (outcome instanceof Outcome.Refused(int status, String _)
              && (status == 0 || status >= 500))) {
        node = (node + 1) % NODES;
        LockSupport.parkNanos(BACKOFF_NANOS);
      }
      return outcome;
    }
  }

  private interface Step {
    void run(Client client) throws IOException;
  }

  private void begin(Client client, Step step) {
    clients.add(
        Thread.ofPlatform()
            .name(name + client.number)
            .start(() -> {
              try {
                while (!stopped) {
                  step.run(client);
                  client.sequence++;
                  LockSupport.parkNanos(THINK_NANOS);
                }
              } catch (Throwable e) {
                failure.compareAndSet(null, e);
              }
            }));
  }

  private void write(Client client, int number) throws IOException {
    String key = key("w" + number + "-" + client.sequence);
    Outcome outcome =
        client.moveOnUnlessDone(documents.put(client.node, key, "If-None-Match: *\r\n", "{}"));
    switch (outcome) {
      case Outcome.Done _ -> inserted.add(key);
      case Outcome.Unknown(String reason) -> {
        maybeInserted.add(key);
        unknownOutcomes.add(reason);
      }
      case Outcome.Refused _ -> {}
    }
    if (client.sequence % 2 == 0) {
      count(client);
    }
  }

  private void count(Client client) throws IOException {
    if (!(client.moveOnUnlessDone(documents.get(client.node, key("counter")))
        instanceof Outcome.Done(String body, String tag))) {
      return;
    }
    int next = member(body, "n") + 1;
    countsBegun.incrementAndGet();
    Outcome outcome =
        client.moveOnUnlessDone(
            documents.put(
                client.node, key("counter"), "If-Match: " + tag + "\r\n", "{\"n\":" + next + "}"));
    switch (outcome) {
      case Outcome.Done _ -> counted.incrementAndGet();
      case Outcome.Unknown(String reason) -> {
        countsUnknown.incrementAndGet();
        unknownOutcomes.add(reason);
      }
      case Outcome.Refused _ -> {}
    }
  }

  private void useRegister(Client client) throws IOException {
    int number = client.random.nextInt(REGISTERS);
    Register register = registers.get(number);
    int generation = register.generation.get();
    int place = number + REGISTERS * generation;
    if (client.random.nextBoolean()) {
      writeRegister(client, register, generation, place);
    } else {
      readRegister(client, client.node, place);
    }
    if (register.operations.incrementAndGet() >= REGISTER_OPERATIONS_MAX) {
      register.leave(generation);
    }
  }

  private void writeRegister(Client client, Register register, int generation, int place) {
    long value = nextValue.getAndIncrement();
    long invoked = System.nanoTime();
    Outcome outcome = documents.put(client.node, key("r" + place), "", "{\"n\":" + value + "}");
    long returned = System.nanoTime();
    switch (client.moveOnUnlessDone(outcome)) {
      case Outcome.Done _ -> record(client, Operation.Kind.WRITE, place, value, invoked, returned);
      case Outcome.Unknown(String reason) -> {
        unknownOutcomes.add(reason);
        record(client, Operation.Kind.WRITE, place, value, invoked, Operation.NEVER);
        register.leave(generation);
      }
      case Outcome.Refused _ -> refusedValues.add(value);
    }
  }

  private void readRegister(Client client, int node, int place) throws IOException {
    long invoked = System.nanoTime();
    Outcome outcome = documents.get(node, key("r" + place));
    long returned = System.nanoTime();
    if (node == client.node) {
      client.moveOnUnlessDone(outcome);
    }
    if (outcome instanceof Outcome.Done(String body, String _)) {
      record(client, Operation.Kind.READ, place, member(body, "n"), invoked, returned);
    } else if (outcome instanceof Outcome.Refused(int status, String _) && status == 404) {
      record(client, Operation.Kind.READ, place, 0, invoked, returned);
    }
  }

  private void record(
      Client client, Operation.Kind kind, int place, long value, long invoked, long returned) {
    history.add(new Operation(client.number, kind, place, value, invoked, returned));
  }

  /// Reads through one node, which may be cut off from the others and must not know it.
  private void probe(Client client, int through) throws IOException {
    client.node = through;
    int number = client.random.nextInt(REGISTERS);
    readRegister(client, through, number + REGISTERS * registers.get(number).generation.get());
    int least = counted.get();
    if (documents.get(through, key("counter")) instanceof Outcome.Done(String body, String _)) {
      assertThat(member(body, "n")).as("count").isBetween(least, countsBegun.get());
    }
  }

  private static int member(String body, String name) throws IOException {
    return Nodes.JSON.readTree(body).path(name).intValue();
  }

  // The test

  /// Waits until some more of everything has been acknowledged, so that each phase has seen work.
  void awaitProgress() {
    awaitProgress(Duration.ZERO);
  }

  /// As [#awaitProgress], and for long enough that nodes have noticed what is wrong with others.
  void endure() {
    awaitProgress(PHASE);
  }

  private void awaitProgress(Duration atLeast) {
    long begunNanos = System.nanoTime();
    int inserts = inserted.size() + 20;
    int counts = counted.get() + 5;
    int operations = history.size() + 40;
    await()
        .atMost(PATIENCE)
        .until(() ->
            failure.get() != null
                || (System.nanoTime() - begunNanos >= atLeast.toNanos()
                    && inserted.size() > inserts
                    && counted.get() > counts
                    && history.size() > operations));
    assertThat(failure.get()).isNull();
  }

  /// Writes whose outcome was never told, so far, and why.
  List<String> unknownOutcomes() {
    return List.copyOf(unknownOutcomes);
  }

  /// Ends the clients and checks what they saw, when every node works again.
  void check() throws IOException, InterruptedException {
    stopped = true;
    for (Thread client : clients) {
      client.join();
    }
    assertThat(failure.get()).isNull();
    for (int node = 0; node < NODES; node++) {
      checkRows(node);
    }
    assertThat(
            history.stream()
                .filter(operation -> operation.kind() == Operation.Kind.READ)
                .map(Operation::value)
                .filter(refusedValues::contains))
        .as("values of refused writes that were read")
        .isEmpty();
    assertThat(LinearizabilityChecker.violations(List.copyOf(history)))
        .as(this::describeHistory)
        .isEmpty();
    System.out.printf(
        "ledger %s: %d inserts, %d counts, %d register operations; unknown: %d inserts, %d counts%n",
        name,
        inserted.size(),
        counted.get(),
        history.size(),
        maybeInserted.size(),
        countsUnknown.get());
  }

  private void checkRows(int node) throws IOException {
    Set<String> found = new HashSet<>();
    for (String key : documents.keys(node)) {
      if (key.startsWith(name + "w")) {
        assertThat(found.add(key)).as("%s once", key).isTrue();
      }
    }
    assertThat(found).as("acknowledged, through node %d", node).containsAll(inserted);
    found.removeAll(inserted);
    assertThat(maybeInserted).as("nothing that was refused").containsAll(found);
    Outcome counter = documents.get(node, key("counter"));
    assertThat(counter).isInstanceOf(Outcome.Done.class);
    assertThat(member(((Outcome.Done) counter).body(), "n"))
        .isBetween(counted.get(), counted.get() + countsUnknown.get());
  }

  private String describeHistory() {
    return history.stream()
        .sorted(Comparator.comparingInt(Operation::key).thenComparingLong(Operation::invokedNanos))
        .map(Operation::toString)
        .collect(Collectors.joining("\n", "seed " + seed + "\n", ""));
  }

  @Override
  public void close() {
    stopped = true;
  }
}
