package dev.partita.node.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.key.Datum;
import dev.partita.node.key.Key;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.NodeId;
import dev.partita.node.storage.Batch;
import dev.partita.node.storage.rocksdb.RocksDbStorage;
import dev.partita.node.time.Timestamp;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OldVersionsTest {
  private static final Duration RETENTION = Duration.ofMinutes(1);
  private static final PartitionDescriptor WHOLE = descriptor(5, 0, 100);
  private static final Key ROW = new PartitionKeys(WHOLE).row(PrimaryKey.of(7));

  @TempDir Path directory;
  private RocksDbStorage storage;
  private OldVersions oldVersions;

  private static PartitionDescriptor descriptor(long id, long start, long end) {
    return new PartitionDescriptor(
        new PartitionId(id),
        "p" + id,
        1,
        "c",
        new Bounds.Range(Datum.of(start), Datum.of(end)),
        Epoch.FIRST,
        Configuration.of(Set.of(new NodeId(1)), Set.of()));
  }

  @BeforeEach
  void open() {
    storage = TestNode.storage(directory);
    oldVersions = new OldVersions(storage, RETENTION);
    for (int minute = 1; minute <= 2; minute++) {
      try (Batch batch = storage.newBatch()) {
        batch.put(ROW, minutes(minute), ("" + minute).getBytes(StandardCharsets.UTF_8));
        batch.commit();
      }
    }
  }

  @AfterEach
  void close() {
    storage.close();
  }

  private static Timestamp minutes(int count) {
    return Timestamp.ofMillis(Duration.ofMinutes(count).toMillis());
  }

  private static PartitionState state() {
    return PartitionState.EMPTY.withDescriptor(WHOLE).withSafePoint(minutes(3));
  }

  @Test
  void whatNobodyCanReadAnyMoreIsDropped() {
    oldVersions.drop(state());

    assertThat(storage.get(ROW, minutes(1))).isNull();
    assertThat(storage.get(ROW, minutes(3))).isNotNull();
  }

  @Test
  void whatWasSplitHasNothingToDrop() {
    var children = List.of(descriptor(6, 0, 50), descriptor(7, 50, 100));

    oldVersions.drop(state().split(WHOLE, new SplitState(9, children)));

    assertThat(storage.get(ROW, minutes(1))).isNotNull();
  }
}
