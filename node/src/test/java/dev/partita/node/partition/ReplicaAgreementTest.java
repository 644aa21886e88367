package dev.partita.node.partition;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.key.Datum;
import dev.partita.node.key.Key;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.PartitionCommand.TimedWrite;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.SnapshotMark;
import dev.partita.node.replication.Command;
import dev.partita.node.replication.SnapshotSource;
import dev.partita.node.storage.Direction;
import dev.partita.node.storage.rocksdb.RocksDbStorage;
import dev.partita.node.time.Timestamp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Replicas that apply the same log end in the same state, whether they apply it entry by entry or
/// in long runs, whether they are restarted on the way and get entries again, or begin with another
/// one's snapshot.
final class ReplicaAgreementTest {

  private static final int SEEDS = Integer.getInteger("partita.seeds", 2);
  private static final int ENTRIES = 120;

  private static final PartitionDescriptor THINGS =
      TestNode.descriptor(1, TestDocument.COLLECTION, new Bounds.Hash(3, 1));

  private static final IndexDefinition UNIQUE =
      new IndexDefinition(
          9,
          "unique",
          TestDocument.COLLECTION,
          TestDocument.INDEXES.getFirst().terms(),
          List.of(),
          true);

  /// A transaction of a log, with the timestamp it commits at if it does.
  private record Begun(Transaction transaction, Timestamp commit) {}

  private final List<Begun> begun = new ArrayList<>();

  private sealed interface Entry {}

  private record CommandEntry(Command command) implements Entry {}

  private record ConfigurationEntry(long index, Configuration configuration) implements Entry {}

  @Test
  void replicasAgree(@TempDir Path directory) throws IOException {
    for (int seed = 0; seed < SEEDS; seed++) {
      Path own = directory.resolve("seed-" + seed);
      try {
        play(new Random(seed), own);
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }

  private void play(Random random, Path directory) throws IOException {
    var timestamps = new ArrayList<Timestamp>();
    begun.clear();
    List<Entry> log = log(random, timestamps);
    List<String> one;
    List<String> joined;
    try (RocksDbStorage storage = TestNode.storage(directory.resolve("one"));
        RocksDbStorage joining = TestNode.storage(directory.resolve("joining"))) {
      var machine = new PartitionStateMachine(THINGS.id(), storage);
      int half = random.nextInt(log.size());
      log.subList(0, half).forEach(entry -> apply(machine, List.of(entry)));
      var joiner = new PartitionStateMachine(THINGS.id(), joining);
      Path files = Files.createDirectory(directory.resolve("snapshot"));
      SnapshotMark mark = machine.mark();
      if (half > 0) {
        try (SnapshotSource snapshot = machine.openSnapshot()) {
          snapshot.writeTo(files);
        }
        joiner.install(files, mark);
      }
      log.subList(half, log.size()).forEach(entry -> apply(machine, List.of(entry)));
      apply(joiner, log.subList(half, log.size()));
      one = contents(machine, storage, timestamps);
      joined = contents(joiner, joining, timestamps);
    }
    assertThat(joined).isEqualTo(one);
    assertThat(withRestarts(random, directory.resolve("restarting"), log, timestamps))
        .isEqualTo(one);
  }

  /// Applies runs of any length and goes back, as after a crash, to what was durable.
  private List<String> withRestarts(
      Random random, Path directory, List<Entry> log, List<Timestamp> timestamps) {
    RocksDbStorage storage = TestNode.storage(directory);
    try {
      var machine = new PartitionStateMachine(THINGS.id(), storage);
      int at = 0;
      while (at < log.size()) {
        int to = Math.min(log.size(), at + 1 + random.nextInt(30));
        apply(machine, log.subList(at, to));
        at = to;
        if (random.nextInt(6) == 0) {
          storage.close();
          storage = TestNode.storage(directory);
          machine = new PartitionStateMachine(THINGS.id(), storage);
          long applied = machine.mark().index();
          assertThat(machine.durableIndex()).isEqualTo(applied);
          assertThat(applied).isEqualTo(index(log.get(at - 1)));
        }
      }
      return contents(machine, storage, timestamps);
    } finally {
      storage.close();
    }
  }

  private static long index(Entry entry) {
    return switch (entry) {
      case CommandEntry(Command command) -> command.index();
      case ConfigurationEntry(long index, _) -> index;
    };
  }

  private static void apply(PartitionStateMachine machine, List<Entry> entries) {
    var commands = new ArrayList<Command>();
    for (Entry entry : entries) {
      switch (entry) {
        case CommandEntry(Command command) -> commands.add(command);
        case ConfigurationEntry(long index, Configuration configuration) -> {
          machine.apply(List.copyOf(commands));
          commands.clear();
          machine.applyConfiguration(index, 1, configuration);
        }
      }
    }
    machine.apply(commands);
  }

  private List<Entry> log(Random random, List<Timestamp> timestamps) {
    var log = new ArrayList<Entry>();
    long clock = 1_000;
    long epoch = 1;
    log.add(command(2, new PartitionCommand.Create(THINGS)));
    for (int index = 3; index < ENTRIES; index++) {
      int kind = random.nextInt(30);
      IndexDefinition any =
          random.nextInt(5) == 0
              ? UNIQUE
              : TestDocument.INDEXES.get(random.nextInt(TestDocument.INDEXES.size()));
      if (kind < 12) {
        var writes = new ArrayList<PartitionCommand.Timed>();
        for (int count = 1 + random.nextInt(5); count > 0; count--) {
          var timestamp = new Timestamp(++clock);
          timestamps.add(timestamp);
          long used = random.nextInt(20) == 0 ? epoch + 1 : epoch;
          writes.add(
              new TimedWrite(timestamp, new Epoch(used), random.nextBoolean(), mutations(random)));
        }
        log.add(command(index, new PartitionCommand.Writes(writes)));
      } else if (kind < 15) {
        log.add(command(index, new PartitionCommand.AddIndex(any, index)));
      } else if (kind < 18) {
        log.add(command(index, new PartitionCommand.Backfill(any.id(), 1 + random.nextInt(40))));
      } else if (kind < 19) {
        log.add(command(index, new PartitionCommand.DropIndex(any.id(), index)));
      } else if (kind >= 20) {
        clock += 5;
        log.add(command(index, transaction(random, kind, clock, epoch)));
      } else {
        // Alternates between two memberships, so that each change raises the epoch.
        epoch++;
        var voters = Set.of(new NodeId(1), new NodeId(1 + epoch));
        log.add(new ConfigurationEntry(index, Configuration.of(voters, Set.of())));
      }
    }
    return log;
  }

  private PartitionCommand transaction(Random random, int kind, long clock, long epoch) {
    if (kind < 25 || begun.isEmpty()) {
      var started = new Timestamp(clock - 4);
      // Later than what is written next, as if prepared elsewhere at a higher timestamp.
      var commit = new Timestamp(clock - 1);
      boolean alone = random.nextInt(4) == 0;
      TransactionId id =
          random.nextInt(3) == 0
              ? TransactionId.of("client", random.nextInt(4)).again()
              : TransactionId.random();
      var transaction =
          new Transaction(
              id,
              started,
              started,
              alone ? List.of(THINGS.id()) : List.of(THINGS.id(), new PartitionId(77)),
              random.nextBoolean() ? CommitProtocolKind.THREE_PHASE : CommitProtocolKind.TWO_PHASE);
      begun.add(new Begun(transaction, commit));
      return prepare(random, transaction, new Timestamp(clock - 3), epoch);
    }
    Begun one = begun.get(Math.max(0, begun.size() - 1 - random.nextInt(4)));
    TransactionId id = one.transaction().id();
    Timestamp started = one.transaction().started();
    return switch (kind) {
      case 25 ->
          new PartitionCommand.FinishTransaction(
              id, started, new TransactionOutcome.Committed(one.commit()));
      case 26 -> {
        Begun other = begun.get(random.nextInt(begun.size()));
        yield new PartitionCommand.FinishTransactions(
            List.of(
                new PartitionCommand.FinishTransaction(
                    id, started, new TransactionOutcome.Committed(one.commit())),
                new PartitionCommand.FinishTransaction(
                    other.transaction().id(),
                    other.transaction().started(),
                    new TransactionOutcome.Aborted())));
      }
      case 27 ->
          new PartitionCommand.FinishTransaction(id, started, new TransactionOutcome.Aborted());
      case 28 ->
          switch (random.nextInt(3)) {
            case 0 -> new PartitionCommand.InspectTransaction(id, started);
            case 1 -> new PartitionCommand.VoteTransaction(id, started, random.nextInt(3), null);
            default ->
                new PartitionCommand.VoteTransaction(
                    id, started, random.nextInt(3), new TransactionOutcome.Aborted());
          };
      default ->
          random.nextBoolean()
              ? new PartitionCommand.ForgetTransactions(List.of(id))
              : new PartitionCommand.PurgeTransactions(new Timestamp(clock - 60));
    };
  }

  private static PartitionCommand prepare(
      Random random, Transaction transaction, Timestamp timestamp, long epoch) {
    List<Mutation> mutations =
        mutations(random).stream().map(one -> one.when(new Mutation.Always())).toList();
    List<ReadSet.ReadRange> ranges =
        switch (random.nextInt(4)) {
          case 0 -> List.of(new ReadSet.Rows(PrimaryKey.of(20), PrimaryKey.of(30)));
          case 1 ->
              List.of(
                  new ReadSet.Entries(TestDocument.INDEXES.getFirst().id(), List.of(), null, null));
          default -> List.of();
        };
    var reads =
        new ReadSet(
            transaction.started(), random.nextBoolean() ? List.of(inside()) : List.of(), ranges);
    return new PartitionCommand.Writes(
        List.of(
            new PartitionCommand.TimedPrepare(
                timestamp,
                new Request.Prepare(
                    THINGS.id(), new Epoch(epoch), transaction, reads, mutations))));
  }

  private static Entry command(long index, PartitionCommand command) {
    return new CommandEntry(new Command(index, 1, CommandCodec.encode(command, 64)));
  }

  private static List<Mutation> mutations(Random random) {
    var mutations = new ArrayList<Mutation>();
    var keys = new ArrayList<PrimaryKey>();
    for (int count = 1 + random.nextInt(4); count > 0; count--) {
      PrimaryKey key = PrimaryKey.of(random.nextInt(60));
      if (!THINGS.bounds().contains(key) || keys.contains(key)) {
        continue;
      }
      keys.add(key);
      Mutation put =
          random.nextInt(5) == 0
              ? Mutation.delete(key)
              : Mutation.put(key, TestDocument.random(random).json());
      mutations.add(random.nextInt(4) == 0 ? put.when(new Mutation.IfAbsent()) : put);
    }
    if (mutations.isEmpty()) {
      mutations.add(Mutation.delete(inside()));
    }
    return mutations;
  }

  private static PrimaryKey inside() {
    long key = 0;
    while (!THINGS.bounds().contains(PrimaryKey.of(key))) {
      key++;
    }
    return PrimaryKey.of(key);
  }

  /// Everything that a client could see, at the end and at some moments before.
  private List<String> contents(
      PartitionStateMachine machine, RocksDbStorage storage, List<Timestamp> timestamps) {
    PartitionState state = machine.state();
    PartitionDescriptor descriptor = requireNonNull(state.descriptor());
    var contents = new ArrayList<String>();
    contents.add(state.toString());
    TransactionTable table = machine.transactions();
    for (Begun one : begun) {
      TransactionId id = one.transaction().id();
      contents.add(
          id
              + " "
              + table.status(id, one.transaction().started())
              + " "
              + table.committed(id, one.commit())
              + " "
              + table.ballots(id));
    }
    contents.add(
        "prepared "
            + table.locks().all().stream()
                .map(HeldTransaction::id)
                .sorted(java.util.Comparator.comparing(TransactionId::toString))
                .toList());
    contents.add(
        "footprints "
            + table.locks().all().stream()
                .map(held ->
                    held.id()
                        + " "
                        + known(state, held.footprint().entries())
                        + known(state, held.footprint().terms()))
                .sorted()
                .toList());
    contents.add("remembered from " + table.forgottenBefore() + " " + table.unforgotten().size());
    long live = 0;
    for (int at = 0; at <= timestamps.size(); at += 7) {
      Timestamp timestamp = at + 7 > timestamps.size() ? Timestamp.MAX : timestamps.get(at);
      var reader = new PageReader(storage, descriptor, state.indexes(), timestamp);
      var rows =
          reader.rows(
              new Request.Scan(
                  THINGS.id(), Epoch.FIRST, null, null, Direction.FORWARD, null, 1_000, timestamp));
      contents.add("at " + timestamp + " " + rows.rows());
      live = rows.rows().size();
      for (IndexState index : state.indexes()) {
        boolean readable =
            index.phase() instanceof IndexState.Ready(Timestamp since)
                && !timestamp.isBefore(since);
        if (readable) {
          contents.add(entries(reader, index, timestamp));
        }
      }
    }
    assertThat(state.rows()).isEqualTo(live);
    return contents;
  }

  /// Keys of indexes that can still be asked: of others a replica may know more than one that was
  /// restarted since.
  private static List<String> known(PartitionState state, Set<Key> keys) {
    return keys.stream()
        .map(Key::toString)
        .filter(key ->
            state.indexes().stream()
                .filter(index -> index.phase() instanceof IndexState.Ready)
                .anyMatch(index -> key.startsWith("%08x".formatted(index.index().id()))))
        .sorted()
        .toList();
  }

  private static String entries(PageReader reader, IndexState index, Timestamp at) {
    var entries =
        reader
            .entries(
                index.index(),
                new Request.IndexScan(
                    THINGS.id(),
                    Epoch.FIRST,
                    index.index().id(),
                    List.<Datum>of(),
                    Direction.FORWARD,
                    null,
                    1_000,
                    true,
                    at))
            .entries();
    if (at.equals(Timestamp.MAX)) {
      assertThat(index.entries()).isEqualTo(entries.size());
    }
    return index.index().name() + " at " + at + " " + entries;
  }
}
