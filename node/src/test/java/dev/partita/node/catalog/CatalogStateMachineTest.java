package dev.partita.node.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.node.config.HostPort;
import dev.partita.node.config.Place;
import dev.partita.node.index.IndexTerm;
import dev.partita.node.index.IndexValue;
import dev.partita.node.key.Datum;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.SnapshotMark;
import dev.partita.node.replication.Command;
import dev.partita.node.replication.SnapshotSource;
import dev.partita.node.storage.Storage;
import dev.partita.node.storage.rocksdb.RocksDbSettings;
import dev.partita.node.storage.rocksdb.RocksDbStorage;
import dev.partita.node.time.Timestamp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CatalogStateMachineTest {
  private static final NodeId NODE = new NodeId(1);

  @TempDir Path directory;

  /// Commands that leave an entry of every kind.
  private static List<CatalogCommand> everything() {
    List<CatalogCommand> commands = new ArrayList<>();
    commands.add(new CatalogCommand.FoundCluster("c"));
    commands.add(
        new CatalogCommand.RegisterNode(
            new NodeEntry(
                NODE,
                "n",
                new Place("s", "cloud", "r", "z", true),
                new HostPort("::1", 7000),
                new HostPort("h", 8080),
                NodeEntry.State.ACTIVE)));
    commands.add(
        new CatalogCommand.CreatePartition(
            "p",
            "things",
            new Bounds.Range(Datum.of(Long.MIN_VALUE), Datum.of("ü")),
            List.of(NODE)));
    commands.add(
        new CatalogCommand.CreatePartition("q", "hashed", new Bounds.Hash(3, 2), List.of(NODE)));
    commands.add(
        new CatalogCommand.CreateIndex(
            "i",
            "things",
            List.of(IndexTerm.of("tags[*]")),
            List.of(IndexValue.descending("a.b")),
            true));
    commands.add(
        new CatalogCommand.PutOperation(
            "o", new Operation.MoveReplica(new PartitionId(3), null, NODE)));
    commands.add(
        new CatalogCommand.PutRequest(
            new ResourceRequest(
                "r",
                ResourceRequest.Action.CREATE,
                ResourceRequest.Kind.PARTITION,
                "my_p",
                "{\"a\":1}",
                ResourceRequest.State.PENDING,
                null)));
    commands.add(
        new CatalogCommand.ExtendWindow(
            new TimestampWindow(Timestamp.ofMillis(1_700_000_000_000L), NODE)));
    return commands;
  }

  private static void apply(CatalogStateMachine machine, List<CatalogCommand> commands) {
    long index = machine.mark().index();
    for (CatalogCommand command : commands) {
      index++;
      assertThat(machine.apply(List.of(new Command(index, 1, CatalogCodec.encode(command)))))
          .singleElement()
          .isInstanceOf(CatalogResult.Applied.class);
    }
  }

  private Storage storage(String name) {
    return RocksDbStorage.open(
        RocksDbSettings.of(directory.resolve(name)).withBlockCacheBytes(1 << 20));
  }

  private static CatalogStateMachine machine(Storage storage) {
    return new CatalogStateMachine(storage, (_, _, _) -> {});
  }

  @Test
  void everyKindOfEntryOutlivesARestart() {
    Catalog before;
    try (Storage storage = storage("a")) {
      CatalogStateMachine machine = machine(storage);
      apply(machine, everything());
      machine.applyConfiguration(20, 2, Configuration.of(Set.of(NODE), Set.of()));
      before = machine.catalog();
    }
    try (Storage storage = storage("a")) {
      CatalogStateMachine machine = machine(storage);
      assertThat(machine.catalog()).isEqualTo(before);
      assertThat(machine.mark())
          .isEqualTo(new SnapshotMark(20, 2, Configuration.of(Set.of(NODE), Set.of())));
      assertThat(machine.durableIndex()).isEqualTo(20);
      apply(machine, List.of(new CatalogCommand.DropIndex("i")));
    }
    try (Storage storage = storage("a")) {
      assertThat(machine(storage).catalog().indexes()).isEmpty();
    }
  }

  @Test
  void whatWasAppliedIsDurableSoonAfterItIsAskedFor() {
    try (Storage storage = storage("a")) {
      CatalogStateMachine machine = machine(storage);
      apply(machine, everything());
      assertThat(machine.durableIndex()).isLessThan(machine.mark().index());

      machine.flushSoon();
      machine.flushSoon();

      await().until(() -> machine.durableIndex() == machine.mark().index());
    }
  }

  @Test
  void aSnapshotReplacesEverythingAndListenersSeeIt() throws IOException {
    Path files = Files.createDirectory(directory.resolve("files"));
    SnapshotMark mark = new SnapshotMark(30, 3, Configuration.of(Set.of(NODE), Set.of()));
    Catalog expected;
    try (Storage storage = storage("a")) {
      CatalogStateMachine machine = machine(storage);
      apply(machine, everything());
      expected = machine.catalog();
      try (SnapshotSource snapshot = machine.openSnapshot()) {
        apply(machine, List.of(new CatalogCommand.DropPartition("p", false)));
        snapshot.writeTo(files);
      }
    }
    try (Storage storage = storage("b")) {
      CatalogStateMachine machine = machine(storage);
      apply(
          machine,
          List.of(
              new CatalogCommand.FoundCluster("c"),
              new CatalogCommand.CreateIndex(
                  "stale", "other", List.of(IndexTerm.of("x")), List.of(), false)));
      List<Catalog> seen = new ArrayList<>();
      machine.addListener(seen::add);
      machine.install(files, mark);
      assertThat(machine.catalog()).isEqualTo(expected);
      assertThat(seen.getLast()).isEqualTo(expected);
      assertThat(machine.durableIndex()).isEqualTo(30);
    }
    try (Storage storage = storage("b")) {
      assertThat(machine(storage).catalog()).isEqualTo(expected);
      assertThat(machine(storage).mark()).isEqualTo(mark);
    }
  }
}
