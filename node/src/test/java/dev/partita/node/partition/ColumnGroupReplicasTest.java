package dev.partita.node.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.storage.Direction;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Column groups of one collection whose replicas lie on one node.
final class ColumnGroupReplicasTest {
  private static final PartitionDescriptor ONE = group(1, "a", "b");
  private static final PartitionDescriptor TWO = group(2, "c");

  @TempDir private Path directory;
  private TestNode node;

  private static PartitionDescriptor group(int number, String... columns) {
    return TestNode.descriptor(number, "people", new Bounds.Columns(List.of(columns)));
  }

  @BeforeEach
  void open() {
    node = new TestNode(directory);
    node.open(ONE);
    node.open(TWO);
    for (long key = 0; key < 5; key++) {
      write(ONE, key, "{\"id\":%d,\"a\":1}".formatted(key));
      write(TWO, key, "{\"id\":%d,\"c\":2}".formatted(key));
    }
  }

  @AfterEach
  void close() {
    node.close();
  }

  private void write(PartitionDescriptor group, long key, String row) {
    Mutation mutation = Mutation.put(PrimaryKey.of(key), JsonBytes.of(row));
    assertThat(node.call(new Request.Write(group.id(), group.epoch(), List.of(mutation), true)))
        .isInstanceOf(Response.Writes.class);
  }

  private List<String> rows(PartitionDescriptor group) {
    Response response =
        node.call(
            new Request.Scan(
                group.id(), group.epoch(), null, null, Direction.FORWARD, null, 100, null));
    return ((Response.Rows) response)
        .rows().stream().map(row -> row.document().toString()).toList();
  }

  @Test
  void eachHasRowsOfItsOwn() {
    assertThat(rows(ONE)).hasSize(5).allMatch(row -> row.contains("\"a\":1"));
    assertThat(rows(TWO)).hasSize(5).allMatch(row -> row.contains("\"c\":2"));
    assertThat(
            new PartitionKeys(ONE)
                .rowSpan()
                .range()
                .contains(new PartitionKeys(TWO).row(PrimaryKey.of(1))))
        .isFalse();
  }

  @Test
  void whatIsDroppedTakesOnlyItsOwnRowsAlong() {
    node.partitions.remove(ONE.id()).join();
    assertThat(rows(TWO)).hasSize(5);
    PartitionDescriptor again = group(1, "a", "b");
    node.open(again);
    assertThat(rows(again)).isEmpty();
    assertThat(rows(TWO)).hasSize(5);
  }

  @Test
  void theNumberIsStoredWithTheDescriptor() {
    PartitionDescriptor read = PartitionCodec.decodeDescriptor(PartitionCodec.encode(TWO));
    assertThat(read).isEqualTo(TWO);
    assertThat(read.columnGroup()).isEqualTo(2);
  }
}
