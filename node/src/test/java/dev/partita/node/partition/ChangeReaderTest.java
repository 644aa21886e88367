package dev.partita.node.partition;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.PartitionCommand.Timed;
import dev.partita.node.partition.PartitionCommand.TimedPrepare;
import dev.partita.node.partition.PartitionCommand.TimedWrite;
import dev.partita.node.replication.Command;
import dev.partita.node.storage.CollectProgress;
import dev.partita.node.storage.Family;
import dev.partita.node.storage.Span;
import dev.partita.node.storage.rocksdb.RocksDbStorage;
import dev.partita.node.time.Timestamp;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Pages of changes against a list of all of them, while rows are written by all kinds of commands,
/// old versions are collected, and the replica is restarted.
final class ChangeReaderTest {

  private static final int STEPS = 400;
  private static final int CONSUMERS = 4;
  private static final int FOUND_MAX = 16;
  private static final PartitionId OTHER = new PartitionId(99);

  @TempDir private Path directory;

  static Stream<Arguments> runs() {
    return Stream.of(
            new Bounds.Range(null, Datum.of(40)), new Bounds.Hash(4, 1), new Bounds.Hash(3, 1))
        .flatMap(bounds -> LongStream.range(0, 6).mapToObj(seed -> Arguments.of(bounds, seed)));
  }

  @ParameterizedTest
  @MethodSource("runs")
  void pagesAreWhatWasWritten(Bounds bounds, long seed) {
    try (Run run = new Run(directory, bounds, seed)) {
      for (int step = 0; step < STEPS; step++) {
        run.step();
      }
      run.finishAll();
      run.readAll();
      assertThat(run.pages).isGreaterThan(STEPS / 8);
      assertThat(run.refusals).isGreaterThan(0);
    }
  }

  @Test
  void rowsAreLookedThroughForWhatIsOldAndNotForWhatIsNew() {
    try (Run run = new Run(directory, new Bounds.Range(null, Datum.of(40)), 1)) {
      for (int at = 0; at < 100; at++) {
        run.write();
      }
      ChangePosition end = ChangePosition.behind(run.settled());
      while (run.consumers.getFirst().compareTo(end) < 0) {
        run.consume(0);
      }
      long changes = run.received.getFirst().size();
      assertThat(changes).isGreaterThan(100);
      assertThat(run.reader.scans()).isBetween(2L, changes / FOUND_MAX + 2);

      long before = run.reader.scans();
      run.consume(0);
      for (int at = 0; at < 100; at++) {
        run.write();
        run.consume(0);
      }
      assertThat(run.received.getFirst()).hasSizeGreaterThan(200);
      assertThat(run.reader.scans()).isEqualTo(before);
    }
  }

  /// A replica and what is known of it.
  private static final class Run implements AutoCloseable {
    private final RocksDbStorage storage;
    private final PartitionDescriptor descriptor;
    private final List<PrimaryKey> keys;
    private final Random random;
    private final NavigableMap<ChangePosition, Optional<JsonBytes>> all = new TreeMap<>();
    private final List<Held> held = new ArrayList<>();
    private final List<ChangePosition> consumers = new ArrayList<>();
    private final List<Set<ChangePosition>> received = new ArrayList<>();
    private PartitionStateMachine machine;
    private ChangeReader reader;
    private Timestamp safePoint = Timestamp.MIN;
    private long index = 1;
    private long clock = 1_000;
    private int pages;
    private int refusals;

    private record Held(Transaction transaction, List<Mutation> mutations, Timestamp commit) {}

    Run(Path directory, Bounds bounds, long seed) {
      storage = TestNode.storage(directory.resolve("store"));
      descriptor = TestNode.descriptor(7, "things", bounds);
      random = new Random(seed);
      keys = LongStream.range(0, 40).mapToObj(PrimaryKey::of).filter(bounds::contains).toList();
      open();
      apply(List.of(new PartitionCommand.Create(descriptor)));
      for (int consumer = 0; consumer < CONSUMERS; consumer++) {
        consumers.add(ChangePosition.behind(Timestamp.MIN));
        received.add(new HashSet<>());
      }
    }

    private void open() {
      var recent = new RecentChanges(24);
      machine = new PartitionStateMachine(descriptor.id(), storage, SplitRules.SAFE, recent);
      reader = new ChangeReader(machine, storage, TestNode.CLOCK, FOUND_MAX);
    }

    private List<Object> apply(List<PartitionCommand> commands) {
      return machine.apply(
          commands.stream()
              .map(command -> new Command(++index, 1, CommandCodec.encode(command, 64)))
              .toList());
    }

    void step() {
      switch (random.nextInt(20)) {
        case 0, 1, 2, 3, 4, 5, 6 -> write();
        case 7, 8 -> prepare();
        case 9, 10 -> finish();
        case 11 -> several();
        case 12 -> restart();
        case 13 -> collect();
        case 14 -> readSomewhere();
        default -> consume(random.nextInt(CONSUMERS));
      }
    }

    private Timestamp tick() {
      return new Timestamp(++clock);
    }

    private List<Mutation> mutations() {
      var chosen = new HashSet<PrimaryKey>();
      for (int at = random.nextInt(3); at >= 0; at--) {
        chosen.add(keys.get(random.nextInt(keys.size())));
      }
      return chosen.stream()
          .map(key -> random.nextInt(4) == 0 ? Mutation.delete(key) : Mutation.put(key, document()))
          .toList();
    }

    private JsonBytes document() {
      return JsonBytes.of("{\"n\":%d}".formatted(random.nextInt(1_000)));
    }

    private void note(List<Mutation> mutations, Timestamp at) {
      for (Mutation mutation : mutations) {
        if (mutation.document() != null || before(mutation.key(), Timestamp.MAX) != null) {
          all.put(new ChangePosition(at, mutation.key()), Optional.ofNullable(mutation.document()));
        }
      }
    }

    private @Nullable JsonBytes before(PrimaryKey key, Timestamp at) {
      JsonBytes found = null;
      for (var each : all.headMap(ChangePosition.behind(at)).entrySet()) {
        if (each.getKey().timestamp().isBefore(at) && key.equals(each.getKey().key())) {
          found = each.getValue().orElse(null);
        }
      }
      return found;
    }

    private TimedWrite timedWrite() {
      return new TimedWrite(tick(), Epoch.FIRST, random.nextBoolean(), mutations());
    }

    private void noteWrite(Timed write, Object response) {
      if (write instanceof TimedWrite timed && response instanceof Response.Writes) {
        note(timed.mutations(), timed.timestamp());
      }
    }

    void write() {
      TimedWrite write = timedWrite();
      List<?> responses =
          (List<?>) apply(List.of(new PartitionCommand.Writes(List.of(write)))).getFirst();
      noteWrite(write, responses.getFirst());
    }

    /// Several entries in one batch of the store.
    private void several() {
      var writes = new ArrayList<TimedWrite>();
      for (int at = 0; at < 12; at++) {
        writes.add(timedWrite());
      }
      List<Object> results =
          apply(
              writes.stream()
                  .<PartitionCommand>map(write -> new PartitionCommand.Writes(List.of(write)))
                  .toList());
      for (int at = 0; at < writes.size(); at++) {
        noteWrite(writes.get(at), ((List<?>) results.get(at)).getFirst());
      }
    }

    private void prepare() {
      Timestamp at = tick();
      boolean alone = random.nextInt(3) == 0;
      var transaction =
          new Transaction(
              TransactionId.random(),
              at,
              at,
              alone ? List.of(descriptor.id()) : List.of(descriptor.id(), OTHER));
      var prepare =
          new Request.Prepare(
              descriptor.id(), Epoch.FIRST, transaction, ReadSet.nothing(at), mutations());
      Object response =
          ((List<?>)
                  apply(
                          List.of(
                              new PartitionCommand.Writes(List.of(new TimedPrepare(at, prepare)))))
                      .getFirst())
              .getFirst();
      if (response instanceof Response.Finished(TransactionOutcome.Committed(Timestamp commit))) {
        note(prepare.mutations(), commit);
      } else if (response instanceof Response.Prepared(Timestamp prepared)) {
        // The other participant may have prepared later.
        held.add(
            new Held(transaction, prepare.mutations(), random.nextBoolean() ? prepared : tick()));
      }
    }

    private void finish() {
      if (!held.isEmpty()) {
        finish(held.remove(random.nextInt(held.size())), random.nextInt(4) > 0);
      }
    }

    private void finish(Held one, boolean commits) {
      apply(
          List.of(
              new PartitionCommand.FinishTransaction(
                  one.transaction().id(),
                  one.transaction().started(),
                  commits
                      ? new TransactionOutcome.Committed(one.commit())
                      : new TransactionOutcome.Aborted())));
      if (commits) {
        note(one.mutations(), one.commit());
      }
    }

    void finishAll() {
      while (!held.isEmpty()) {
        finish(held.removeLast(), true);
      }
    }

    private void restart() {
      machine.close();
      open();
    }

    private void collect() {
      safePoint = Timestamp.later(safePoint, new Timestamp(1_000 + random.nextLong(clock - 999)));
      safePoint = Timestamp.earlier(safePoint, settled());
      apply(List.of(new PartitionCommand.RaiseSafePoint(safePoint)));
      Span rows = new PartitionKeys(descriptor).rowSpan();
      Span entries = Span.none(Family.ENTRIES);
      while (!rows.isEmpty()) {
        CollectProgress progress = storage.collect(rows, entries, safePoint, 50);
        rows = progress.rows();
      }
    }

    Timestamp settled() {
      HeldTransaction first = machine.transactions().locks().firstWriter(new Timestamp(clock));
      return first == null ? new Timestamp(clock) : first.prepared().at().previous();
    }

    private void readSomewhere() {
      Timestamp at = new Timestamp(1_000 + random.nextLong(clock - 999));
      ChangePosition from =
          random.nextBoolean()
              ? ChangePosition.behind(at)
              : new ChangePosition(at, keys.get(random.nextInt(keys.size())));
      read(from, 1 + random.nextInt(30), random.nextBoolean());
    }

    private void consume(int consumer) {
      ChangePosition from = consumers.get(consumer);
      Response.Changes page = read(from, 1 + random.nextInt(20), random.nextBoolean());
      if (page == null) {
        // Too old: begin anew.
        consumers.set(consumer, ChangePosition.behind(settled()));
        return;
      }
      for (Response.Change change : page.changes()) {
        var position = new ChangePosition(change.timestamp(), change.key());
        assertThat(received.get(consumer).add(position)).as("once only: " + position).isTrue();
      }
      if (page.more()) {
        Response.Change last = page.changes().getLast();
        consumers.set(consumer, new ChangePosition(last.timestamp(), last.key()));
      } else if (ChangePosition.behind(page.upTo()).compareTo(from) > 0) {
        consumers.set(consumer, ChangePosition.behind(page.upTo()));
      }
    }

    void readAll() {
      for (int consumer = 0; consumer < CONSUMERS; consumer++) {
        ChangePosition end = ChangePosition.behind(new Timestamp(clock));
        while (consumers.get(consumer).compareTo(end) < 0) {
          consume(consumer);
        }
      }
    }

    /// Reads a page and holds it against what is known; null if it is too old.
    Response.@Nullable Changes read(ChangePosition after, int limit, boolean before) {
      Timestamp upTo = settled();
      var request =
          new Request.Changes(
              descriptor.id(), Epoch.FIRST, after, new Timestamp(clock), limit, before);
      Response response = reader.read(request, descriptor, upTo);
      if (after.passed().isBefore(safePoint)) {
        assertThat(response).isEqualTo(new Response.TimestampTooOld(safePoint));
        refusals++;
        return null;
      }
      List<Response.Change> expected =
          all.tailMap(after, false).entrySet().stream()
              .filter(each -> !each.getKey().timestamp().isAfter(upTo))
              .map(each -> {
                PrimaryKey key = requireNonNull(each.getKey().key());
                Timestamp at = each.getKey().timestamp();
                return new Response.Change(
                    key, at, each.getValue().orElse(null), before ? before(key, at) : null);
              })
              .toList();
      assertThat(response).isInstanceOf(Response.Changes.class);
      var page = (Response.Changes) response;
      int size = page.changes().size();
      assertThat(page.upTo()).isEqualTo(upTo);
      assertThat(size).isLessThanOrEqualTo(limit);
      assertThat(page.changes()).isEqualTo(expected.subList(0, Math.min(size, expected.size())));
      // A page may be short, but then it says so, and it is never empty without reason.
      assertThat(page.more() || size == expected.size()).isTrue();
      assertThat(page.more() && size == 0).isFalse();
      pages++;
      return page;
    }

    @Override
    public void close() {
      machine.close();
      storage.close();
    }
  }
}
