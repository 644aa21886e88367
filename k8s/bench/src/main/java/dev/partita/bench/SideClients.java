package dev.partita.bench;

import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;

/// Clients of a round that do what shows in a ledger what it shows in no list: see each [Workload].
final class SideClients implements AutoCloseable {
  private static final int CLIENTS = 2;
  private static final int THINK_MILLIS = 20;
  private static final long FINISH_SECONDS = 240;

  private final Nodes nodes;
  private final long seed;
  private final List<Workload> workloads;
  private final AtomicBoolean over = new AtomicBoolean();
  private final ExecutorService threads = Executors.newCachedThreadPool();

  /// Begins at once with everything that there is.
  SideClients(Nodes nodes, int round, long seed) {
    this(
        nodes,
        List.of(
            new Bank(),
            new UniqueMails(round, CLIENTS),
            new ExactlyOnce(round),
            new Phantoms(round),
            new Elements(round),
            new Registers(round, CLIENTS),
            new ColumnStamps(round, CLIENTS),
            new PageWalks(PageWalks.RANGES),
            new PageWalks(PageWalks.HASHES),
            new FollowedChanges()),
        seed);
  }

  /// Begins at once.
  SideClients(Nodes nodes, List<Workload> workloads, long seed) {
    this.nodes = nodes;
    this.seed = seed;
    this.workloads = List.copyOf(workloads);
    for (Workload workload : workloads) {
      for (int client = 0; client < CLIENTS; client++) {
        int number = client;
        threads.execute(() -> runUntilOver(workload, number));
      }
    }
  }

  private void runUntilOver(Workload workload, int client) {
    var random = new Random(seed + workload.name().hashCode() + client);
    try (Requests requests = new Requests(nodes, random)) {
      while (!over.get()) {
        workload.step(requests, random, client);
        pause();
      }
    } catch (RuntimeException e) {
      workload.wrong("a client failed: %s".formatted(e));
    }
  }

  /// Nodes and clients share the same few cores; and a node that is away refuses at once.
  static void pause() {
    try {
      Thread.sleep(THINK_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Ends the clients, then looks at everything once more.
  void finish() throws InterruptedException {
    over.set(true);
    threads.shutdown();
    if (!threads.awaitTermination(FINISH_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("a client does not end");
    }
    var random = new Random(seed);
    try (Requests requests = new Requests(nodes, random)) {
      for (Workload workload : workloads) {
        Nodes.await(
            "a look at everything of " + workload.name(), () -> workload.check(requests, random));
      }
    }
  }

  /// What cannot be true.
  List<String> wrong() {
    return workloads.stream().flatMap(workload -> workload.wrong().stream()).toList();
  }

  String summary() {
    return workloads.stream()
        .map(workload -> workload.name() + ": " + workload.summary())
        .collect(Collectors.joining("; "));
  }

  /// Has the clients stop, whatever they are at.
  void leave() {
    over.set(true);
    threads.shutdownNow();
  }

  @Override
  public void close() {
    leave();
  }
}
