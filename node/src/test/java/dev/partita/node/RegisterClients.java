package dev.partita.node;

import dev.partita.history.History.End;
import dev.partita.history.RegisterHistory;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.MutationResult;
import dev.partita.node.query.Document;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import dev.partita.node.transaction.OneShot;
import dev.partita.node.transaction.OneShotResult;
import dev.partita.node.transaction.OneShotTransactions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Clients that read registers and write them, through whatever nodes run, and write down what they
/// have seen. Each value is a mail of its own, so that whoever has a unique index on mails has
/// every write claim something.
final class RegisterClients {
  private final TestCluster cluster;
  private final String collection;
  private final long firstKey;
  private final int keys;
  private final boolean careless;
  private final RegisterHistory history = new RegisterHistory();
  private final AtomicInteger values = new AtomicInteger();
  private final AtomicInteger committed = new AtomicInteger();
  private final AtomicBoolean over = new AtomicBoolean();

  /// @param careless whether they write without checking what they have read: a planted bug
  RegisterClients(
      TestCluster cluster, String collection, long firstKey, int keys, boolean careless) {
    this.cluster = cluster;
    this.collection = collection;
    this.firstKey = firstKey;
    this.keys = keys;
    this.careless = careless;
  }

  RegisterHistory history() {
    return history;
  }

  int committed() {
    return committed.get();
  }

  void stop() {
    over.set(true);
  }

  void runUntilStopped(int process) {
    var random = new SplittableRandom(process);
    while (!over.get()) {
      List<Node> running = cluster.running();
      if (!running.isEmpty()) {
        run(running.get(random.nextInt(running.size())), process, random);
      }
    }
  }

  private void run(Node node, int process, SplittableRandom random) {
    RegisterHistory.Begun begun = history.begin(process);
    try {
      boolean done =
          switch (random.nextInt(4)) {
            case 0 -> readAll(node, begun);
            case 1 -> writeOne(node, begun, random.nextInt(keys));
            default -> writeSome(node, begun, random);
          };
      begun.end(done ? End.COMMITTED : End.ABORTED);
    } catch (DatabaseException e) {
      begun.end(e.code() == ErrorCode.OUTCOME_UNKNOWN ? End.UNKNOWN : End.ABORTED);
    } catch (RuntimeException e) {
      // The node was killed under the client.
      begun.end(End.UNKNOWN);
    }
  }

  private Deadline deadline() {
    return cluster.deadline(Duration.ofSeconds(6));
  }

  private PrimaryKey key(int register) {
    return PrimaryKey.of(firstKey + register);
  }

  private static int value(@Nullable JsonBytes document) {
    return document == null
        ? RegisterHistory.NOTHING
        : Integer.parseInt(
            TestCluster.json(document.toString()).get("mail").textValue().substring(1));
  }

  private JsonBytes document(int register, int value) {
    return JsonBytes.of("{\"id\":%d,\"mail\":\"v%d\"}".formatted(firstKey + register, value));
  }

  private OneShotTransactions oneShots(Node node) {
    return new OneShotTransactions(node.router(), node.transactions(), node.oracle(), node.clock());
  }

  private Mutation.Precondition unchanged(@Nullable Timestamp version) {
    if (careless) {
      return new Mutation.Always();
    }
    return version == null ? new Mutation.IfAbsent() : new Mutation.IfVersion(version);
  }

  /// Reads every register at one moment.
  boolean readAll(Node node, RegisterHistory.Begun begun) {
    var items = new ArrayList<OneShot.Item>();
    for (int register = 0; register < keys; register++) {
      items.add(new OneShot.Item(collection, key(register)));
    }
    OneShotResult read =
        oneShots(node).run(new OneShot(null, items, List.of(), List.of()), deadline());
    for (int register = 0; register < keys; register++) {
      begun.read(register, value(read.reads().get(register).document()));
    }
    return true;
  }

  private boolean writeOne(Node node, RegisterHistory.Begun begun, int register) {
    var documents = TestCluster.documents(node);
    Document found = documents.get(collection, key(register), null, deadline());
    begun.read(register, value(found == null ? null : found.json()));
    int next = values.incrementAndGet();
    begun.write(register, next);
    Mutation write =
        Mutation.put(key(register), document(register, next))
            .when(unchanged(found == null ? null : found.version()));
    boolean written =
        documents.write(collection, write, deadline()) instanceof MutationResult.Written;
    committed.addAndGet(written ? 1 : 0);
    return written;
  }

  private boolean writeSome(Node node, RegisterHistory.Begun begun, SplittableRandom random) {
    var some = new TreeSet<Integer>();
    for (int count = 1 + random.nextInt(3); count > 0; count--) {
      some.add(random.nextInt(keys));
    }
    var items = some.stream().map(each -> new OneShot.Item(collection, key(each))).toList();
    OneShotResult read =
        oneShots(node).run(new OneShot(null, items, List.of(), List.of()), deadline());
    var conditions = new ArrayList<OneShot.Condition>();
    var writes = new ArrayList<OneShot.Write>();
    int at = 0;
    for (int register : some) {
      OneShotResult.Found found = read.reads().get(at);
      begun.read(register, value(found.document()));
      conditions.add(new OneShot.Condition(items.get(at++), unchanged(found.version())));
      int next = values.incrementAndGet();
      begun.write(register, next);
      writes.add(
          new OneShot.Write(collection, Mutation.put(key(register), document(register, next))));
    }
    oneShots(node).run(new OneShot(null, List.of(), conditions, writes), deadline());
    committed.incrementAndGet();
    return true;
  }
}
