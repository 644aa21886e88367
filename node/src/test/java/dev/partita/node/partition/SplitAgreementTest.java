package dev.partita.node.partition;

import static java.util.Objects.requireNonNull;
import static java.util.Objects.requireNonNullElseGet;
import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.PartitionCommand.Child;
import dev.partita.node.partition.PartitionCommand.TimedPrepare;
import dev.partita.node.partition.PartitionCommand.TimedWrite;
import dev.partita.node.replication.Command;
import dev.partita.node.replication.SnapshotSource;
import dev.partita.node.storage.Direction;
import dev.partita.node.storage.rocksdb.RocksDbStorage;
import dev.partita.node.time.Timestamp;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Replicas of a family of Partitions, which split, split again and are merged, end in the same
/// state however they apply their logs: entry by entry, in long runs, in any order of the groups
/// that makes children after their parents, with crashes at any moment that undo what was not
/// durable, or from snapshots.
final class SplitAgreementTest {

  private static final int SEEDS = Integer.getInteger("partita.seeds", 3);
  private static final int STEPS = 320;
  private static final int IDS_MAX = 18;
  private static final AtomicInteger CRASHES = new AtomicInteger();

  /// The logs of all groups, in the order in which the first replica wrote them.
  private static final class Logs {
    final Map<PartitionId, List<Command>> byGroup = new TreeMap<>();
    final List<Timestamp> timestamps = new ArrayList<>();
    final List<Merge> merges = new ArrayList<>();
  }

  /// @param place the Partition that was split into the two
  private record Merge(PartitionId place, PartitionId left, PartitionId right, PartitionId into) {}

  /// The Partition that has come in the place of one.
  private static PartitionId present(Logs logs, PartitionId id) {
    for (Merge merge : logs.merges) {
      if (merge.place().equals(id)) {
        return present(logs, merge.into());
      }
    }
    return id;
  }

  /// A node that has replicas of all groups.
  private static final class Node implements AutoCloseable {
    Path directory;
    RocksDbStorage storage;
    final Map<PartitionId, PartitionStateMachine> machines = new TreeMap<>();

    Node(Path directory) {
      this.directory = directory;
      this.storage = TestNode.storage(directory);
    }

    /// The replica of a group; null while it has not been made.
    @Nullable PartitionStateMachine machine(PartitionId id, PartitionId root) {
      PartitionStateMachine open = machines.get(id);
      if (open == null
          && (id.equals(root) || storage.meta(PartitionKeys.stateRecord(id)) != null)) {
        open = new PartitionStateMachine(id, storage);
        machines.put(id, open);
      }
      return open;
    }

    /// As the keeper of replicas does, again and again.
    void merge(Merge merge, PartitionId root) {
      PartitionStateMachine left = machine(merge.left(), root);
      PartitionStateMachine right = machine(merge.right(), root);
      if (left != null && right != null) {
        Merging.handOver(storage, left, right, merge.into());
      }
    }

    /// Goes on from what would be there after a crash: the files as they are now.
    void crash() throws IOException {
      Path copy = directory.resolveSibling("crash-" + CRASHES.incrementAndGet());
      while (!copy(copy)) {
        copy = directory.resolveSibling("crash-" + CRASHES.incrementAndGet());
      }
      storage.close();
      machines.clear();
      directory = copy;
      storage = TestNode.storage(copy);
    }

    /// Copies the files unless the store changes them meanwhile, as it does by itself.
    private boolean copy(Path copy) throws IOException {
      List<Path> before = files();
      try {
        for (Path file : before) {
          Path to = copy.resolve(directory.relativize(file).toString());
          if (Files.isDirectory(file)) {
            Files.createDirectories(to);
          } else if (!file.endsWith("LOCK")) {
            Files.copy(file, to);
          }
        }
      } catch (NoSuchFileException _) {
        return false;
      }
      return before.equals(files());
    }

    private List<Path> files() throws IOException {
      try (Stream<Path> files = Files.walk(directory)) {
        return files.sorted().toList();
      } catch (UncheckedIOException e) {
        return List.of();
      }
    }

    @Override
    public void close() {
      storage.close();
    }
  }

  private int largest;
  private int merges;
  private int mergesAgain;

  private static PartitionDescriptor root(boolean hashed) {
    return TestNode.descriptor(
        1,
        TestDocument.COLLECTION,
        hashed ? new Bounds.Hash(3, 1) : new Bounds.Range(Datum.of(0), Datum.of(60)));
  }

  @Test
  void replicasAgreeThroughSplits(@TempDir Path directory) throws IOException {
    for (int seed = 0; seed < SEEDS; seed++) {
      Path own = Files.createDirectory(directory.resolve("seed-" + seed));
      try {
        play(new Random(seed), own, root(seed % 3 == 1));
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
    assertThat(largest).as("partitions of one family").isGreaterThan(4);
    assertThat(merges).as("merges").isPositive();
    assertThat(mergesAgain).as("merges of what was merged").isPositive();
  }

  private void play(Random random, Path directory, PartitionDescriptor root) throws IOException {
    Logs logs;
    Map<PartitionId, List<String>> expected;
    try (var first = new Node(directory.resolve("first"))) {
      logs = write(random, first, root);
      expected = contents(first, logs);
      largest = Math.max(largest, expected.size());
      merges += logs.merges.size();
      for (Merge merge : logs.merges) {
        PartitionId into = merge.into();
        boolean again =
            logs.merges.stream()
                .anyMatch(other -> other.left().equals(into) || other.right().equals(into));
        mergesAgain += again ? 1 : 0;
      }
      try (var joined = new Node(directory.resolve("joined"))) {
        join(first, joined, directory, root);
        assertSame(contents(joined, logs), expected);
      }
    }
    try (var other = new Node(directory.resolve("other"))) {
      replay(random, other, logs, root);
      assertSame(contents(other, logs), expected);
    }
  }

  private static void assertSame(
      Map<PartitionId, List<String>> found, Map<PartitionId, List<String>> expected) {
    assertThat(found.keySet()).isEqualTo(expected.keySet());
    expected.forEach((id, contents) -> {
      List<String> other = requireNonNull(found.get(id));
      for (int at = 0; at < Math.min(contents.size(), other.size()); at++) {
        assertThat(other.get(at)).as("partition %s, %d", id, at).isEqualTo(contents.get(at));
      }
      assertThat(other).hasSameSizeAs(contents);
    });
  }

  /// Everything comes by snapshots, in any order that makes children after their parents.
  private static void join(Node from, Node to, Path directory, PartitionDescriptor root)
      throws IOException {
    for (Map.Entry<PartitionId, PartitionStateMachine> each : from.machines.entrySet()) {
      Path files = Files.createDirectory(directory.resolve("snapshot-" + each.getKey()));
      try (SnapshotSource snapshot = each.getValue().openSnapshot()) {
        snapshot.writeTo(files);
      }
      var machine = new PartitionStateMachine(each.getKey(), to.storage);
      if (each.getKey().equals(root.id())) {
        // It has followed for a while.
        machine.apply(List.of(command(2, new PartitionCommand.Create(root))));
      }
      machine.install(files, each.getValue().mark());
      to.machines.put(each.getKey(), machine);
    }
  }

  /// Applies runs of any length, of any group that is there, and crashes now and then.
  private static void replay(Random random, Node node, Logs logs, PartitionDescriptor root)
      throws IOException {
    while (true) {
      var behind = new ArrayList<PartitionId>();
      for (Map.Entry<PartitionId, List<Command>> each : logs.byGroup.entrySet()) {
        PartitionStateMachine machine = node.machine(each.getKey(), root.id());
        if (machine == null || machine.mark().index() < each.getValue().getLast().index()) {
          behind.add(each.getKey());
        }
      }
      if (behind.isEmpty()) {
        return;
      }
      PartitionId id = behind.get(random.nextInt(behind.size()));
      PartitionStateMachine machine = node.machine(id, root.id());
      if (machine == null) {
        continue; // its parent has not come to the split
      }
      long applied = Math.max(machine.mark().index(), 1);
      List<Command> rest =
          requireNonNull(logs.byGroup.get(id)).stream()
              .filter(command -> command.index() > applied)
              .toList();
      if (!rest.isEmpty()) {
        machine.apply(rest.subList(0, Math.min(rest.size(), 1 + random.nextInt(20))));
      }
      logs.merges.forEach(merge -> node.merge(merge, root.id()));
      switch (random.nextInt(12)) {
        case 0 -> node.storage.flush();
        case 1 -> node.crash();
        default -> {}
      }
    }
  }

  private static Command command(long index, PartitionCommand command) {
    return new Command(index, 1, CommandCodec.encode(command, 64));
  }

  private static Logs write(Random random, Node node, PartitionDescriptor root) {
    var logs = new Logs();
    long clock = 1_000;
    long nextId = 2;
    var open = new LinkedHashMap<TransactionId, Transaction>();
    var corrections = new HashMap<PartitionId, PartitionCommand>();
    append(logs, node, root.id(), root.id(), new PartitionCommand.Create(root));
    for (int step = 0; step < STEPS; step++) {
      if (step % 20 == 19 && nextId < IDS_MAX && merge(random, logs, node, root, clock, nextId)) {
        nextId++;
        clock += 100;
      }
      List<PartitionId> ids = List.copyOf(logs.byGroup.keySet());
      PartitionId id = ids.get(random.nextInt(ids.size()));
      PartitionId counted = id;
      PartitionState state = requireNonNull(node.machine(id, root.id())).state();
      PartitionDescriptor descriptor = requireNonNull(state.descriptor());
      Epoch epoch = descriptor.epoch();
      var now = new Timestamp(++clock);
      IndexDefinition index = TestDocument.INDEXES.get(random.nextInt(TestDocument.INDEXES.size()));
      PartitionCommand next =
          switch (random.nextInt(20)) {
            case 0 -> new PartitionCommand.AddIndex(index, step);
            case 1, 2, 3 ->
                new PartitionCommand.Backfill(
                    state.indexes().isEmpty()
                        ? index.id()
                        : state.indexes().get(random.nextInt(state.indexes().size())).index().id(),
                    1 + random.nextInt(40));
            case 4 -> {
              count(node, id).ifPresent(known -> corrections.put(counted, known));
              yield new PartitionCommand.DropInherited();
            }
            case 5 ->
                requireNonNullElseGet(
                    corrections.get(id), () -> new PartitionCommand.DropInherited());
            case 6 ->
                random.nextInt(4) == 0
                    ? new PartitionCommand.DropIndex(index.id(), step)
                    : new PartitionCommand.RaiseSafePoint(new Timestamp(clock - 100));
            case 7 -> new PartitionCommand.DropInherited();
            case 8, 9 -> {
              Bounds bounds = descriptor.bounds();
              boolean hashed = bounds instanceof Bounds.Hash;
              Datum at = hashed ? null : Datum.of(middle(bounds));
              if (state.split() != null
                  || nextId >= IDS_MAX - 4
                  || (!hashed && width(bounds) < 4)) {
                yield new PartitionCommand.DropInherited();
              }
              var children =
                  List.of(
                      new Child(new PartitionId(nextId), "c-" + nextId),
                      new Child(new PartitionId(nextId + 1), "c-" + (nextId + 1)));
              nextId += 2;
              yield new PartitionCommand.Split(epoch, at, children);
            }
            case 10 -> {
              var started = new Timestamp(clock - 1);
              var transaction =
                  new Transaction(
                      TransactionId.of("client", random.nextInt(5)).again(),
                      started,
                      started,
                      random.nextBoolean() ? List.of(id) : List.of(id, new PartitionId(77)));
              open.put(transaction.id(), transaction);
              yield new PartitionCommand.Writes(
                  List.of(
                      new TimedPrepare(
                          now,
                          new Request.Prepare(
                              id,
                              epoch,
                              transaction,
                              ReadSet.nothing(started),
                              mutations(random, descriptor)))));
            }
            case 11, 12 -> {
              Transaction ended = open.isEmpty() ? null : open.pollFirstEntry().getValue();
              id = ended == null ? id : ended.record();
              yield ended == null
                  ? new PartitionCommand.DropInherited()
                  : new PartitionCommand.FinishTransaction(
                      ended.id(), ended.started(), new TransactionOutcome.Committed(now));
            }
            default ->
                new PartitionCommand.Writes(
                    List.of(
                        new TimedWrite(
                            now, epoch, random.nextBoolean(), mutations(random, descriptor))));
          };
      logs.timestamps.add(now);
      append(logs, node, root.id(), id, next);
    }
    return logs;
  }

  /// What the log is to be told some time later, if there is something to count.
  private static Optional<PartitionCommand> count(Node node, PartitionId id) {
    try (RowCount count = RowCount.begin(node.storage, id)) {
      if (count == null) {
        return Optional.empty();
      }
      while (count.step(100)) {}
      return Optional.ofNullable(count.correction());
    }
  }

  /// Merges two that a split has made, if both can be frozen; otherwise nothing comes of it.
  private static boolean merge(
      Random random, Logs logs, Node node, PartitionDescriptor root, long clock, long nextId) {
    var parents = new ArrayList<PartitionDescriptor>();
    for (PartitionId id : logs.byGroup.keySet()) {
      PartitionState state = requireNonNull(node.machine(id, root.id())).state();
      SplitState split = state.split();
      if (split != null
          && split.children().size() == 2
          && present(logs, id).equals(id)
          && split.children().stream()
              .allMatch(child -> isWhole(node, root, present(logs, child.id())))) {
        parents.add(requireNonNull(state.descriptor()));
      }
    }
    if (parents.isEmpty()) {
      return false;
    }
    PartitionDescriptor parent = parents.get(random.nextInt(parents.size()));
    PartitionState split = requireNonNull(node.machine(parent.id(), root.id())).state();
    List<PartitionId> sides =
        requireNonNull(split.split()).children().stream()
            .map(child -> present(logs, child.id()))
            .toList();
    var into = new Child(new PartitionId(nextId), "m-" + nextId);
    boolean frozen = true;
    for (PartitionId side : sides) {
      PartitionStateMachine machine = requireNonNull(node.machine(side, root.id()));
      for (HeldTransaction held : List.copyOf(machine.transactions().locks().all())) {
        append(
            logs,
            node,
            root.id(),
            side,
            new PartitionCommand.FinishTransaction(
                held.id(),
                held.prepared().transaction().started(),
                new TransactionOutcome.Committed(new Timestamp(++clock))));
      }
      for (IndexState index : machine.state().indexes()) {
        if (random.nextInt(8) > 0) {
          append(
              logs,
              node,
              root.id(),
              side,
              new PartitionCommand.Backfill(index.index().id(), 1_000));
        }
      }
      append(
          logs,
          node,
          root.id(),
          side,
          new PartitionCommand.Freeze(
              requireNonNull(machine.state().descriptor()).epoch(), into, parent.bounds()));
      frozen &= machine.state().freeze() != null;
    }
    var moment = new Timestamp(clock);
    logs.timestamps.add(moment);
    if (!frozen || random.nextInt(5) == 0) {
      sides.forEach(
          side -> append(logs, node, root.id(), side, new PartitionCommand.Unfreeze(into.id())));
      return true;
    }
    PartitionStateMachine left = requireNonNull(node.machine(sides.getFirst(), root.id()));
    PartitionStateMachine right = requireNonNull(node.machine(sides.getLast(), root.id()));
    Timestamp from = Timestamp.later(left.state().safePoint(), right.state().safePoint());
    var shared = new ArrayList<Long>();
    left.state().indexes().stream()
        .map(index -> index.index().id())
        .filter(id -> right.state().index(id) != null)
        .forEach(shared::add);
    List<String> before = seen(node, logs, from, shared, left.state(), right.state());
    var merge = new Merge(parent.id(), sides.getFirst(), sides.getLast(), into.id());
    node.merge(merge, root.id());
    logs.merges.add(merge);
    PartitionStateMachine merged = requireNonNull(node.machine(into.id(), root.id()));
    assertThat(seen(node, logs, from, shared, merged.state())).isEqualTo(before);
    append(
        logs,
        node,
        root.id(),
        into.id(),
        new PartitionCommand.Create(requireNonNull(merged.state().descriptor())));
    return true;
  }

  private static boolean isWhole(Node node, PartitionDescriptor root, PartitionId id) {
    PartitionState state = requireNonNull(node.machine(id, root.id())).state();
    return state.split() == null && state.freeze() == null;
  }

  /// What can be read of Partitions together at all moments from one on, in any order.
  private static List<String> seen(
      Node node, Logs logs, Timestamp from, List<Long> indexes, PartitionState... states) {
    var seen = new ArrayList<String>();
    for (Timestamp moment : logs.timestamps) {
      if (moment.isBefore(from)) {
        continue;
      }
      for (PartitionState state : states) {
        PartitionDescriptor descriptor = requireNonNull(state.descriptor());
        var reader = new PageReader(node.storage, descriptor, state.indexes(), moment);
        var scan =
            new Request.Scan(
                descriptor.id(), Epoch.FIRST, null, null, Direction.FORWARD, null, 1_000, moment);
        reader.rows(scan).rows().forEach(row -> seen.add(moment + " " + row));
        for (IndexState index : state.indexes()) {
          Timestamp since = readableSince(index.index().id(), states);
          if (indexes.contains(index.index().id()) && since != null && !moment.isBefore(since)) {
            seen.add(moment + " " + index.index().name() + " is read");
            indexScan(reader, index, moment)
                .forEach(entry -> seen.add(moment + " " + index.index().name() + " " + entry));
          }
        }
      }
    }
    return seen.stream().distinct().sorted().toList();
  }

  private static @Nullable Timestamp readableSince(long index, PartitionState... states) {
    Timestamp latest = Timestamp.MIN;
    for (PartitionState state : states) {
      IndexState own = state.index(index);
      Timestamp since = own == null ? null : own.readableSince();
      if (since == null) {
        return null;
      }
      latest = Timestamp.later(latest, since);
    }
    return latest;
  }

  private static void append(
      Logs logs, Node node, PartitionId root, PartitionId id, PartitionCommand command) {
    PartitionStateMachine machine = requireNonNull(node.machine(id, root));
    Command next = command(Math.max(machine.mark().index(), 1) + 1, command);
    logs.byGroup.computeIfAbsent(id, _ -> new ArrayList<>()).add(next);
    machine.apply(List.of(next));
    SplitState split = machine.state().split();
    if (split != null && split.index() == next.index()) {
      for (PartitionDescriptor child : split.children()) {
        // So that it is there to be chosen; the epoch raises nothing.
        append(logs, node, root, child.id(), new PartitionCommand.Create(child));
      }
    }
  }

  private static long middle(Bounds bounds) {
    Bounds.Range range = (Bounds.Range) bounds;
    return (start(range) + end(range)) / 2;
  }

  private static long width(Bounds bounds) {
    Bounds.Range range = (Bounds.Range) bounds;
    return end(range) - start(range);
  }

  private static long start(Bounds.Range range) {
    return ((Datum.Int) requireNonNull(range.start())).value();
  }

  private static long end(Bounds.Range range) {
    return ((Datum.Int) requireNonNull(range.end())).value();
  }

  private static List<Mutation> mutations(Random random, PartitionDescriptor descriptor) {
    var mutations = new ArrayList<Mutation>();
    var keys = new ArrayList<PrimaryKey>();
    for (int count = 1 + random.nextInt(6); count > 0; count--) {
      PrimaryKey key = PrimaryKey.of(random.nextInt(60));
      if (!descriptor.bounds().contains(key) || keys.contains(key)) {
        continue;
      }
      keys.add(key);
      mutations.add(
          random.nextInt(4) == 0
              ? Mutation.delete(key)
              : Mutation.put(key, TestDocument.random(random).json()));
    }
    if (mutations.isEmpty()) {
      long key = 0;
      while (!descriptor.bounds().contains(PrimaryKey.of(key))) {
        key++;
      }
      mutations.add(Mutation.put(PrimaryKey.of(key), TestDocument.random(random).json()));
    }
    return mutations;
  }

  /// Everything that a client could see, at the end and at some moments before.
  private static Map<PartitionId, List<String>> contents(Node node, Logs logs) {
    var all = new TreeMap<PartitionId, List<String>>();
    PartitionId root = logs.byGroup.keySet().iterator().next();
    for (PartitionId id : logs.byGroup.keySet()) {
      PartitionStateMachine machine = requireNonNull(node.machine(id, root), id::toString);
      PartitionState state = machine.state();
      var contents = new ArrayList<String>();
      contents.add(state.toString());
      contents.add("unforgotten " + machine.transactions().unforgotten().size());
      contents.add("prepared " + machine.transactions().locks().size());
      for (int client = 0; client < 5; client++) {
        contents.add(
            "named "
                + machine
                    .transactions()
                    .committed(TransactionId.of("client", client), new Timestamp(1_000)));
      }
      if (state.split() == null) {
        read(node, state, logs, contents);
      }
      all.put(id, contents);
    }
    return all;
  }

  private static void read(Node node, PartitionState state, Logs logs, List<String> contents) {
    PartitionDescriptor descriptor = requireNonNull(state.descriptor());
    for (int at = 0; at <= logs.timestamps.size(); at += 11) {
      Timestamp moment = at + 11 > logs.timestamps.size() ? Timestamp.MAX : logs.timestamps.get(at);
      if (moment.isBefore(state.safePoint())) {
        continue;
      }
      var reader = new PageReader(node.storage, descriptor, state.indexes(), moment);
      var scan =
          new Request.Scan(
              descriptor.id(), Epoch.FIRST, null, null, Direction.FORWARD, null, 1_000, moment);
      List<Response.Stored> rows = reader.rows(scan).rows();
      contents.add("at " + moment + " " + rows);
      if (moment.equals(Timestamp.MAX) && !state.estimated()) {
        assertThat(state.rows()).as("rows of " + descriptor.name()).isEqualTo(rows.size());
      }
      for (IndexState index : state.indexes()) {
        Timestamp since = index.readableSince();
        if (since != null && !moment.isBefore(since)) {
          contents.add(index.index().name() + " at " + moment + entries(reader, index, moment));
        }
      }
    }
  }

  private static String entries(PageReader reader, IndexState index, Timestamp at) {
    List<Response.Entry> entries = indexScan(reader, index, at);
    if (at.equals(Timestamp.MAX) && index.phase() instanceof IndexState.Ready) {
      assertThat(index.entries()).as(index.index().name()).isEqualTo(entries.size());
    }
    return entries.toString();
  }

  private static List<Response.Entry> indexScan(PageReader reader, IndexState index, Timestamp at) {
    var scan =
        new Request.IndexScan(
            new PartitionId(1),
            Epoch.FIRST,
            index.index().id(),
            List.of(),
            Direction.FORWARD,
            null,
            1_000,
            true,
            at);
    return reader.entries(index.index(), scan).entries();
  }
}
