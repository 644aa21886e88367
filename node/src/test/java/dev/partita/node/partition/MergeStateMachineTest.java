package dev.partita.node.partition;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

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

/// What freezing two Partitions and making one of them does to the replicated state.
final class MergeStateMachineTest {

  private static final PartitionDescriptor WHOLE =
      TestNode.descriptor(7, "things", new Bounds.Range(Datum.of(0), Datum.of(100)));
  private static final PartitionId LOW = new PartitionId(8);
  private static final PartitionId HIGH = new PartitionId(9);
  private static final PartitionId INTO = new PartitionId(10);

  private static final IndexDefinition BY_CODE =
      new IndexDefinition(9, "by-code", "things", List.of(IndexTerm.of("code")), List.of(), false);

  @TempDir private Path directory;
  private RocksDbStorage storage;
  private Replica low;
  private Replica high;
  private long clock = 1_000;

  /// A machine with the index of its last entry.
  private final class Replica {
    final PartitionStateMachine machine;
    final RocksDbStorage store;
    long index;

    Replica(PartitionId id) {
      this(id, storage);
    }

    Replica(PartitionId id, RocksDbStorage in) {
      store = in;
      machine = new PartitionStateMachine(id, in);
      index = Math.max(1, machine.mark().index());
    }

    Object apply(PartitionCommand command) {
      byte[] payload = CommandCodec.encode(command, 64);
      return machine.apply(List.of(new Command(++index, 1, payload))).getFirst();
    }

    void count() {
      try (RowCount count = RowCount.begin(store, machine.id())) {
        if (count != null) {
          assertThat(count.step(1 << 20)).isFalse();
          apply(requireNonNull(count.correction()));
        }
      }
    }

    Epoch epoch() {
      return descriptor().epoch();
    }

    PartitionDescriptor descriptor() {
      return requireNonNull(state().descriptor());
    }

    Response write(Mutation... mutations) {
      var write = new TimedWrite(new Timestamp(++clock), epoch(), false, List.of(mutations));
      return first(apply(new PartitionCommand.Writes(List.of(write))));
    }

    Response prepare(Transaction transaction, Mutation... mutations) {
      var prepare =
          new Request.Prepare(
              machine.id(),
              epoch(),
              transaction,
              ReadSet.nothing(transaction.started()),
              List.of(mutations));
      return first(
          apply(
              new PartitionCommand.Writes(
                  List.of(new TimedPrepare(new Timestamp(++clock), prepare)))));
    }

    void freeze() {
      apply(new PartitionCommand.Freeze(epoch(), new Child(INTO, "whole"), WHOLE.bounds()));
    }

    PartitionState state() {
      return machine.state();
    }

    List<String> rows(Timestamp at) {
      var scan =
          new Request.Scan(
              machine.id(), Epoch.FIRST, null, null, Direction.FORWARD, null, 1_000, at);
      return new PageReader(store, descriptor(), state().indexes(), at)
          .rows(scan).rows().stream().map(row -> row.key() + "=" + row.document()).toList();
    }

    List<String> keys() {
      return rows(Timestamp.MAX).stream().map(row -> row.substring(0, row.indexOf('='))).toList();
    }

    List<String> codes(Timestamp at) {
      return codes(at, Direction.FORWARD, 1_000);
    }

    List<String> codes(Timestamp at, Direction direction, int limit) {
      var scan =
          new Request.IndexScan(
              machine.id(), Epoch.FIRST, BY_CODE.id(), List.of(), direction, null, limit, true, at);
      return new PageReader(store, descriptor(), state().indexes(), at)
          .entries(BY_CODE, scan).entries().stream().map(entry -> entry.key().toString()).toList();
    }

    IndexState byCode() {
      return requireNonNull(state().index(BY_CODE.id()));
    }
  }

  private static Response first(Object result) {
    return (Response) ((List<?>) result).getFirst();
  }

  @BeforeEach
  void open() {
    storage = TestNode.storage(directory.resolve("one"));
    split(storage);
    low = new Replica(LOW);
    high = new Replica(HIGH);
  }

  /// Two halves with a row for each ten keys, whose codes go the other way.
  private void split(RocksDbStorage in) {
    var whole = new Replica(WHOLE.id(), in);
    whole.apply(new PartitionCommand.Create(WHOLE));
    whole.apply(new PartitionCommand.AddIndex(BY_CODE, 1));
    for (long key = 0; key < 100; key += 10) {
      whole.write(put(key, "{\"code\":" + (100 - key) % 70 + "}"));
    }
    whole.apply(
        new PartitionCommand.Split(
            Epoch.FIRST, Datum.of(50), List.of(new Child(LOW, "low"), new Child(HIGH, "high"))));
  }

  @AfterEach
  void close() {
    storage.close();
  }

  private static Mutation put(long key, String json) {
    return Mutation.put(PrimaryKey.of(key), JsonBytes.of(json));
  }

  private Transaction transaction(TransactionId id, PartitionId... participants) {
    var started = new Timestamp(++clock);
    return new Transaction(id, started, started, List.of(participants));
  }

  private static void complete(Replica replica) {
    replica.apply(new PartitionCommand.Backfill(BY_CODE.id(), 1_000));
    replica.count();
  }

  private Replica merge() {
    complete(low);
    complete(high);
    low.freeze();
    high.freeze();
    assertThat(Merging.handOver(storage, low.machine, high.machine, INTO))
        .isEqualTo(Merging.Outcome.DONE);
    return new Replica(INTO);
  }

  @Test
  void theOneHasTheRowsOfBothAtEachMoment() {
    List<String> first = union(new Timestamp(clock));
    var beginning = new Timestamp(clock);
    low.write(put(11, "{\"code\":1}"), Mutation.delete(PrimaryKey.of(20)));
    high.write(put(99, "{\"code\":0}"));
    List<String> second = union(Timestamp.MAX);
    var written = new Timestamp(clock);

    Replica one = merge();

    assertThat(one.rows(beginning)).isEqualTo(first);
    assertThat(one.rows(written)).isEqualTo(second);
    assertThat(one.state().rows()).isEqualTo(second.size());
    assertThat(one.state().estimated()).isFalse();
    assertThat(one.state().lastCommit()).isEqualTo(new Timestamp(clock));
    PartitionDescriptor descriptor = one.descriptor();
    assertThat(descriptor.name()).isEqualTo("whole");
    assertThat(descriptor.bounds()).isEqualTo(WHOLE.bounds());
    assertThat(descriptor.members()).isEqualTo(WHOLE.members());
    assertThat(descriptor.epoch()).isGreaterThan(low.epoch()).isGreaterThan(high.epoch());
    assertThat(one.machine.mark()).isEqualTo(SnapshotMark.inherited(WHOLE.members()));
    assertThat(PartitionState.decode(one.state().encode())).isEqualTo(one.state());

    one.write(put(49, "{}"), put(50, "{}"), Mutation.delete(PrimaryKey.of(99)));
    assertThat(one.keys()).contains("49", "50").doesNotContain("99");
    assertThat(one.rows(written)).isEqualTo(second);
    assertThat(one.state().rows()).isEqualTo(second.size());
  }

  private List<String> union(Timestamp at) {
    var both = new ArrayList<>(low.rows(at));
    both.addAll(high.rows(at));
    return both;
  }

  @Test
  void nothingIsChangedInAFrozenPartition() {
    complete(low);
    List<String> before = low.rows(Timestamp.MAX);
    Transaction late = transaction(TransactionId.random(), LOW, HIGH);
    low.freeze();
    PartitionState frozen = low.state();
    assertThat(requireNonNull(frozen.freeze()).into().id()).isEqualTo(INTO);
    assertThat(PartitionState.decode(frozen.encode())).isEqualTo(frozen);

    assertThat(low.write(put(1, "{}"))).isInstanceOf(Response.Unavailable.class);
    assertThat(low.prepare(late, put(1, "{}"))).isInstanceOf(Response.Unavailable.class);
    assertThat(low.apply(new PartitionCommand.InspectTransaction(late.id(), late.started())))
        .isInstanceOf(Response.Unavailable.class);
    low.apply(new PartitionCommand.RaiseSafePoint(new Timestamp(clock)));
    low.apply(new PartitionCommand.DropIndex(BY_CODE.id(), 9));
    low.apply(
        new PartitionCommand.Split(
            low.epoch(), Datum.of(20), List.of(new Child(HIGH, "x"), new Child(INTO, "y"))));

    assertThat(low.state()).isEqualTo(frozen.applied(low.index, 1));
    assertThat(low.rows(Timestamp.MAX)).isEqualTo(before);
    assertThat(low.machine.transactions().locks().isEmpty()).isTrue();
    assertThat(low.machine.transactions().status(late.id(), late.started()))
        .isEqualTo(TransactionStatus.absent());
  }

  @Test
  void whatIsUnfrozenGoesOnAndOldOrdersDoNothing() {
    complete(low);
    Epoch first = low.epoch();
    low.freeze();
    low.apply(new PartitionCommand.Unfreeze(new PartitionId(99)));
    assertThat(low.state().freeze()).isNotNull();
    low.apply(new PartitionCommand.Unfreeze(INTO));
    assertThat(low.state().freeze()).isNull();
    assertThat(low.write(put(1, "{}"))).isInstanceOf(Response.Writes.class);

    low.apply(new PartitionCommand.Freeze(first, new Child(INTO, "whole"), WHOLE.bounds()));
    assertThat(low.state().freeze()).as("of an order that comes too late").isNull();
    high.apply(new PartitionCommand.Unfreeze(INTO));
    assertThat(high.write(put(51, "{}"))).isInstanceOf(Response.Writes.class);
  }

  @Test
  void whatIsNotReadyIsNotFrozen() {
    low.freeze();
    assertThat(low.state().freeze()).as("while an index is being built").isNull();
    complete(low);
    Transaction open = transaction(TransactionId.random(), LOW, new PartitionId(77));
    low.prepare(open, put(1, "{}"));
    low.freeze();
    assertThat(low.state().freeze()).as("while a transaction is prepared").isNull();
    low.apply(
        new PartitionCommand.FinishTransaction(
            open.id(), open.started(), new TransactionOutcome.Aborted()));
    var joint =
        new Configuration(Set.of(new NodeId(1)), Set.of(new NodeId(1), new NodeId(2)), Set.of());
    low.machine.applyConfiguration(++low.index, 1, joint);
    low.freeze();
    assertThat(low.state().freeze()).as("while members change").isNull();
  }

  @Test
  void nothingIsMadeBeforeBothAreFrozenForIt() {
    complete(low);
    complete(high);
    assertThat(Merging.handOver(storage, low.machine, high.machine, INTO))
        .isEqualTo(Merging.Outcome.NOT_YET);
    low.freeze();
    assertThat(Merging.handOver(storage, low.machine, high.machine, INTO))
        .isEqualTo(Merging.Outcome.NOT_YET);
    high.apply(
        new PartitionCommand.Freeze(
            high.epoch(), new Child(new PartitionId(11), "other"), WHOLE.bounds()));
    assertThat(Merging.handOver(storage, low.machine, high.machine, INTO))
        .isEqualTo(Merging.Outcome.NOT_YET);
    assertThat(storage.meta(PartitionKeys.stateRecord(INTO))).isNull();
    assertThat(low.state().split()).isNull();
  }

  @Test
  void theSidesSendOnWhoeverAsksAndOwnNothing() {
    Replica one = merge();

    for (Replica side : List.of(low, high)) {
      Response answer = side.write(put(1, "{}"));
      assertThat(answer).isInstanceOf(Response.Split.class);
      assertThat(((Response.Split) answer).children()).containsExactly(one.descriptor());
      assertThat(side.state().rows()).isZero();
      assertThat(PartitionKeys.versionedSpans(side.state())).isEmpty();
      side.apply(new PartitionCommand.Unfreeze(INTO));
      assertThat(side.state().split()).as("it is for ever").isNotNull();
      assertThat(side.machine.isSplitDurably()).isFalse();
      storage.flush();
      side.machine.refreshDurable();
      assertThat(side.machine.isSplitDurably()).isTrue();
      assertThat(new Replica(side.machine.id()).state()).isEqualTo(side.state());
      new PartitionSnapshots(side.machine.id(), storage, SplitRules.SAFE).remove(side.state());
    }
    assertThat(one.keys()).hasSize(10);
    assertThat(one.codes(Timestamp.MAX)).hasSize(10);
    assertThat(Merging.handOver(storage, low.machine, high.machine, INTO))
        .isEqualTo(Merging.Outcome.DONE);
  }

  @Test
  void anIndexIsReadOverBothSidesUntilItHasASpaceOfItsOwn() {
    var old = new Timestamp(clock);
    List<String> ordered = List.of("30", "90", "20", "80", "10", "70", "60", "50", "40", "0");
    low.apply(new PartitionCommand.Backfill(BY_CODE.id(), 2));
    high.write(put(55, "{\"code\":15}"));
    var beforeMerge = new Timestamp(clock);

    Replica one = merge();

    assertThat(one.byCode().isReadable()).isTrue();
    assertThat(one.codes(old)).containsExactlyInAnyOrderElementsOf(ordered);
    assertSorted(one, old);
    assertSorted(one, beforeMerge);
    assertSorted(one, Timestamp.MAX);
    assertThat(one.codes(Timestamp.MAX)).contains("55").hasSize(11);
    assertThat(one.codes(Timestamp.MAX, Direction.BACKWARD, 4))
        .isEqualTo(one.codes(Timestamp.MAX).reversed().subList(0, 4));

    one.write(Mutation.delete(PrimaryKey.of(55)), put(45, "{\"code\":22}"), put(95, "{}"));
    var merged = new Timestamp(clock);
    assertThat(one.codes(Timestamp.MAX)).contains("45").doesNotContain("55");
    one.apply(new PartitionCommand.Backfill(BY_CODE.id(), 3));
    one.write(put(0, "{\"code\":23}"));
    List<String> last = one.codes(Timestamp.MAX);
    one.apply(new PartitionCommand.Backfill(BY_CODE.id(), 1_000));

    assertThat(one.byCode().spacesAt(Timestamp.MAX)).containsExactly(IndexState.OWN_SPACE);
    assertThat(one.codes(Timestamp.MAX)).isEqualTo(last);
    assertThat(one.byCode().entries()).isEqualTo(last.size());
    assertThat(one.codes(old)).containsExactlyInAnyOrderElementsOf(ordered);
    assertThat(one.codes(merged)).contains("45").doesNotContain("55");
    assertThat(PartitionState.decode(one.state().encode())).isEqualTo(one.state());

    one.apply(new PartitionCommand.RaiseSafePoint(new Timestamp(clock)));
    one.apply(new PartitionCommand.DropInherited());
    Litter.remove(storage, one.descriptor());
    assertThat(one.byCode().inherited()).isEmpty();
    assertThat(one.codes(Timestamp.MAX)).isEqualTo(last);
    for (PartitionId space : List.of(WHOLE.id(), LOW, HIGH)) {
      var span = new PartitionKeys(TestNode.descriptor(space.value(), "things", WHOLE.bounds()));
      try (var cursor =
          storage.entries(span.entrySpan(BY_CODE).range(), Timestamp.MAX, Direction.FORWARD)) {
        assertThat(cursor.next()).as("entries left in the space of " + space).isFalse();
      }
    }
  }

  private static void assertSorted(Replica one, Timestamp at) {
    var reader = new PageReader(one.store, one.descriptor(), one.state().indexes(), at);
    var scan =
        new Request.IndexScan(
            INTO, Epoch.FIRST, BY_CODE.id(), List.of(), Direction.FORWARD, null, 1_000, true, at);
    assertThat(reader.entries(BY_CODE, scan).entries().stream().map(Response.Entry::position))
        .isSorted()
        .doesNotHaveDuplicates();
  }

  @Test
  void theOneAnswersForTheTransactionsOfBoth() {
    complete(low);
    complete(high);
    high.apply(new PartitionCommand.PurgeTransactions(new Timestamp(900)));
    low.apply(new PartitionCommand.PurgeTransactions(new Timestamp(800)));
    TransactionId named = TransactionId.of("client", 1);
    Transaction alone = transaction(named, HIGH);
    high.prepare(alone, put(52, "{}"));
    var commit = new Timestamp(clock);
    Transaction both = transaction(TransactionId.random(), LOW, HIGH);
    low.prepare(both, put(2, "{}"));
    high.prepare(both, put(53, "{}"));
    var end =
        new PartitionCommand.FinishTransaction(
            both.id(), both.started(), new TransactionOutcome.Committed(new Timestamp(++clock)));
    low.apply(end);
    high.apply(end);
    Transaction never = transaction(TransactionId.random(), LOW, new PartitionId(77));
    low.apply(new PartitionCommand.InspectTransaction(never.id(), never.started()));

    Replica one = merge();

    TransactionTable table = one.machine.transactions();
    assertThat(table.committed(named, new Timestamp(clock))).isEqualTo(commit);
    assertThat(table.status(both.id(), both.started()))
        .isEqualTo(new TransactionStatus.Finished(end.outcome()));
    assertThat(table.status(never.id(), never.started()))
        .isEqualTo(new TransactionStatus.Finished(new TransactionOutcome.Aborted()));
    assertThat(table.unforgotten()).hasSize(1);
    assertThat(table.forgottenBefore()).isEqualTo(new Timestamp(900));
    Transaction again =
        new Transaction(named.again(), new Timestamp(++clock), new Timestamp(clock), List.of(INTO));
    assertThat(one.prepare(again, put(54, "{}"))).isEqualTo(new Response.Repeated(commit));
  }

  @Test
  void votesOfBothAreThoseOfOne() {
    complete(low);
    complete(high);
    Transaction open =
        new Transaction(
            TransactionId.random(),
            new Timestamp(++clock),
            new Timestamp(clock),
            List.of(LOW, HIGH, new PartitionId(77)),
            CommitProtocolKind.THREE_PHASE);
    var abort = new TransactionOutcome.Aborted();
    low.apply(new PartitionCommand.VoteTransaction(open.id(), open.started(), 5, abort));
    high.apply(new PartitionCommand.VoteTransaction(open.id(), open.started(), 7, null));

    Replica one = merge();

    assertThat(one.machine.transactions().ballots(open.id())).isEqualTo(new Ballots(7, 5, abort));
  }

  @Test
  void theNewerOfTwoVotesCounts() {
    var commit = new TransactionOutcome.Committed(new Timestamp(5));
    var abort = new TransactionOutcome.Aborted();
    assertThat(new Ballots(3, 3, commit).join(new Ballots(9, 8, abort)))
        .isEqualTo(new Ballots(9, 8, abort));
    assertThat(new Ballots(9, 8, abort).join(new Ballots(3, 3, commit)))
        .isEqualTo(new Ballots(9, 8, abort));
    assertThat(new Ballots(9, 0, null).join(new Ballots(0, 0, commit)))
        .isEqualTo(new Ballots(9, 0, commit));
    assertThat(Ballots.NONE.join(Ballots.NONE)).isEqualTo(Ballots.NONE);
  }

  /// A member that has lost a side, and gets a snapshot of it from one that has handed over, has
  /// neither side's rows and gets them with a snapshot of the one.
  @Test
  void aReplicaThatHasLostASideGetsTheOneAsASnapshot() throws IOException {
    Replica one = merge();
    one.write(put(15, "{\"code\":1}"));
    try (var otherStorage = TestNode.storage(directory.resolve("two"))) {
      long now = clock;
      clock = 1_000;
      split(otherStorage);
      clock = now;
      var otherLow = new Replica(LOW, otherStorage);
      var otherHigh = new Replica(HIGH, otherStorage);
      otherLow.machine.install(snapshot(low, "low"), low.machine.mark());
      assertThat(otherStorage.get(new PartitionKeys(WHOLE).row(PrimaryKey.of(10)))).isNull();
      assertThat(Merging.handOver(otherStorage, otherLow.machine, otherHigh.machine, INTO))
          .isEqualTo(Merging.Outcome.NOT_YET);
      complete(otherHigh);
      otherHigh.freeze();

      assertThat(Merging.handOver(otherStorage, otherLow.machine, otherHigh.machine, INTO))
          .isEqualTo(Merging.Outcome.DONE);

      assertThat(otherStorage.meta(PartitionKeys.stateRecord(INTO))).isNull();
      assertThat(otherStorage.get(new PartitionKeys(WHOLE).row(PrimaryKey.of(60)))).isNull();
      assertThat(otherHigh.state().split()).isNotNull();
      var joiner = new Replica(INTO, otherStorage);
      joiner.machine.install(snapshot(one, "one"), one.machine.mark());
      assertThat(joiner.state()).isEqualTo(one.state());
      assertThat(joiner.rows(Timestamp.MAX)).isEqualTo(one.rows(Timestamp.MAX));
      assertThat(joiner.codes(Timestamp.MAX)).isEqualTo(one.codes(Timestamp.MAX));
    }
  }

  /// Who has handed over keeps its rows, whatever comes of the side.
  @Test
  void aSnapshotOfASideLeavesTheRowsOfTheOneAlone() throws IOException {
    Path frozen;
    complete(low);
    low.freeze();
    frozen = snapshot(low, "frozen");
    SnapshotMark mark = low.machine.mark();
    high.write(put(98, "{}"));
    complete(high);
    high.freeze();
    Merging.handOver(storage, low.machine, high.machine, INTO);
    var one = new Replica(INTO);
    one.write(put(1, "{\"late\":1}"));
    List<String> rows = one.rows(Timestamp.MAX);

    low.machine.install(snapshot(low, "merged"), low.machine.mark());

    assertThat(one.rows(Timestamp.MAX)).isEqualTo(rows);
    assertThat(mark.index()).isPositive();
    assertThat(frozen).isDirectory();
  }

  private Path snapshot(Replica of, String name) throws IOException {
    Path files = Files.createDirectory(directory.resolve("snapshot-" + name));
    try (SnapshotSource snapshot = of.machine.openSnapshot()) {
      snapshot.writeTo(files);
    }
    return files;
  }

  @Test
  void whatWasMergedIsSplitAndMergedAgain() {
    var old = new Timestamp(clock);
    Replica one = merge();
    List<String> codes = one.codes(old);
    complete(one);
    PartitionId left = new PartitionId(20);
    PartitionId right = new PartitionId(21);
    one.apply(
        new PartitionCommand.Split(
            one.epoch(), Datum.of(30), List.of(new Child(left, "l"), new Child(right, "r"))));
    low = new Replica(left);
    high = new Replica(right);
    complete(low);
    complete(high);
    high.write(put(35, "{\"code\":35}"));
    var both = new ArrayList<>(low.codes(old));
    both.addAll(high.codes(old));
    assertThat(both).containsExactlyInAnyOrderElementsOf(codes);
    var again = new Child(new PartitionId(22), "whole");
    for (Replica side : List.of(low, high)) {
      side.apply(new PartitionCommand.Freeze(side.epoch(), again, WHOLE.bounds()));
    }
    Merging.handOver(storage, low.machine, high.machine, again.id());
    var last = new Replica(again.id());

    assertThat(last.codes(old)).containsExactlyInAnyOrderElementsOf(codes);
    assertThat(last.codes(Timestamp.MAX)).hasSize(11);
    assertThat(last.keys()).hasSize(11);
    assertThat(PartitionState.decode(last.state().encode())).isEqualTo(last.state());
  }

  @Test
  void halvesOfAHashPartitionAreMerged() {
    PartitionDescriptor hashed = TestNode.descriptor(17, "others", new Bounds.Hash(3, 1));
    var three = new Replica(hashed.id());
    three.apply(new PartitionCommand.Create(hashed));
    for (long key = 0; key < 60; key++) {
      if (hashed.bounds().contains(PrimaryKey.of(key))) {
        three.write(put(key, "\"no object\""));
      }
    }
    List<String> all = three.keys();
    PartitionId one = new PartitionId(18);
    PartitionId other = new PartitionId(19);
    three.apply(
        new PartitionCommand.Split(
            three.epoch(), null, List.of(new Child(one, "one"), new Child(other, "other"))));
    low = new Replica(one);
    high = new Replica(other);
    for (Replica side : List.of(low, high)) {
      side.apply(new PartitionCommand.Backfill(IndexDefinition.PRIMARY_ORDER_ID, 1_000));
      side.apply(
          new PartitionCommand.Freeze(side.epoch(), new Child(INTO, "three"), hashed.bounds()));
    }
    Merging.handOver(storage, low.machine, high.machine, INTO);
    var merged = new Replica(INTO);

    assertThat(merged.keys()).isEqualTo(all);
    assertThat(merged.state().estimated()).as("its sides had not counted yet").isTrue();
    merged.write(Mutation.delete(PrimaryKey.of(Long.parseLong(all.getFirst()))));
    assertThat(merged.keys()).isEqualTo(all.subList(1, all.size()));
    merged.apply(new PartitionCommand.Backfill(IndexDefinition.PRIMARY_ORDER_ID, 1_000));
    merged.count();
    assertThat(merged.keys()).isEqualTo(all.subList(1, all.size()));
    assertThat(merged.state().rows()).isEqualTo(all.size() - 1L);
  }
}
