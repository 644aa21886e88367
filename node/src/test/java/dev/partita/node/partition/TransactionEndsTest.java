package dev.partita.node.partition;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.SnapshotMark;
import dev.partita.node.replication.Command;
import dev.partita.node.replication.SnapshotSource;
import dev.partita.node.replication.StateMachine;
import dev.partita.node.storage.rocksdb.RocksDbStorage;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The entries that a leader ends and forgets transactions with.
final class TransactionEndsTest {
  private static final int PER_ENTRY = 256;

  private final Entries entries = new Entries();
  private @TempDir Path directory;
  private RocksDbStorage storage;
  private LocalRaftGroup group;
  private WritePipeline pipeline;
  private final LockTable locks = new LockTable((_, _) -> null);
  private final ArrayDeque<Runnable> timed = new ArrayDeque<>();
  private TransactionEnds ends;

  @BeforeEach
  void lead() {
    storage = TestNode.storage(directory);
    group = new LocalRaftGroup(new PartitionId(1).group(), entries);
    group.lead();
    var oracle = new CountingOracle();
    pipeline =
        new WritePipeline(
            group,
            new PartitionReplica.Surroundings(
                storage,
                oracle,
                TestNode.CLOCK,
                Runnable::run,
                Runnable::run,
                PartitionSettings.DEFAULT,
                SplitRules.SAFE,
                Extent.Watch.NOTHING,
                () -> TransactionResolver.NONE,
                () -> {}));
    pipeline.lead(pipeline.prepare(), oracle.take());
    ends = new TransactionEnds(pipeline, locks, timed::add);
  }

  @AfterEach
  void close() {
    group.close();
    storage.close();
  }

  private static List<TransactionId> transactions(int count) {
    return Stream.generate(TransactionId::random).limit(count).toList();
  }

  /// What is left over would be taken for what nobody has ended; an entry of all could be too long.
  @Test
  void allThatHasEndedIsForgottenAtOnceInEntriesOfSome() {
    List<TransactionId> ended = transactions(3 * PER_ENTRY + 1);
    ended.forEach(ends::forget);
    ends.tick();
    ends.tick();
    List<List<TransactionId>> forgotten = forgotten();
    assertThat(forgotten)
        .extracting(List::size)
        .containsExactly(PER_ENTRY, PER_ENTRY, PER_ENTRY, 1);
    assertThat(forgotten.stream().flatMap(List::stream)).containsExactlyElementsOf(ended);
  }

  @Test
  void whoDoesNotLeadAnyMoreForgetsNothing() {
    transactions(3).forEach(ends::forget);
    ends.follow();
    List<TransactionId> later = transactions(2);
    later.forEach(ends::forget);
    ends.tick();
    assertThat(forgotten()).containsExactly(later);
  }

  @Test
  void commitsGoWithTheNextWrites() {
    List<TransactionId> committed = List.of(prepared(), prepared());
    committed.forEach(this::commit);
    write();
    assertThat(log()).containsExactly("a write", "the end of " + committed);
  }

  @Test
  void commitsGoAloneWhenNothingIsWrittenForAWhile() {
    TransactionId one = prepared();
    TransactionId other = prepared();
    commit(one);
    commit(other);
    assertThat(timed).hasSize(1);
    timed.remove().run();
    TransactionId next = prepared();
    commit(next);
    timed.remove().run();
    assertThat(log())
        .containsExactly("the end of " + List.of(one, other), "the end of " + List.of(next));
  }

  @Test
  void whatSomebodyWaitsForIsNotHeldBack() {
    TransactionId before = prepared();
    requireNonNull(locks.get(before)).await();
    commit(before);
    TransactionId after = prepared();
    commit(after);
    write();
    requireNonNull(locks.get(after)).await();
    TransactionId last = prepared();
    commit(last);
    requireNonNull(locks.get(last)).await();
    assertThat(log())
        .containsExactly(
            "the end of " + List.of(before),
            "a write",
            "the end of " + List.of(after),
            "the end of " + List.of(last));
  }

  /// Whoever aborts waits for the answer, and of what is not known here nobody can wait.
  @Test
  void whatIsNoCommitOfTheseLocksIsNotHeldBack() {
    TransactionId aborted = prepared();
    var _ = ends.finish(end(aborted, new TransactionOutcome.Aborted()));
    TransactionId unknown = TransactionId.random();
    commit(unknown);
    assertThat(timed).isEmpty();
    assertThat(log())
        .containsExactly("the end of " + List.of(aborted), "the end of " + List.of(unknown));
  }

  private TransactionId prepared() {
    var transaction =
        new Transaction(
            TransactionId.random(),
            Timestamp.MIN,
            Timestamp.MIN,
            List.of(new PartitionId(1), new PartitionId(2)),
            CommitProtocolKind.TWO_PHASE);
    var prepared =
        new PreparedTransaction(
            transaction, Timestamp.MIN, ReadSet.nothing(Timestamp.MIN), List.of());
    locks.add(new HeldTransaction(prepared, Footprint.NONE));
    return transaction.id();
  }

  private void commit(TransactionId id) {
    var _ = ends.finish(end(id, new TransactionOutcome.Committed(Timestamp.MIN)));
  }

  private static PartitionCommand.FinishTransaction end(
      TransactionId id, TransactionOutcome outcome) {
    return new PartitionCommand.FinishTransaction(id, Timestamp.MIN, outcome);
  }

  private void write() {
    var put = Mutation.put(PrimaryKey.of(1), JsonBytes.of("{}"));
    var _ =
        pipeline.write(
            new Request.Write(new PartitionId(1), Epoch.FIRST, List.of(put), false),
            Deadline.after(Duration.ofMinutes(1), TestNode.CLOCK));
  }

  /// What has come into the log.
  private List<String> log() {
    group.close();
    return entries.commands.stream()
        .map(command ->
            command instanceof PartitionCommand.FinishTransactions(var finished)
                ? "the end of "
                    + finished.stream().map(PartitionCommand.FinishTransaction::id).toList()
                : "a write")
        .toList();
  }

  /// What each entry of the log forgets.
  private List<List<TransactionId>> forgotten() {
    // The group applies what was proposed before it is closed.
    group.close();
    return entries.commands.stream()
        .map(PartitionCommand.ForgetTransactions.class::cast)
        .map(PartitionCommand.ForgetTransactions::ids)
        .toList();
  }

  /// Keeps the commands. Of the group's thread until the group is closed.
  private static final class Entries implements StateMachine {
    final List<PartitionCommand> commands = new ArrayList<>();

    @Override
    public SnapshotMark mark() {
      return SnapshotMark.NONE;
    }

    @Override
    public long durableIndex() {
      return 0;
    }

    @Override
    public void flushSoon() {}

    @Override
    public List<Object> apply(List<Command> committed) {
      committed.forEach(command -> commands.add(CommandCodec.decode(command.payload())));
      return List.copyOf(committed);
    }

    @Override
    public void applyConfiguration(long index, long term, Configuration configuration) {}

    @Override
    public SnapshotSource openSnapshot() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void install(Path from, SnapshotMark mark) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void leaderChanged(@Nullable NodeId leader, long term, boolean self) {}

    @Override
    public void close() {}
  }
}
