package dev.partita.node.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.node.index.IndexDefinition;
import dev.partita.node.index.IndexTerm;
import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.storage.Direction;
import dev.partita.node.time.Timestamp;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
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

  /// Whoever changes a column of an index that has others elsewhere has to say that he sees to its
  /// joint rows.
  @Test
  void columnsOfAJointIndexAreNotChangedBehindItsBack() {
    var index =
        new IndexDefinition(
            7, "both", "people", List.of(IndexTerm.of("a"), IndexTerm.of("c")), List.of(), false);
    node.addIndex(index);
    node.awaitReady(index);
    assertThat(result(ONE, "{\"id\":1,\"a\":2}", Set.of()))
        .isEqualTo(new MutationResult.Unclaimed(7));
    assertThat(result(ONE, null, Set.of())).isEqualTo(new MutationResult.Unclaimed(7));
    assertThat(result(ONE, "{\"id\":1,\"a\":2}", Set.of(8L)))
        .isEqualTo(new MutationResult.Unclaimed(7));
    assertThat(rows(ONE)).allMatch(row -> row.contains("\"a\":1"));
    assertThat(result(ONE, "{\"id\":1,\"a\":1,\"b\":9}", Set.of())).isNull();
    assertThat(result(ONE, "{\"id\":1,\"a\":2}", Set.of(7L))).isNull();
    assertThat(rows(ONE)).contains("{\"id\":1,\"a\":2}");
    node.dropIndex(index);
    await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> result(ONE, "{\"id\":1,\"a\":3}", Set.of()) == null);
  }

  /// What a transaction is told of its write of a row, null if it is written.
  private @Nullable MutationResult result(
      PartitionDescriptor group, @Nullable String row, Set<Long> claims) {
    PrimaryKey key = PrimaryKey.of(1L);
    Timestamp now = node.oracle.next(1).join().first();
    var prepare =
        new Request.Prepare(
            group.id(),
            group.epoch(),
            new Transaction(
                TransactionId.random(),
                now,
                now,
                List.of(group.id()),
                CommitProtocolKind.TWO_PHASE),
            ReadSet.nothing(now),
            List.of(row == null ? Mutation.delete(key) : Mutation.put(key, JsonBytes.of(row))),
            claims,
            List.of());
    return node.call(prepare) instanceof Response.NotPrepared(var _, var results)
        ? results.getFirst()
        : null;
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
