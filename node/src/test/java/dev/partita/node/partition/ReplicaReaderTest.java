package dev.partita.node.partition;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.PartitionCommand.TimedWrite;
import dev.partita.node.raft.SnapshotMark;
import dev.partita.node.replication.Command;
import dev.partita.node.replication.SnapshotSource;
import dev.partita.node.storage.Direction;
import dev.partita.node.storage.Storage;
import dev.partita.node.storage.rocksdb.RocksDbStorage;
import dev.partita.node.time.Timestamp;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Reads that meet other data coming in the place of what they read, or the end of it all: they get
/// what was there or nothing.
final class ReplicaReaderTest {

  private static final PartitionDescriptor THINGS =
      TestNode.descriptor(7, "things", new Bounds.Range(Datum.of(0), Datum.of(100)));

  private static final PrimaryKey KEY = PrimaryKey.of(1);
  private static final Timestamp WRITTEN = new Timestamp(1_000);

  @TempDir private Path directory;

  private static void fill(PartitionStateMachine machine) {
    var write =
        new TimedWrite(
            WRITTEN, Epoch.FIRST, false, List.of(Mutation.put(KEY, JsonBytes.of("{\"a\":1}"))));
    machine.apply(
        List.of(
            new Command(2, 1, CommandCodec.encode(new PartitionCommand.Create(THINGS), 64)),
            new Command(
                3, 1, CommandCodec.encode(new PartitionCommand.Writes(List.of(write)), 64))));
  }

  private static ReplicaReader reader(PartitionStateMachine machine, Storage storage) {
    return new ReplicaReader(
        machine, storage, SplitRules.SAFE, new ChangeReader(machine, storage, TestNode.CLOCK));
  }

  private static List<Response> readEverything(ReplicaReader reader) {
    var row = new Request.Read(THINGS.id(), Epoch.FIRST, KEY, WRITTEN);
    var scan =
        new Request.Scan(
            THINGS.id(), Epoch.FIRST, null, null, Direction.FORWARD, null, 10, WRITTEN);
    return List.of(
        reader.promised(row, WRITTEN),
        reader.promised(scan, WRITTEN),
        reader.at(scan, WRITTEN),
        reader.newest(row));
  }

  private static boolean isWhole(Response response) {
    return switch (response) {
      case Response.Row row -> row.document() != null;
      case Response.Rows rows -> rows.rows().size() == 1;
      default -> false;
    };
  }

  /// A storage that does what a real one does, and tells before files come in.
  private static Storage watched(RocksDbStorage real, Runnable beforeImport) {
    return (Storage)
        Proxy.newProxyInstance(
            Storage.class.getClassLoader(),
            new Class<?>[] {Storage.class},
            (_, method, arguments) -> {
              if (method.getName().equals("importFiles")) {
                beforeImport.run();
              }
              try {
                return method.invoke(real, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private void whileOneIsInstalled(Consumer<ReplicaReader> look, Consumer<ReplicaReader> then)
      throws IOException {
    Path files = Files.createDirectory(directory.resolve("snapshot"));
    SnapshotMark mark;
    try (var storage = TestNode.storage(directory.resolve("one"));
        var machine = new PartitionStateMachine(THINGS.id(), storage)) {
      fill(machine);
      mark = new SnapshotMark(4, 1, machine.state().configuration());
      try (SnapshotSource snapshot = machine.openSnapshot()) {
        snapshot.writeTo(files);
      }
    }
    List<ReplicaReader> readers = new ArrayList<>();
    try (var real = TestNode.storage(directory.resolve("two"))) {
      Storage storage = watched(real, () -> look.accept(readers.getFirst()));
      try (var machine = new PartitionStateMachine(THINGS.id(), storage)) {
        readers.add(reader(machine, storage));
        fill(machine);
        machine.install(files, mark);
        then.accept(readers.getFirst());
      }
    }
  }

  @Test
  void nothingIsReadWhileASnapshotIsInstalled() throws IOException {
    List<Response> meanwhile = new ArrayList<>();
    whileOneIsInstalled(
        reader -> meanwhile.addAll(readEverything(reader)),
        reader -> assertThat(readEverything(reader)).allMatch(ReplicaReaderTest::isWhole));
    assertThat(meanwhile).hasSize(4).hasOnlyElementsOfType(Response.Unavailable.class);
  }

  /// What was found is kept for who goes on from there.
  @Test
  void noChangesAreLookedForWhileASnapshotIsInstalled() throws IOException {
    var request =
        new Request.Changes(
            THINGS.id(),
            Epoch.FIRST,
            ChangePosition.behind(WRITTEN.previous()),
            WRITTEN,
            10,
            false);
    List<Response> meanwhile = new ArrayList<>();
    whileOneIsInstalled(
        reader -> meanwhile.add(reader.changes(request, _ -> {})),
        reader ->
            assertThat(reader.changes(request, _ -> {}))
                .isInstanceOfSatisfying(
                    Response.Changes.class, found -> assertThat(found.changes()).hasSize(1)));
    assertThat(meanwhile).hasSize(1).hasOnlyElementsOfType(Response.Unavailable.class);
  }

  @Test
  void nothingIsReadOfAReplicaThatWasRemoved() {
    try (var node = new TestNode(directory)) {
      PartitionReplica replica = node.open(THINGS);
      node.call(
          new Request.Write(
              THINGS.id(),
              Epoch.FIRST,
              List.of(Mutation.put(KEY, JsonBytes.of("{\"a\":1}"))),
              false));
      Timestamp at = node.oracle.take();
      replica.promises().learn(new ClosedTimestamp(THINGS.id(), at, 0));
      var read = new Request.Read(THINGS.id(), Epoch.FIRST, KEY, at);
      assertThat(isWhole(requireNonNull(replica.promises().read(read)))).isTrue();

      // By whoever has got hold of the replica before.
      node.partitions.remove(THINGS.id()).join();
      assertThat(replica.promises().read(read)).isNull();
    }
  }
}
