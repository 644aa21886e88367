package dev.partita.node.partition;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.IndexTerm;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.Datum;
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
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PartitionStateMachineTest {

  private static final PartitionDescriptor THINGS =
      TestNode.descriptor(7, "things", new Bounds.Range(Datum.of(0), Datum.of(100)));

  private static final IndexDefinition UNIQUE =
      new IndexDefinition(9, "by-code", "things", List.of(IndexTerm.of("code")), List.of(), true);

  private static final Response ENDED =
      new Response.NotPrepared(Response.NotPrepared.Reason.ENDED, List.of());

  @TempDir private Path directory;
  private RocksDbStorage storage;
  private PartitionStateMachine machine;
  private long index = 1;
  private long clock = 1_000;

  @BeforeEach
  void open() {
    storage = TestNode.storage(directory.resolve("one"));
    machine = new PartitionStateMachine(THINGS.id(), storage);
    apply(new PartitionCommand.Create(THINGS));
  }

  @AfterEach
  void close() {
    machine.close();
    storage.close();
  }

  private Object apply(PartitionCommand command) {
    byte[] payload = CommandCodec.encode(command, 64);
    return machine.apply(List.of(new Command(++index, 1, payload))).getFirst();
  }

  private Response write(Epoch epoch, boolean atomic, Mutation... mutations) {
    var write = new TimedWrite(new Timestamp(++clock), epoch, atomic, List.of(mutations));
    return responses(apply(new PartitionCommand.Writes(List.of(write)))).getFirst();
  }

  private static List<Response> responses(Object result) {
    return ((List<?>) result).stream().map(Response.class::cast).toList();
  }

  private List<MutationResult> write(Mutation... mutations) {
    return ((Response.Writes) write(Epoch.FIRST, false, mutations)).results();
  }

  private List<MutationResult> writeAtomically(Mutation... mutations) {
    return ((Response.Writes) write(Epoch.FIRST, true, mutations)).results();
  }

  private static Mutation put(long key, String json) {
    return Mutation.put(PrimaryKey.of(key), JsonBytes.of(json));
  }

  private static Mutation insert(long key, String json) {
    return Mutation.insert(PrimaryKey.of(key), JsonBytes.of(json));
  }

  private @Nullable String read(long key) {
    return read(key, Timestamp.MAX);
  }

  private @Nullable String read(long key, Timestamp at) {
    var row = new PageReader(storage, THINGS, List.of(), at).row(PrimaryKey.of(key));
    return row.document() == null ? null : row.document().toString();
  }

  private MutationResult.Written written(boolean existed) {
    return new MutationResult.Written(new Timestamp(clock), existed);
  }

  @Test
  void whatWasAppliedIsDurableSoonAfterItIsAskedFor() {
    storage.onFlush(machine::refreshDurable);
    write(put(1, "{}"));
    assertThat(machine.durableIndex()).isLessThan(index);

    machine.flushSoon();
    machine.flushSoon();

    await().until(() -> machine.durableIndex() == index);
  }

  @Test
  void writesGiveTheVersionAndWhetherTheRowExisted() {
    assertThat(write(put(1, "{}"))).containsExactly(written(false));
    assertThat(write(put(1, "{\"a\":1}"))).containsExactly(written(true));
    assertThat(write(Mutation.delete(PrimaryKey.of(1)))).containsExactly(written(true));
    assertThat(write(Mutation.delete(PrimaryKey.of(1)))).containsExactly(written(false));
    assertThat(read(1)).isNull();
    assertThat(read(1, new Timestamp(clock - 2))).isEqualTo("{\"a\":1}");
    assertThat(read(1, new Timestamp(clock - 3))).isEqualTo("{}");
  }

  @Test
  void aRowThatBelongsToItsWriterIsReplacedAndThatOfAnotherIsNot() {
    var mine = new Mutation.IfAbsentOr(JsonBytes.of("{\"owner\":1}"));
    Mutation claim = put(1, "{\"owner\":2}").when(mine);
    Mutation giveUp = Mutation.delete(PrimaryKey.of(1)).when(mine);
    assertThat(write(claim)).containsExactly(written(false));
    Timestamp version = new Timestamp(clock);
    assertThat(write(claim)).containsExactly(new MutationResult.Conflict(version));
    // To give up what is not one's own changes nothing and is no fault.
    assertThat(write(giveUp)).containsExactly(written(false));
    assertThat(read(1)).isEqualTo("{\"owner\":2}");
    assertThat(machine.state().rows()).isEqualTo(1);
    assertThat(write(put(1, "{\"owner\":1}"))).containsExactly(written(true));
    assertThat(write(claim)).containsExactly(written(true));
    assertThat(write(put(1, "{\"owner\":1}"), giveUp)).hasSize(2);
    assertThat(read(1)).isNull();
    assertThat(machine.state().rows()).isZero();
  }

  @Test
  void termsThatNobodyHasClaimedAreNotWritten() {
    var index =
        new IndexDefinition(
            19,
            "by-code",
            "things",
            List.of(IndexTerm.of("code")),
            List.of(),
            true,
            IndexDefinition.Scope.COLLECTION);
    assertThat(write(put(1, "{\"code\":1}"))).containsExactly(written(false));
    apply(new PartitionCommand.AddIndex(index, 1));
    var unclaimed = new MutationResult.Unclaimed(19);
    assertThat(write(put(1, "{\"code\":2}"))).containsExactly(unclaimed);
    assertThat(write(Mutation.delete(PrimaryKey.of(1)))).containsExactly(unclaimed);
    assertThat(write(put(2, "{\"code\":2}"), put(3, "{\"code\":null}")))
        .containsExactly(unclaimed, written(false));
    // What leaves the terms as they are needs no claim.
    assertThat(write(put(1, "{\"code\":1,\"more\":true}"))).hasSize(1);
    assertThat(read(1)).contains("more");
    Transaction transaction = alone(THINGS.id());
    var blind =
        new Request.Prepare(
            THINGS.id(),
            Epoch.FIRST,
            transaction,
            ReadSet.nothing(transaction.started()),
            List.of(put(1, "{\"code\":5}")));
    assertThat(prepare(blind))
        .isEqualTo(
            new Response.NotPrepared(
                Response.NotPrepared.Reason.WRITE_REFUSED, List.of(unclaimed)));
    Transaction other = alone(THINGS.id());
    var claiming =
        new Request.Prepare(
            THINGS.id(),
            Epoch.FIRST,
            other,
            ReadSet.nothing(other.started()),
            List.of(put(1, "{\"code\":5}")),
            Set.of(19L),
            List.of());
    assertThat(prepare(claiming)).isInstanceOf(Response.Finished.class);
    assertThat(read(1)).isEqualTo("{\"code\":5}");
    apply(new PartitionCommand.DropIndex(19, 2));
    assertThat(write(put(1, "{\"code\":6}"))).containsExactly(written(true));
  }

  /// Whatever order they began in, and whether they ended before a restart or after.
  @Test
  void whatHasEndedCannotBePreparedAnyMore() {
    Transaction first = alone(THINGS.id());
    Transaction second = alone(THINGS.id());
    Transaction third = alone(THINGS.id());
    refuse(second);
    assertThat(prepare(writing(second))).isEqualTo(ENDED);
    machine = new PartitionStateMachine(THINGS.id(), storage);
    assertThat(prepare(writing(second))).isEqualTo(ENDED);
    refuse(first);
    assertThat(prepare(writing(first))).isEqualTo(ENDED);
    assertThat(prepare(writing(second))).isEqualTo(ENDED);
    assertThat(prepare(writing(third))).isInstanceOf(Response.Finished.class);
  }

  /// Who asks what became of a transaction that is not here sees to it that it never is.
  private void refuse(Transaction transaction) {
    apply(new PartitionCommand.InspectTransaction(transaction.id(), transaction.started()));
  }

  private static Request.Prepare writing(Transaction transaction) {
    return new Request.Prepare(
        THINGS.id(),
        Epoch.FIRST,
        transaction,
        ReadSet.nothing(transaction.started()),
        List.of(put(1, "{}")));
  }

  private Transaction alone(PartitionId partition) {
    var started = new Timestamp(++clock);
    return new Transaction(
        TransactionId.random(), started, started, List.of(partition), CommitProtocolKind.TWO_PHASE);
  }

  private Response prepare(Request.Prepare prepare) {
    var timed = new PartitionCommand.TimedPrepare(new Timestamp(++clock), prepare);
    return responses(apply(new PartitionCommand.Writes(List.of(timed)))).getFirst();
  }

  @Test
  void aRowIsInsertedOnce() {
    assertThat(write(insert(1, "{\"a\":1}"))).containsExactly(written(false));
    Timestamp version = new Timestamp(clock);
    assertThat(write(insert(1, "{\"a\":2}"))).containsExactly(new MutationResult.Conflict(version));
    assertThat(read(1)).isEqualTo("{\"a\":1}");
  }

  @Test
  void compareAndSetFailsOnAnotherVersion() {
    write(put(1, "{\"a\":1}"));
    Timestamp first = new Timestamp(clock);
    Mutation change = put(1, "{\"a\":2}").when(new Mutation.IfVersion(first));
    assertThat(write(change)).containsExactly(written(true));
    Timestamp second = new Timestamp(clock);
    assertThat(write(change)).containsExactly(new MutationResult.Conflict(second));
    Mutation delete = Mutation.delete(PrimaryKey.of(1));
    assertThat(write(delete.when(new Mutation.IfVersion(first))))
        .containsExactly(new MutationResult.Conflict(second));
    assertThat(write(delete.when(new Mutation.IfVersion(second)))).containsExactly(written(true));
    assertThat(write(change)).containsExactly(new MutationResult.Conflict(null));
    assertThat(write(put(1, "{}").when(new Mutation.IfPresent())))
        .containsExactly(new MutationResult.Conflict(null));
  }

  @Test
  void anAtomicBatchIsAllOrNothing() {
    write(put(2, "{\"a\":2}"));
    Timestamp version = new Timestamp(clock);
    assertThat(writeAtomically(insert(1, "{}"), insert(2, "{}"), insert(3, "{}")))
        .containsExactly(
            new MutationResult.NotApplied(),
            new MutationResult.Conflict(version),
            new MutationResult.NotApplied());
    assertThat(read(1)).isNull();
    assertThat(read(3)).isNull();
    assertThat(machine.state().rows()).isEqualTo(1);
    assertThat(writeAtomically(insert(1, "{}"), insert(3, "{}")))
        .containsExactly(written(false), written(false));
    assertThat(machine.state().rows()).isEqualTo(3);
  }

  @Test
  void mutationsOfABatchThatIsNotAtomicStandForThemselves() {
    write(put(2, "{}"));
    Timestamp version = new Timestamp(clock);
    assertThat(write(insert(1, "{}"), insert(2, "{}"), insert(3, "{}")))
        .containsExactly(written(false), new MutationResult.Conflict(version), written(false));
    assertThat(read(3)).isEqualTo("{}");
  }

  @Test
  void laterWritesOfOneEntrySeeEarlierOnes() {
    var insert = List.of(insert(1, "{}"));
    var results =
        responses(
            apply(
                new PartitionCommand.Writes(
                    List.of(
                        new TimedWrite(new Timestamp(2_000), Epoch.FIRST, false, insert),
                        new TimedWrite(new Timestamp(2_001), Epoch.FIRST, false, insert)))));
    assertThat(results.getLast())
        .isEqualTo(new Response.Writes(List.of(new MutationResult.Conflict(new Timestamp(2_000)))));
  }

  @Test
  void aStaleEpochIsRefusedWithTheDescriptor() {
    machine.applyConfiguration(
        ++index, 1, Configuration.of(Set.of(new NodeId(1), new NodeId(2)), Set.of()));
    Response response = write(Epoch.FIRST, false, put(1, "{}"));
    PartitionDescriptor now = requireNonNull(machine.state().descriptor());
    assertThat(response).isEqualTo(new Response.WrongEpoch(now));
    assertThat(now.epoch()).isEqualTo(new Epoch(2));
    assertThat(now.members().voters()).hasSize(2);
    assertThat(read(1)).isNull();
  }

  @Test
  void theSameMembersAgainRaiseNoEpoch() {
    machine.applyConfiguration(++index, 1, THINGS.members());
    assertThat(machine.state().descriptor()).isEqualTo(THINGS);
    assertThat(machine.mark()).isEqualTo(new SnapshotMark(index, 1, THINGS.members()));
  }

  @Test
  void aKeyOutsideTheBoundsRefusesTheWholeWrite() {
    assertThat(write(Epoch.FIRST, false, put(1, "{}"), put(100, "{}")))
        .isEqualTo(new Response.OutOfBounds(PrimaryKey.of(100)));
    assertThat(read(1)).isNull();
  }

  @Test
  void aTimestampThatWasOvertakenIsRefused() {
    write(put(1, "{\"a\":1}"));
    clock -= 10;
    assertThat(write(Epoch.FIRST, false, put(1, "{\"a\":2}")))
        .isInstanceOf(Response.Unavailable.class);
    assertThat(read(1)).isEqualTo("{\"a\":1}");
  }

  @Test
  void aGroupBecomesAPartitionOnce() {
    write(put(1, "{}"));
    var other = TestNode.descriptor(7, "others", Bounds.Range.ALL);
    apply(new PartitionCommand.Create(other));
    assertThat(machine.state().descriptor()).isEqualTo(THINGS);
    assertThat(read(1)).isEqualTo("{}");
  }

  @Test
  void countersFollowTheRows() {
    write(put(1, "{\"a\":1}"), put(2, "{}"));
    write(put(1, "{}"));
    write(Mutation.delete(PrimaryKey.of(2)), Mutation.delete(PrimaryKey.of(3)));
    assertThat(machine.state().rows()).isEqualTo(1);
    int keyBytes = new PartitionKeys(THINGS).row(PrimaryKey.of(1)).size();
    assertThat(machine.state().bytes()).isEqualTo(keyBytes + 2);
  }

  @Test
  void aUniqueIndexRefusesASecondRowWithTheSameTerms() {
    apply(new PartitionCommand.AddIndex(UNIQUE, 1));
    var violation = new MutationResult.UniqueViolation(9, "by-code");
    assertThat(write(put(1, "{\"code\":\"x\"}"), put(2, "{\"code\":\"x\"}")))
        .containsExactly(written(false), violation);
    assertThat(write(put(2, "{\"code\":\"x\"}"))).containsExactly(violation);
    assertThat(write(put(1, "{\"code\":\"x\",\"again\":true}"))).containsExactly(written(true));
    assertThat(writeAtomically(put(3, "{\"code\":\"y\"}"), put(2, "{\"code\":\"x\"}")))
        .containsExactly(new MutationResult.NotApplied(), violation);
    assertThat(writeAtomically(put(1, "{\"code\":\"z\"}"), put(2, "{\"code\":\"x\"}")))
        .containsExactly(written(true), written(false));
    assertThat(write(put(4, "{\"code\":null}"), put(5, "{\"code\":null}"), put(6, "{}")))
        .containsExactly(written(false), written(false), written(false));
  }

  @Test
  void buildingAUniqueIndexOverEqualTermsFails() {
    write(put(1, "{\"code\":1}"), put(2, "{\"code\":1.0}"));
    apply(new PartitionCommand.AddIndex(UNIQUE, 1));
    apply(new PartitionCommand.Backfill(9, 100));
    IndexState failed = requireNonNull(machine.state().index(9));
    assertThat(failed.phase()).isInstanceOf(IndexState.Failed.class);
    assertThat(failed.entries()).isZero();
    assertThat(write(put(3, "{\"code\":1}"))).containsExactly(written(false));
    try (var entries =
        storage.entries(
            new PartitionKeys(THINGS).entrySpan(UNIQUE).range(),
            Timestamp.MAX,
            Direction.FORWARD)) {
      assertThat(entries.next()).isFalse();
    }
  }

  @Test
  void anIndexOfANewerCatalogIsNotDropped() {
    apply(new PartitionCommand.AddIndex(UNIQUE, 5));
    apply(new PartitionCommand.DropIndex(9, 4));
    assertThat(machine.state().index(9)).isNotNull();
    apply(new PartitionCommand.DropIndex(9, 6));
    assertThat(machine.state().index(9)).isNull();
  }

  @Test
  void aDocumentWithTooManyEntriesIsRefused() {
    var tags =
        new IndexDefinition(
            9, "by-tag", "things", List.of(IndexTerm.of("tags[*]")), List.of(), false);
    apply(new PartitionCommand.AddIndex(tags, 1));
    var numbers = new StringBuilder("0");
    for (int number = 1; number <= 1_000; number++) {
      numbers.append(',').append(number);
    }
    assertThat(write(put(1, "{\"tags\":[" + numbers + "]}")).getFirst())
        .isInstanceOfSatisfying(
            MutationResult.Invalid.class,
            invalid -> assertThat(invalid.code()).isEqualTo(ErrorCode.TOO_LARGE));
    assertThat(write(put(1, "[]")).getFirst())
        .isInstanceOfSatisfying(
            MutationResult.Invalid.class,
            invalid -> assertThat(invalid.code()).isEqualTo(ErrorCode.INVALID_DOCUMENT));
  }

  @Test
  void aRestartFindsWhatWasFlushed() {
    write(put(1, "{\"a\":1}"));
    storage.flush();
    machine.refreshDurable();
    long flushed = index;
    assertThat(machine.durableIndex()).isEqualTo(flushed);
    write(put(2, "{}"));
    assertThat(machine.durableIndex()).isEqualTo(flushed);
    PartitionState before = machine.state();
    storage.close();
    storage = TestNode.storage(directory.resolve("one"));
    machine = new PartitionStateMachine(THINGS.id(), storage);
    assertThat(machine.state()).isEqualTo(before);
    assertThat(machine.durableIndex()).isEqualTo(index);
    assertThat(read(1)).isEqualTo("{\"a\":1}");
  }

  @Test
  void aSnapshotGivesTheStateOfTheMomentItWasOpened() throws IOException {
    apply(new PartitionCommand.AddIndex(UNIQUE, 1));
    write(put(1, "{\"code\":1}"), put(2, "{\"code\":2}"));
    write(put(1, "{\"code\":3}"));
    Timestamp earlier = new Timestamp(clock - 1);
    PartitionState taken = machine.state();
    SnapshotMark mark = machine.mark();
    Path files = Files.createDirectory(directory.resolve("snapshot"));
    try (SnapshotSource snapshot = machine.openSnapshot()) {
      write(Mutation.delete(PrimaryKey.of(1)), put(5, "{\"code\":5}"));
      snapshot.writeTo(files);
    }
    try (var otherStorage = TestNode.storage(directory.resolve("two"));
        var other = new PartitionStateMachine(THINGS.id(), otherStorage)) {
      other.apply(
          List.of(
              new Command(2, 1, CommandCodec.encode(new PartitionCommand.Create(THINGS), 64)),
              new Command(3, 1, stale())));
      other.install(files, mark);
      assertThat(other.state()).isEqualTo(taken);
      assertThat(other.mark()).isEqualTo(mark);
      assertThat(other.durableIndex()).isEqualTo(mark.index());
      assertThat(rows(otherStorage, Timestamp.MAX))
          .containsExactly("1={\"code\":3}", "2={\"code\":2}");
      assertThat(rows(otherStorage, earlier)).containsExactly("1={\"code\":1}", "2={\"code\":2}");
      assertThat(requireNonNull(other.state().index(9)).entries()).isEqualTo(2);
    }
  }

  private static byte[] stale() {
    var write = new TimedWrite(new Timestamp(500), Epoch.FIRST, false, List.of(put(50, "{}")));
    return CommandCodec.encode(new PartitionCommand.Writes(List.of(write)), 64);
  }

  private static List<String> rows(RocksDbStorage from, Timestamp at) {
    var scan =
        new Request.Scan(THINGS.id(), Epoch.FIRST, null, null, Direction.FORWARD, null, 1_000, at);
    return new PageReader(from, THINGS, List.of(), at)
        .rows(scan).rows().stream().map(row -> row.key() + "=" + row.document()).toList();
  }

  @Test
  void aCrashInTheMiddleOfAnInstallationLeavesNothing() throws IOException {
    write(put(1, "{}"));
    Path files = Files.createDirectory(directory.resolve("snapshot"));
    SnapshotMark mark = machine.mark();
    try (SnapshotSource snapshot = machine.openSnapshot()) {
      snapshot.writeTo(files);
    }
    try (var twoStorage = TestNode.storage(directory.resolve("two"))) {
      var two = new PartitionStateMachine(THINGS.id(), twoStorage);
      // A file of rows that is damaged ends the installation where it hurts most.
      try (var names = Files.list(files)) {
        for (Path file : names.filter(name -> name.toString().endsWith(".sst")).toList()) {
          Files.write(file, new byte[] {1, 2, 3});
        }
      }
      assertThat(catchThrowable(() -> two.install(files, mark))).isNotNull();
      var again = new PartitionStateMachine(THINGS.id(), twoStorage);
      assertThat(again.mark()).isEqualTo(SnapshotMark.NONE);
      assertThat(rows(twoStorage, Timestamp.MAX)).isEmpty();
      assertThat(twoStorage.meta(PartitionKeys.installRecord(THINGS.id()))).isNull();
    }
  }
}
