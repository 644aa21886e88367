package dev.partita.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.history.History;
import dev.partita.history.History.End;
import dev.partita.node.document.SessionAction;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.query.Queries;
import dev.partita.node.time.Deadline;
import dev.partita.node.transaction.OneShotTransactions;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Clients that read lists and append to them through whatever nodes run, and write down what they
/// have seen.
abstract class HistoryClients {
  final TestCluster cluster;
  private final History history = new History();
  private final AtomicInteger values = new AtomicInteger();
  private final AtomicInteger committed = new AtomicInteger();
  private final AtomicBoolean over = new AtomicBoolean();

  HistoryClients(TestCluster cluster) {
    this.cluster = cluster;
  }

  /// One transaction, of whatever kind.
  abstract void run(Node node, History.Begun begun, Random random);

  /// Reads every list at one moment.
  abstract void readAll(Node node, History.Begun begun);

  final History history() {
    return history;
  }

  /// Transactions that have appended something.
  final int committed() {
    return committed.get();
  }

  /// A transaction has appended something.
  final void appended() {
    committed.incrementAndGet();
  }

  final void stop() {
    over.set(true);
  }

  final void runUntilStopped(int process, long seed) {
    var random = new Random(seed);
    while (!over.get()) {
      List<Node> running = cluster.running();
      if (!running.isEmpty()) {
        run(running.get(random.nextInt(running.size())), process, random);
      }
    }
  }

  private void run(Node node, int process, Random random) {
    History.Begun begun = history.begin(process);
    try {
      run(node, begun, random);
      begun.end(End.COMMITTED);
    } catch (DatabaseException e) {
      begun.end(e.code() == ErrorCode.OUTCOME_UNKNOWN ? End.UNKNOWN : End.ABORTED);
    } catch (RuntimeException e) {
      // The node was killed under the client.
      begun.end(End.UNKNOWN);
    }
  }

  final Deadline deadline() {
    return cluster.deadline(Duration.ofSeconds(6));
  }

  /// The list with a new value at its end, which is written down.
  final List<Integer> longer(History.Begun begun, int key, List<Integer> list) {
    int value = values.incrementAndGet();
    var more = new ArrayList<>(list);
    more.add(value);
    begun.append(key, value);
    return more;
  }

  /// The list that a document has in a member; empty if there is none.
  static List<Integer> list(@Nullable JsonNode document, String member) {
    var list = new ArrayList<Integer>();
    if (document != null && document.has(member)) {
      document.get(member).forEach(value -> list.add(value.intValue()));
    }
    return list;
  }

  static Queries queries(Node node) {
    return new Queries(node.router(), node.router(), node.oracle(), node.clock());
  }

  static OneShotTransactions oneShots(Node node) {
    return new OneShotTransactions(node.router(), node.transactions(), node.oracle(), node.clock());
  }

  final ObjectNode send(Node node, SessionAction action, String id, String body) {
    return node.sessions()
        .execute(action, id, body.getBytes(StandardCharsets.UTF_8), "", deadline());
  }
}
