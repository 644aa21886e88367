package dev.partita.node.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.index.JsonBytes;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Response.NotPrepared;
import dev.partita.node.time.Timestamp;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a leader does with a transaction that has looked through a range in which other Partitions
/// come to be.
class ExtentReplicaTest {
  private static final PrimaryKey KEY = PrimaryKey.of(1);
  private static final PartitionDescriptor THINGS =
      TestNode.descriptor(1, TestDocument.COLLECTION, Bounds.Range.ALL);
  private static final Extent EXTENT =
      new Extent(TestDocument.COLLECTION, null, KEY, Set.of(THINGS.id()));

  @TempDir private Path directory;
  private TestNode node;

  @BeforeEach
  void open() {
    node = new TestNode(directory);
    node.open(THINGS);
  }

  @AfterEach
  void close() {
    node.close();
  }

  private Request.Prepare prepare(PartitionId... participants) {
    Timestamp now = node.oracle.take();
    return new Request.Prepare(
        THINGS.id(),
        Epoch.FIRST,
        new Transaction(TransactionId.random(), now, now, List.of(participants)),
        ReadSet.nothing(now),
        List.of(Mutation.put(KEY, JsonBytes.of("{}"))),
        Set.of(),
        List.of(EXTENT));
  }

  private NotPrepared.Reason refused(Request request) {
    Response response = node.call(request);
    assertThat(response).isInstanceOf(NotPrepared.class);
    return ((NotPrepared) response).reason();
  }

  /// What is declared after the look but before the timestamp may have been written to below it.
  @Test
  void whatHasComeByTheTimestampIsFound() {
    Request.Prepare prepare = prepare(THINGS.id());
    Timestamp before = node.oracle.take();
    node.watch(extent -> {
      assertThat(extent).isEqualTo(EXTENT);
      return node.oracle.take().isAfter(before.next());
    });

    assertThat(refused(prepare)).isEqualTo(NotPrepared.Reason.CHANGED_PARTITION);

    var read = new Request.Read(THINGS.id(), Epoch.FIRST, KEY, null);
    assertThat(node.call(read))
        .isInstanceOfSatisfying(Response.Row.class, row -> assertThat(row.document()).isNull());
  }

  @Test
  void whatWasRefusedOnceIsNeverPrepared() {
    Request.Prepare prepare = prepare(THINGS.id(), new PartitionId(2));
    node.watch(_ -> true);
    assertThat(refused(prepare)).isEqualTo(NotPrepared.Reason.CHANGED_PARTITION);

    node.watch(_ -> false);

    assertThat(refused(prepare)).isEqualTo(NotPrepared.Reason.ENDED);
  }

  @Test
  void nothingIsRefusedWhereNothingHasCome() {
    node.watch(_ -> false);

    assertThat(node.call(prepare(THINGS.id()))).isInstanceOf(Response.Finished.class);
    assertThat(node.call(prepare(THINGS.id(), new PartitionId(2))))
        .isInstanceOf(Response.Prepared.class);
  }
}
