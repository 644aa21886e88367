package dev.partita.node.query;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.ChangePosition;
import dev.partita.node.partition.Mutation;
import dev.partita.node.partition.PartitionCaller;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.ReadSet;
import dev.partita.node.partition.Request;
import dev.partita.node.partition.Response;
import dev.partita.node.partition.TestNode;
import dev.partita.node.partition.Transaction;
import dev.partita.node.partition.TransactionId;
import dev.partita.node.partition.TransactionOutcome;
import dev.partita.node.time.Timestamp;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Changes of several partitions, by [ChangeConsumer]s that notice what is wrong with them, and do
/// so when something is.
final class ChangesTest {

  private static final String THINGS = "things";
  private static final int STEPS = 300;
  private static final int KEYS = 60;
  private static final int SLOTS = 3;

  @TempDir private Path directory;
  private TestNode node;
  private Changes changes;

  @BeforeEach
  void open() {
    node = new TestNode(directory);
    changes = new Changes(node, node, node.oracle, TestNode.CLOCK);
  }

  @AfterEach
  void close() {
    node.close();
  }

  private void open(Bounds... bounds) {
    for (int at = 0; at < bounds.length; at++) {
      node.open(TestNode.descriptor(at + 1, THINGS, bounds[at]));
    }
  }

  private void openRanges() {
    open(
        new Bounds.Range(null, Datum.of(20)),
        new Bounds.Range(Datum.of(20), Datum.of(40)),
        new Bounds.Range(Datum.of(40), null));
  }

  private PartitionDescriptor owner(PrimaryKey key) {
    return node.partitions(THINGS).stream()
        .filter(partition -> partition.bounds().contains(key))
        .findFirst()
        .orElseThrow();
  }

  private Timestamp write(Mutation mutation) {
    PartitionDescriptor owner = owner(mutation.key());
    Response response =
        node.call(new Request.Write(owner.id(), owner.epoch(), List.of(mutation), false));
    assertThat(response).isInstanceOf(Response.Writes.class);
    return node.oracle.take();
  }

  private static Mutation put(long key, int n) {
    return Mutation.put(PrimaryKey.of(key), JsonBytes.of("{\"n\":%d}".formatted(n)));
  }

  private ChangePage page(ChangePosition after, int limit) {
    return changes.page(THINGS, after, limit, false, TestNode.soon());
  }

  /// Writes of all partitions, some of them of transactions that take their time, with consumers
  /// beside them.
  private final class Play {
    private final Random random;
    private final List<ChangeConsumer> consumers = new ArrayList<>();
    private final List<Open> open = new ArrayList<>();

    private final boolean honest;

    /// @param slot which keys it may write, so that nobody waits for its locks
    private record Open(int slot, Transaction transaction, Timestamp commit) {}

    Play(long seed, PartitionCaller caller) {
      honest = caller == node;
      random = new Random(seed);
      for (int consumer = 0; consumer < 3; consumer++) {
        consumers.add(
            new ChangeConsumer(
                THINGS,
                () -> new Changes(node, caller, node.oracle, TestNode.CLOCK),
                () -> new Queries(node, node, node.oracle, TestNode.CLOCK),
                node.oracle.take(),
                TestNode.soon(),
                seed * 10 + consumer));
      }
    }

    /// What the consumers have noticed.
    List<String> run() {
      for (int step = 0; step < STEPS; step++) {
        switch (random.nextInt(8)) {
          case 0 -> begin();
          case 1 -> end();
          case 2, 3, 4 -> writeFree();
          default -> consume(consumers.get(random.nextInt(consumers.size())));
        }
      }
      while (!open.isEmpty()) {
        end();
      }
      Timestamp end = node.oracle.take();
      for (ChangeConsumer consumer : consumers) {
        while (consumer.wrong().isEmpty()
            && (consumer.resolved().isBefore(end) || !consumer.isWhole())) {
          consume(consumer);
        }
        if (consumer.wrong().isEmpty()) {
          consumer.compare(TestNode.soon());
        }
      }
      return consumers.stream().map(ChangeConsumer::wrong).flatMap(Queue::stream).toList();
    }

    private void consume(ChangeConsumer consumer) {
      consumer.step(TestNode.soon());
      // A read at a mark that is wrong may have to wait for a transaction.
      if (honest && consumer.isWhole() && random.nextInt(3) == 0) {
        consumer.compare(TestNode.soon());
      }
    }

    private Mutation mutation(long key) {
      return random.nextInt(4) == 0
          ? Mutation.delete(PrimaryKey.of(key))
          : put(key, random.nextInt(1_000));
    }

    /// Keys of transactions are even, so that nobody waits for their locks.
    private void writeFree() {
      write(mutation(1 + 2 * random.nextInt(KEYS / 2)));
    }

    private void begin() {
      int slot = 0;
      while (isTaken(slot)) {
        slot++;
      }
      if (slot == SLOTS) {
        return;
      }
      Timestamp began = node.oracle.take();
      var keys = new ArrayList<PrimaryKey>();
      for (int part = 0; part < 3; part++) {
        keys.add(PrimaryKey.of(20 * part + 2 * slot + 2 * SLOTS * random.nextInt(3)));
      }
      var transaction =
          new Transaction(
              TransactionId.random(),
              began,
              began,
              keys.stream().map(key -> owner(key).id()).distinct().toList());
      Timestamp commit = began;
      for (PartitionId participant : transaction.participants()) {
        PartitionDescriptor partition = requireNonNull(node.partition(participant));
        Response response =
            node.call(
                new Request.Prepare(
                    partition.id(),
                    partition.epoch(),
                    transaction,
                    ReadSet.nothing(began),
                    keys.stream()
                        .filter(key -> owner(key).id().equals(participant))
                        .distinct()
                        .map(key -> mutation(((Datum.Int) key.partitionKey()).value()))
                        .toList()));
        if (!(response instanceof Response.Prepared(Timestamp at))) {
          finish(new Open(slot, transaction, commit), new TransactionOutcome.Aborted());
          return;
        }
        commit = Timestamp.later(commit, at);
      }
      open.add(new Open(slot, transaction, commit));
    }

    private boolean isTaken(int slot) {
      return open.stream().anyMatch(one -> one.slot() == slot);
    }

    private void end() {
      if (!open.isEmpty()) {
        Open one = open.remove(random.nextInt(open.size()));
        finish(
            one,
            random.nextInt(4) == 0
                ? new TransactionOutcome.Aborted()
                : new TransactionOutcome.Committed(one.commit()));
      }
    }

    private void finish(Open one, TransactionOutcome outcome) {
      for (PartitionId participant : one.transaction().participants()) {
        PartitionDescriptor partition = requireNonNull(node.partition(participant));
        node.call(
            new Request.Finish(
                partition.id(),
                partition.epoch(),
                one.transaction().id(),
                one.transaction().started(),
                outcome));
      }
    }
  }

  @Test
  void consumersHaveTheTableOfEveryMark() {
    openRanges();
    int resumptions = 0;
    for (long seed = 0; seed < 6; seed++) {
      var play = new Play(seed, node);
      assertThat(play.run()).as("seed " + seed).isEmpty();
      assertThat(play.consumers)
          .allMatch(consumer -> consumer.comparisons() > 1 && consumer.size() > STEPS / 6);
      resumptions += play.consumers.stream().mapToInt(ChangeConsumer::resumptions).sum();
    }
    assertThat(resumptions).isPositive();
  }

  @Test
  void consumersOfHashPartitionsHaveTheTableOfEveryMark() {
    open(
        new Bounds.Hash(3, 0), new Bounds.Hash(3, 1), new Bounds.Hash(6, 2), new Bounds.Hash(6, 5));
    for (long seed = 0; seed < 3; seed++) {
      assertThat(new Play(seed, node).run()).as("seed " + seed).isEmpty();
    }
  }

  @Test
  void marksThatDoNotWaitForTransactionsAreNoticed() {
    openRanges();
    assertNoticed((partition, request, deadline) ->
        node.call(partition, request, deadline)
                    instanceof Response.Changes(var found, boolean more, Timestamp _)
                && request instanceof Request.Changes asked
            ? new Response.Changes(found, more, asked.upTo())
            : node.call(partition, request, deadline));
  }

  @Test
  void changesThatAreLostBetweenPagesAreNoticed() {
    openRanges();
    assertNoticed((partition, request, deadline) ->
        node.call(
            partition,
            request instanceof Request.Changes asked && asked.after().key() != null
                ? after(asked, ChangePosition.behind(asked.after().timestamp()))
                : request,
            deadline));
  }

  @Test
  void changesThatComeTwiceAreNoticed() {
    openRanges();
    assertNoticed((partition, request, deadline) ->
        node.call(
            partition,
            request instanceof Request.Changes asked && asked.after().key() == null
                ? after(asked, ChangePosition.behind(earlier(asked.after().timestamp())))
                : request,
            deadline));
  }

  private static Timestamp earlier(Timestamp timestamp) {
    return new Timestamp(timestamp.value() - 20);
  }

  private static Request.Changes after(Request.Changes asked, ChangePosition other) {
    return new Request.Changes(
        asked.partition(), asked.epoch(), other, asked.upTo(), asked.limit(), asked.before());
  }

  private void assertNoticed(PartitionCaller broken) {
    for (long seed = 0; seed < 20; seed++) {
      if (!new Play(seed, broken).run().isEmpty()) {
        return;
      }
    }
    throw new AssertionError("nobody has noticed it");
  }

  @Test
  void aScanAndTheChangesBehindItMissNothing() {
    openRanges();
    write(put(1, 1));
    write(put(21, 1));
    Page<Document> page =
        new Queries(node, node, node.oracle, TestNode.CLOCK)
            .range(RangeQuery.of(THINGS, 100), TestNode.soon());
    write(put(1, 2));
    write(Mutation.delete(PrimaryKey.of(21)));
    write(put(41, 1));

    ChangePage behind = page(ChangePosition.behind(page.at()), 100);

    assertThat(page.data()).hasSize(2);
    assertThat(behind.changes())
        .extracting(Change::key)
        .containsExactly(PrimaryKey.of(1), PrimaryKey.of(21), PrimaryKey.of(41));
    assertThat(behind.changes().get(1).document()).isNull();
    assertThat(behind.more()).isFalse();
    assertThat(page(behind.position(), 100).changes()).isEmpty();
  }

  @Test
  void tokensAreOfOneCollectionAndUnchanged() {
    openRanges();
    node.open(TestNode.descriptor(9, "others", Bounds.Range.ALL));
    ChangePosition position = new ChangePosition(node.oracle.take(), PrimaryKey.of("x"));
    String token = changes.token(THINGS, position);

    assertThat(changes.position(THINGS, token)).isEqualTo(position);
    assertRefused(() -> changes.position("others", token), ErrorCode.INVALID_CURSOR);
    assertRefused(() -> changes.position(THINGS, token.substring(1)), ErrorCode.INVALID_CURSOR);
    assertRefused(() -> changes.position(THINGS, ""), ErrorCode.INVALID_CURSOR);
    assertRefused(() -> changes.position("nothing", token), ErrorCode.UNKNOWN_COLLECTION);
    Page<Document> page =
        new Queries(node, node, node.oracle, TestNode.CLOCK)
            .range(RangeQuery.of(THINGS, 1), TestNode.soon());
    assertThat(page.after()).isNull();
  }

  @Test
  void theFutureIsRefused() {
    openRanges();
    assertRefused(
        () -> page(ChangePosition.behind(node.oracle.newest().plus(1_000)), 1),
        ErrorCode.TIMESTAMP_IN_FUTURE);
  }

  private static void assertRefused(ThrowingCallable call, ErrorCode code) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            DatabaseException.class, refused -> assertThat(refused.code()).isEqualTo(code));
  }
}
