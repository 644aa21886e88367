package dev.partita.node.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.SnapshotMark;
import dev.partita.node.replication.Command;
import dev.partita.node.replication.SnapshotSource;
import dev.partita.node.replication.StateMachine;
import dev.partita.node.storage.rocksdb.RocksDbStorage;
import java.nio.file.Path;
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
  private TransactionEnds ends;

  @BeforeEach
  void lead() {
    storage = TestNode.storage(directory);
    group = new LocalRaftGroup(new PartitionId(1).group(), entries);
    group.lead();
    var oracle = new CountingOracle();
    var pipeline =
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
    ends = new TransactionEnds(pipeline);
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
