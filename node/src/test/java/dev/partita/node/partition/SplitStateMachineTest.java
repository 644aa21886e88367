package dev.partita.node.partition;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.IndexTerm;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.PartitionCommand.Child;
import dev.partita.node.partition.PartitionCommand.TimedPrepare;
import dev.partita.node.partition.PartitionCommand.TimedWrite;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.SnapshotMark;
import dev.partita.node.replication.Command;
import dev.partita.node.replication.SnapshotSource;
import dev.partita.node.storage.Direction;
import dev.partita.node.storage.IndexCursor;
import dev.partita.node.storage.rocksdb.RocksDbStorage;
import dev.partita.node.time.Timestamp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the entry that splits a Partition does to the replicated state.
final class SplitStateMachineTest {

  static final PartitionDescriptor WHOLE =
      TestNode.descriptor(7, "things", new Bounds.Range(Datum.of(0), Datum.of(100)));
  private static final PartitionId LOW = new PartitionId(8);
  private static final PartitionId HIGH = new PartitionId(9);
  private static final Epoch SECOND = Epoch.FIRST.next();

  private static final IndexDefinition BY_CODE =
      new IndexDefinition(9, "by-code", "things", List.of(IndexTerm.of("code")), List.of(), true);

  @TempDir private Path directory;
  private RocksDbStorage storage;
  private Replica whole;
  private long clock = 1_000;

  /// A machine with the index of its last entry.
  private final class Replica {
    final PartitionStateMachine machine;
    long index;

    Replica(PartitionId id) {
      this(id, storage);
    }

    Replica(PartitionId id, RocksDbStorage in) {
      machine = new PartitionStateMachine(id, in);
      index = Math.max(1, machine.mark().index());
    }

    Object apply(PartitionCommand command) {
      byte[] payload = CommandCodec.encode(command, 64);
      return machine.apply(List.of(new Command(++index, 1, payload))).getFirst();
    }

    Response write(Epoch epoch, Mutation... mutations) {
      var write = new TimedWrite(new Timestamp(++clock), epoch, false, List.of(mutations));
      return first(apply(new PartitionCommand.Writes(List.of(write))));
    }

    Response prepare(Transaction transaction, Epoch epoch, Mutation... mutations) {
      var prepare =
          new Request.Prepare(
              machine.id(),
              epoch,
              transaction,
              ReadSet.nothing(transaction.started()),
              List.of(mutations));
      return first(
          apply(
              new PartitionCommand.Writes(
                  List.of(new TimedPrepare(new Timestamp(++clock), prepare)))));
    }

    PartitionState state() {
      return machine.state();
    }

    List<String> rows(Timestamp at) {
      PartitionDescriptor descriptor = requireNonNull(state().descriptor());
      var scan =
          new Request.Scan(
              descriptor.id(), Epoch.FIRST, null, null, Direction.FORWARD, null, 1_000, at);
      return new PageReader(storage, descriptor, state().indexes(), at)
          .rows(scan).rows().stream().map(row -> row.key() + "=" + row.document()).toList();
    }

    List<String> keys() {
      return rows(Timestamp.MAX).stream().map(row -> row.substring(0, row.indexOf('='))).toList();
    }

    List<String> codes(Timestamp at) {
      PartitionDescriptor descriptor = requireNonNull(state().descriptor());
      var scan =
          new Request.IndexScan(
              descriptor.id(),
              Epoch.FIRST,
              BY_CODE.id(),
              List.of(),
              Direction.FORWARD,
              null,
              1_000,
              true,
              at);
      return new PageReader(storage, descriptor, state().indexes(), at)
          .entries(BY_CODE, scan).entries().stream().map(entry -> entry.key().toString()).toList();
    }
  }

  private static Response first(Object result) {
    return (Response) ((List<?>) result).getFirst();
  }

  @BeforeEach
  void open() {
    storage = TestNode.storage(directory.resolve("one"));
    whole = new Replica(WHOLE.id());
    whole.apply(new PartitionCommand.Create(WHOLE));
  }

  @AfterEach
  void close() {
    storage.close();
  }

  private static Mutation put(long key, String json) {
    return Mutation.put(PrimaryKey.of(key), JsonBytes.of(json));
  }

  /// All members make the children of the same entry, so all begin with a vote for the same one.
  @Test
  void theLeaderThatTheEntryNamesLeadsTheChildrenFirst() {
    NodeId leader = WHOLE.members().voters().iterator().next();
    whole.apply(at(50).ledBy(leader));

    for (PartitionId child : List.of(LOW, HIGH)) {
      var replica = new Replica(child);
      assertThat(replica.machine.firstLeader()).isEqualTo(leader);
      new PartitionSnapshots(child, storage, SplitRules.SAFE).remove(replica.state());
      assertThat(new Replica(child).machine.firstLeader()).as("once it is removed").isNull();
    }
    assertThat(whole.machine.firstLeader()).isNull();
  }

  @Test
  void theChildrenElectTheirFirstLeaderIfTheEntryNamesNoVoter() {
    whole.apply(at(50).ledBy(new NodeId(1_234)));

    assertThat(new Replica(LOW).machine.firstLeader()).isNull();
    assertThat(new Replica(HIGH).machine.firstLeader()).isNull();
  }

  private static PartitionCommand.Split at(long key) {
    return new PartitionCommand.Split(
        Epoch.FIRST, Datum.of(key), List.of(new Child(LOW, "low"), new Child(HIGH, "high")));
  }

  private Transaction transaction(TransactionId id, PartitionId... participants) {
    var started = new Timestamp(++clock);
    return new Transaction(id, started, started, List.of(participants));
  }

  private static Mutation[] some() {
    var puts = new Mutation[10];
    for (int at = 0; at < puts.length; at++) {
      puts[at] = put(10L * at, "{\"code\":" + at + "}");
    }
    return puts;
  }

  @Test
  void rowsStayWhereTheyAreAndBelongToTheChildren() {
    whole.write(Epoch.FIRST, some());
    whole.write(Epoch.FIRST, put(40, "{\"code\":40}"));
    var before = new Timestamp(clock - 1);

    whole.apply(at(50));

    var low = new Replica(LOW);
    var high = new Replica(HIGH);
    assertThat(low.keys()).containsExactly("0", "10", "20", "30", "40");
    assertThat(high.keys()).containsExactly("50", "60", "70", "80", "90");
    assertThat(low.rows(before)).contains("40={\"code\":4}");
    assertThat(whole.state().rows()).isZero();
    PartitionDescriptor child = requireNonNull(low.state().descriptor());
    assertThat(child.bounds()).isEqualTo(new Bounds.Range(Datum.of(0), Datum.of(50)));
    assertThat(child.epoch()).isEqualTo(SECOND);
    assertThat(child.name()).isEqualTo("low");
    assertThat(child.members()).isEqualTo(WHOLE.members());
    assertThat(low.state().lastCommit()).isEqualTo(new Timestamp(clock));
    assertThat(low.machine.mark()).isEqualTo(SnapshotMark.inherited(WHOLE.members()));
    assertThat(requireNonNull(whole.state().descriptor()).epoch()).isEqualTo(SECOND);
  }

  @Test
  void whatComesBehindTheSplitInTheLogIsRefusedWithTheChildren() {
    whole.write(Epoch.FIRST, put(1, "{}"));
    whole.apply(at(50));

    Response refused = whole.write(Epoch.FIRST, put(1, "{\"late\":1}"));
    assertThat(refused).isInstanceOf(Response.Split.class);
    assertThat(((Response.Split) refused).children())
        .extracting(PartitionDescriptor::id)
        .containsExactly(LOW, HIGH);
    assertThat(whole.write(SECOND, put(1, "{}"))).isInstanceOf(Response.Split.class);
    Transaction late = transaction(TransactionId.random(), WHOLE.id());
    assertThat(whole.prepare(late, Epoch.FIRST, put(1, "{}"))).isInstanceOf(Response.Split.class);
    assertThat(new Replica(LOW).rows(Timestamp.MAX)).containsExactly("1={}");
  }

  @Test
  void childrenTakeWritesAndLeaveEachOtherAlone() {
    whole.write(Epoch.FIRST, some());
    whole.apply(at(50));
    var low = new Replica(LOW);
    var high = new Replica(HIGH);

    assertThat(low.write(SECOND, put(49, "{}"))).isInstanceOf(Response.Writes.class);
    assertThat(low.write(SECOND, put(50, "{}"))).isInstanceOf(Response.OutOfBounds.class);
    assertThat(high.write(SECOND, Mutation.delete(PrimaryKey.of(50))))
        .isInstanceOf(Response.Writes.class);

    assertThat(low.keys()).containsExactly("0", "10", "20", "30", "40", "49");
    assertThat(high.keys()).containsExactly("60", "70", "80", "90");
  }

  @Test
  void aSplitThatIsNotPossibleChangesNothing() {
    whole.write(Epoch.FIRST, some());
    PartitionState before = whole.state();
    Transaction open = transaction(TransactionId.random(), WHOLE.id(), new PartitionId(77));

    whole.apply(
        new PartitionCommand.Split(
            SECOND, Datum.of(50), List.of(new Child(LOW, "low"), new Child(HIGH, "high"))));
    assertThat(whole.state().split()).isNull();

    whole.prepare(open, Epoch.FIRST, put(1, "{}"));
    whole.apply(at(50));
    assertThat(whole.state().split()).isNull();
    assertThat(storage.meta(PartitionKeys.stateRecord(LOW))).isNull();

    whole.apply(
        new PartitionCommand.FinishTransaction(
            open.id(), open.started(), new TransactionOutcome.Aborted()));
    var joint =
        new Configuration(Set.of(new NodeId(1)), Set.of(new NodeId(1), new NodeId(2)), Set.of());
    whole.machine.applyConfiguration(++whole.index, 1, joint);
    whole.apply(
        new PartitionCommand.Split(
            requireNonNull(whole.state().descriptor()).epoch(),
            Datum.of(50),
            List.of(new Child(LOW, "low"), new Child(HIGH, "high"))));
    assertThat(whole.state().split()).isNull();
    assertThat(whole.state().rows()).isEqualTo(before.rows());
  }

  @Test
  void aNamedTransactionHappensOnceAcrossASplit() {
    TransactionId id = TransactionId.of("client", 5);
    Transaction first = transaction(id, WHOLE.id());
    assertThat(whole.prepare(first, Epoch.FIRST, put(60, "{}")))
        .isInstanceOf(Response.Finished.class);
    whole.apply(at(50));
    var low = new Replica(LOW);
    var high = new Replica(HIGH);

    assertThat(high.prepare(transaction(id.again(), HIGH), SECOND, put(60, "{\"twice\":1}")))
        .isInstanceOf(Response.Repeated.class);
    assertThat(low.prepare(transaction(id.again(), LOW), SECOND, put(1, "{\"twice\":1}")))
        .isInstanceOf(Response.Repeated.class);
    assertThat(high.rows(Timestamp.MAX)).containsExactly("60={}");
  }

  @Test
  void theFirstChildKnowsHowTransactionsHaveEnded() {
    Transaction committed = transaction(TransactionId.random(), WHOLE.id(), new PartitionId(77));
    whole.prepare(committed, Epoch.FIRST, put(60, "{}"));
    var outcome = new TransactionOutcome.Committed(new Timestamp(++clock));
    whole.apply(
        new PartitionCommand.FinishTransaction(committed.id(), committed.started(), outcome));
    whole.apply(at(50));
    var low = new Replica(LOW);
    var high = new Replica(HIGH);

    assertThat(low.machine.transactions().status(committed.id(), committed.started()))
        .isEqualTo(new TransactionStatus.Finished(outcome));
    assertThat(low.machine.transactions().unforgotten()).hasSize(1);
    assertThat(high.machine.transactions().unforgotten()).isEmpty();
    // What was never prepared there cannot be any more.
    Transaction unknown = transaction(TransactionId.random(), WHOLE.id(), new PartitionId(77));
    assertThat(low.apply(new PartitionCommand.InspectTransaction(unknown.id(), unknown.started())))
        .isEqualTo(new Response.Finished(new TransactionOutcome.Aborted()));
  }

  @Test
  void rowsAreCountedExactlyWhateverIsWrittenMeanwhile() {
    whole.write(Epoch.FIRST, some());
    whole.apply(at(20));
    var high = new Replica(HIGH);
    assertThat(high.state().estimated()).isTrue();

    for (long key = 30; key <= 80; key += 10) {
      high.write(SECOND, Mutation.delete(PrimaryKey.of(key)));
    }
    assertThat(high.state().rows()).as("an estimate was too low").isNegative();
    RowCount count = requireNonNull(RowCount.begin(storage, HIGH));
    assertThat(count.step(1)).isTrue();
    high.write(SECOND, put(25, "{}"), put(30, "{}"));
    high.write(SECOND, Mutation.delete(PrimaryKey.of(90)), put(95, "{}"), put(96, "{}"));
    assertThat(count.correction()).as("not all is counted").isNull();
    assertThat(count.step(1 << 20)).isFalse();
    high.write(SECOND, put(20, "{\"longer\":\"than before\"}"));
    PartitionCommand correction = requireNonNull(count.correction());
    count.close();
    high.apply(correction);
    high.apply(correction);

    assertThat(high.state().estimated()).isFalse();
    assertThat(RowCount.begin(storage, HIGH)).as("there is nothing to count").isNull();
    assertThat(high.state().rows()).isEqualTo(high.keys().size());
    long bytes = 0;
    for (String row : high.rows(Timestamp.MAX)) {
      long key = Long.parseLong(row.substring(0, row.indexOf('=')));
      bytes +=
          new PartitionKeys(WHOLE).row(PrimaryKey.of(key)).size()
              + row.substring(row.indexOf('=') + 1).length();
    }
    assertThat(high.state().bytes()).isEqualTo(bytes);
  }

  @Test
  void anIndexIsReadableAllTheTimeAndGetsASpaceOfItsOwn() {
    whole.apply(new PartitionCommand.AddIndex(BY_CODE, 1));
    whole.write(Epoch.FIRST, some());
    var before = new Timestamp(clock);
    whole.apply(at(50));
    var low = new Replica(LOW);
    var high = new Replica(HIGH);
    assertThat(low.codes(before)).containsExactly("0", "10", "20", "30", "40");
    assertThat(high.codes(Timestamp.MAX)).containsExactly("50", "60", "70", "80", "90");

    // Unique inside each child, not across them.
    assertThat(low.write(SECOND, put(1, "{\"code\":9}"))).isInstanceOf(Response.Writes.class);
    assertThat(((Response.Writes) low.write(SECOND, put(2, "{\"code\":9}"))).results())
        .containsExactly(new MutationResult.UniqueViolation(BY_CODE.id(), BY_CODE.name()));
    low.apply(new PartitionCommand.Backfill(BY_CODE.id(), 2));
    low.write(SECOND, Mutation.delete(PrimaryKey.of(10)), put(20, "{\"code\":21}"));
    var middle = new Timestamp(clock);
    low.apply(new PartitionCommand.Backfill(BY_CODE.id(), 100));
    low.write(SECOND, Mutation.delete(PrimaryKey.of(0)));

    IndexState rebuilt = requireNonNull(low.state().index(BY_CODE.id()));
    assertThat(rebuilt.phase()).isInstanceOf(IndexState.Ready.class);
    assertThat(rebuilt.entries()).isEqualTo(4);
    assertThat(rebuilt.spacesAt(Timestamp.MAX)).containsExactly(IndexState.OWN_SPACE);
    assertThat(low.codes(Timestamp.MAX)).containsExactly("30", "40", "1", "20");
    assertThat(low.codes(middle)).containsExactly("0", "30", "40", "1", "20");
    assertThat(low.codes(before)).containsExactly("0", "10", "20", "30", "40");
    assertThat(high.codes(Timestamp.MAX)).containsExactly("50", "60", "70", "80", "90");
  }

  /// Who reads between its commit and the moment the index has a space of its own looks into the
  /// shared one, although the transaction ends after that.
  @Test
  void whatWasPreparedBeforeAnIndexHasItsOwnSpaceIsSeenWhereverItIsRead() {
    whole.apply(new PartitionCommand.AddIndex(BY_CODE, 1));
    whole.write(Epoch.FIRST, some());
    whole.apply(at(50));
    var low = new Replica(LOW);
    Transaction open = transaction(TransactionId.random(), LOW, new PartitionId(77));
    low.prepare(open, SECOND, put(10, "{\"code\":11}"), Mutation.delete(PrimaryKey.of(30)));
    var commit = new Timestamp(++clock);
    low.write(SECOND, put(5, "{\"code\":50}"));
    low.apply(new PartitionCommand.Backfill(BY_CODE.id(), 100));
    assertThat(requireNonNull(low.state().index(BY_CODE.id())).phase())
        .isEqualTo(new IndexState.Ready(new Timestamp(clock)));
    low.write(SECOND, Mutation.delete(PrimaryKey.of(0)));

    low.apply(
        new PartitionCommand.FinishTransaction(
            open.id(), open.started(), new TransactionOutcome.Committed(commit)));

    assertThat(low.codes(new Timestamp(commit.value() - 1)))
        .containsExactly("0", "10", "20", "30", "40");
    assertThat(low.codes(commit)).containsExactly("0", "20", "40", "10");
    assertThat(low.codes(new Timestamp(clock - 1))).containsExactly("0", "20", "40", "10", "5");
    assertThat(low.codes(Timestamp.MAX)).containsExactly("20", "40", "10", "5");
    assertThat(requireNonNull(low.state().index(BY_CODE.id())).entries()).isEqualTo(4);
  }

  @Test
  void inheritedEntriesAreRemovedWhenNobodyCanReadThem() {
    whole.apply(new PartitionCommand.AddIndex(BY_CODE, 1));
    whole.write(Epoch.FIRST, some());
    whole.apply(at(50));
    var low = new Replica(LOW);
    var high = new Replica(HIGH);
    low.apply(new PartitionCommand.Backfill(BY_CODE.id(), 100));
    low.write(SECOND, put(1, "{\"code\":100}"));

    low.apply(new PartitionCommand.DropInherited());
    assertThat(requireNonNull(low.state().index(BY_CODE.id())).inherited()).hasSize(1);
    low.apply(new PartitionCommand.RaiseSafePoint(new Timestamp(clock)));
    low.apply(new PartitionCommand.DropInherited());

    assertThat(requireNonNull(low.state().index(BY_CODE.id())).inherited()).isEmpty();
    assertThat(low.machine.takeLitter()).isTrue();
    Litter.remove(storage, requireNonNull(low.state().descriptor()));
    assertThat(Litter.isThere(storage, LOW)).isFalse();
    assertThat(low.codes(Timestamp.MAX)).containsExactly("0", "10", "20", "30", "40", "1");
    assertThat(high.codes(Timestamp.MAX)).containsExactly("50", "60", "70", "80", "90");
    int left = 0;
    try (IndexCursor cursor =
        storage.entries(
            new PartitionKeys(WHOLE).entrySpan(BY_CODE).range(),
            Timestamp.MAX,
            Direction.FORWARD)) {
      while (cursor.next()) {
        left++;
      }
    }
    assertThat(left).as("entries in the shared space").isEqualTo(5);
  }

  @Test
  void anIndexThatIsDroppedTakesOnlyItsOwnShareWithIt() {
    whole.apply(new PartitionCommand.AddIndex(BY_CODE, 1));
    whole.write(Epoch.FIRST, some());
    whole.apply(at(50));
    var low = new Replica(LOW);
    var high = new Replica(HIGH);

    low.apply(new PartitionCommand.DropIndex(BY_CODE.id(), 2));
    Litter.remove(storage, requireNonNull(low.state().descriptor()));

    assertThat(low.state().indexes()).isEmpty();
    assertThat(high.codes(Timestamp.MAX)).containsExactly("50", "60", "70", "80", "90");
  }

  @Test
  void hashPartitionsAreSplitByDoublingTheModulus() {
    PartitionDescriptor hashed = TestNode.descriptor(17, "things", new Bounds.Hash(3, 1));
    var three = new Replica(hashed.id());
    three.apply(new PartitionCommand.Create(hashed));
    for (long key = 0; key < 60; key++) {
      if (hashed.bounds().contains(PrimaryKey.of(key))) {
        three.write(Epoch.FIRST, put(key, "\"no object\""));
      }
    }
    List<String> all = three.keys();
    three.apply(
        new PartitionCommand.Split(
            Epoch.FIRST, null, List.of(new Child(LOW, "low"), new Child(HIGH, "high"))));
    var one = new Replica(LOW);
    var other = new Replica(HIGH);

    assertThat(requireNonNull(one.state().descriptor()).bounds()).isEqualTo(new Bounds.Hash(6, 1));
    assertThat(requireNonNull(other.state().descriptor()).bounds())
        .isEqualTo(new Bounds.Hash(6, 4));
    var both = new ArrayList<>(one.keys());
    both.addAll(other.keys());
    assertThat(both).containsExactlyInAnyOrderElementsOf(all);
    assertThat(one.keys()).isNotEmpty();
    long order = IndexDefinition.PRIMARY_ORDER_ID;
    one.apply(new PartitionCommand.Backfill(order, 1_000));
    assertThat(requireNonNull(one.state().index(order)).phase())
        .isInstanceOf(IndexState.Ready.class);
    assertThat(both).containsAll(one.keys());
    assertThat(requireNonNull(one.state().index(order)).entries()).isEqualTo(one.keys().size());
  }

  @Test
  void aReplicaThatGetsASnapshotOfASplitPartitionHasNoRowsLeft() throws IOException {
    try (var otherStorage = TestNode.storage(directory.resolve("two"))) {
      var lagging = new Replica(WHOLE.id(), otherStorage);
      lagging.apply(new PartitionCommand.Create(WHOLE));
      lagging.write(Epoch.FIRST, put(3, "{\"stale\":1}"));
      whole.write(Epoch.FIRST, some());
      whole.apply(at(50));
      var told = new ArrayList<SplitState>();
      lagging.machine.onSplit(told::add);

      Path files = Files.createDirectory(directory.resolve("snapshot"));
      try (SnapshotSource snapshot = whole.machine.openSnapshot()) {
        snapshot.writeTo(files);
      }
      lagging.machine.install(files, whole.machine.mark());

      assertThat(lagging.state()).isEqualTo(whole.state());
      assertThat(told).containsExactly(requireNonNull(whole.state().split()));
      assertThat(otherStorage.get(new PartitionKeys(WHOLE).row(PrimaryKey.of(3)))).isNull();
      assertThat(otherStorage.meta(PartitionKeys.stateRecord(LOW))).isNull();
    }
  }

  @Test
  void theSnapshotOfAChildHasItsOwnShareOfEverything() throws IOException {
    whole.apply(new PartitionCommand.AddIndex(BY_CODE, 1));
    whole.write(Epoch.FIRST, some());
    whole.apply(at(50));
    var high = new Replica(HIGH);
    high.write(SECOND, put(55, "{\"code\":55}"));
    Path files = Files.createDirectory(directory.resolve("snapshot"));
    try (SnapshotSource snapshot = high.machine.openSnapshot()) {
      snapshot.writeTo(files);
    }
    List<String> rows = high.rows(Timestamp.MAX);
    List<String> codes = high.codes(Timestamp.MAX);
    try (var otherStorage = TestNode.storage(directory.resolve("two"))) {
      var joiner = new Replica(HIGH, otherStorage);
      joiner.machine.install(files, high.machine.mark());
      RocksDbStorage mine = storage;
      storage = otherStorage;
      try {
        assertThat(joiner.state()).isEqualTo(high.state());
        assertThat(joiner.rows(Timestamp.MAX)).isEqualTo(rows);
        assertThat(joiner.codes(Timestamp.MAX)).isEqualTo(codes);
        assertThat(otherStorage.get(new PartitionKeys(WHOLE).row(PrimaryKey.of(10)))).isNull();
      } finally {
        storage = mine;
      }
    }
  }

  @Test
  void theReplicaOfASplitPartitionIsRemovedWithoutItsRows() {
    whole.write(Epoch.FIRST, some());
    whole.apply(at(50));
    var low = new Replica(LOW);

    new PartitionSnapshots(WHOLE.id(), storage, SplitRules.SAFE).remove(whole.state());

    assertThat(storage.meta(PartitionKeys.stateRecord(WHOLE.id()))).isNull();
    assertThat(low.keys()).containsExactly("0", "10", "20", "30", "40");
  }

  @Test
  void aChildCanBeSplitAgain() {
    whole.apply(new PartitionCommand.AddIndex(BY_CODE, 1));
    whole.write(Epoch.FIRST, some());
    var before = new Timestamp(clock);
    whole.apply(at(50));
    var low = new Replica(LOW);
    var wanted =
        new PartitionCommand.Split(
            SECOND,
            Datum.of(20),
            List.of(new Child(new PartitionId(20), "a"), new Child(new PartitionId(21), "b")));
    low.apply(wanted);
    assertThat(low.state().split()).as("while its index is being built").isNull();
    low.apply(new PartitionCommand.Backfill(BY_CODE.id(), 100));
    low.apply(wanted);

    var a = new Replica(new PartitionId(20));
    var b = new Replica(new PartitionId(21));
    assertThat(a.keys()).containsExactly("0", "10");
    assertThat(b.codes(Timestamp.MAX)).containsExactly("20", "30", "40");
    assertThat(b.codes(before)).containsExactly("20", "30", "40");
    assertThat(requireNonNull(b.state().index(BY_CODE.id())).inherited()).hasSize(2);
    assertThat(PartitionState.decode(b.state().encode())).isEqualTo(b.state());
  }

  @Test
  void boundsAreCutWithoutGapOrOverlap() {
    assertThat(SplitBounds.halves(Bounds.Range.ALL, Datum.of("m")))
        .containsExactly(
            new Bounds.Range(null, Datum.of("m")), new Bounds.Range(Datum.of("m"), null));
    assertThat(SplitBounds.halves(new Bounds.Interval(0, 100, 2), Datum.of(250)))
        .containsExactly(
            new Bounds.Range(Datum.of(200), Datum.of(250)),
            new Bounds.Range(Datum.of(250), Datum.of(300)));
    assertThatThrownBy(() -> SplitBounds.halves(WHOLE.bounds(), Datum.of(0)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> SplitBounds.halves(WHOLE.bounds(), Datum.of(100)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> SplitBounds.halves(WHOLE.bounds(), null))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> SplitBounds.halves(new Bounds.Hash(2, 1), Datum.of(1)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> SplitBounds.halves(new Bounds.Hash(1 << 16, 1), null))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
