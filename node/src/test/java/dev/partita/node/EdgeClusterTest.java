package dev.partita.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.partita.node.admin.MemberView;
import dev.partita.node.admin.OperationSpec;
import dev.partita.node.admin.OperationView;
import dev.partita.node.admin.PartitionView;
import dev.partita.node.admin.PartitionWish;
import dev.partita.node.admin.RequestAnswer;
import dev.partita.node.admin.RequestView;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Response;
import dev.partita.node.query.Document;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.Timestamp;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// A node at an edge Site: it has a copy that does not vote, answers reads of the past from it with
/// its link cut, and catches up.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class EdgeClusterTest {
  private static final int EDGE = 3;
  private static final int FLAPS = 5;

  @TempDir static Path directory = Path.of("");

  private @Nullable TestCluster founded;

  private TestCluster cluster() {
    return Objects.requireNonNull(founded);
  }

  @BeforeAll
  void found() {
    TestCluster cluster = TestCluster.founded(directory, 3);
    founded = cluster;
    assertThat(cluster.addAtTheEdge()).isEqualTo(EDGE);
    cluster.awaitReady();
    cluster.createPartition("all", "things", "{\"range\":{}}", 0, 1, 2);
    OperationView added =
        cluster.run("edge", OperationSpec.moveReplica("all", null, cluster.id(EDGE)));
    assertThat(added.state()).isEqualTo(OperationView.State.DONE);
  }

  @AfterEach
  void heal() {
    cluster().network().heal();
  }

  @AfterAll
  void close() {
    cluster().close();
  }

  private void write(int through, long key, int value) {
    assertThat(cluster().put(through, "things", key, "{\"n\":%d}".formatted(value)))
        .isInstanceOf(Response.Writes.class);
  }

  private @Nullable Timestamp readable(String collection) {
    Node edge = cluster().node(EDGE);
    return edge.router().readableUpTo(collection);
  }

  private Timestamp awaitReadable() {
    return awaitReadable("things");
  }

  /// Waits until the copy can be read at a moment that comes after everything written so far.
  private Timestamp awaitReadable(String collection) {
    Timestamp now = cluster().node(0).oracle().next(1).join().first();
    return Objects.requireNonNull(
        await()
            .atMost(TestCluster.PATIENCE)
            .until(
                () -> readable(collection),
                readable -> readable != null && !readable.isBefore(now)));
  }

  private @Nullable Document read(long key, @Nullable Timestamp at, Deadline deadline) {
    return TestCluster.documents(cluster().node(EDGE))
        .get("things", PrimaryKey.of(key), at, deadline);
  }

  private String text(long key, Timestamp at) {
    return Objects.requireNonNull(read(key, at, cluster().deadline())).json().toString();
  }

  private List<PartitionView.ReplicaView> learners() {
    return cluster().partition("all").replicas().stream()
        .filter(replica -> replica.role() == PartitionView.Role.LEARNER)
        .toList();
  }

  @Test
  void theCopyDoesNotVoteAndItsNodeSaysThatItIsAtTheEdge() {
    assertThat(learners())
        .extracting(PartitionView.ReplicaView::nodeId)
        .containsExactly(cluster().id(EDGE));
    assertThat(cluster().state().nodes())
        .filteredOn(MemberView::edge)
        .extracting(MemberView::nodeId)
        .containsExactly(cluster().id(EDGE));
  }

  @Test
  void withItsLinkCutTheEdgeReadsThePastAndCatchesUpLater() {
    // A write through the edge is forwarded.
    write(EDGE, 1, 1);
    Timestamp before = awaitReadable();

    cluster().network().isolate(cluster().node(EDGE).id());
    write(0, 1, 2);
    write(1, 2, 2);

    assertThat(text(1, before)).isEqualTo("{\"n\":1}");
    Deadline soon = cluster().deadline(Duration.ofSeconds(2));
    assertThatExceptionOfType(DatabaseException.class)
        .isThrownBy(() -> read(1, null, soon))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAVAILABLE));

    cluster().network().heal();
    Timestamp after = awaitReadable();
    assertThat(text(1, after)).isEqualTo("{\"n\":2}");
    assertThat(text(2, after)).isEqualTo("{\"n\":2}");
    assertThat(text(1, before)).isEqualTo("{\"n\":1}");
  }

  @Test
  void aLinkThatFlapsChangesNothingAtTheCore() {
    write(0, 11, 0);
    awaitReadable();
    PartitionView before = cluster().partition("all");

    for (int flap = 1; flap <= FLAPS; flap++) {
      cluster().network().isolate(cluster().node(EDGE).id());
      write(flap % 3, 11, flap);
      cluster().network().heal();
      write(flap % 3, 12, flap);
    }

    Timestamp after = awaitReadable();
    assertThat(text(11, after)).isEqualTo("{\"n\":%d}".formatted(FLAPS));
    assertThat(text(12, after)).isEqualTo("{\"n\":%d}".formatted(FLAPS));
    PartitionView now = cluster().partition("all");
    assertThat(now.epoch()).isEqualTo(before.epoch());
    assertThat(now.replicas())
        .extracting(PartitionView.ReplicaView::nodeId)
        .containsExactlyInAnyOrderElementsOf(
            before.replicas().stream().map(PartitionView.ReplicaView::nodeId).toList());
  }

  /// As the operator does it: copies that cannot be frozen go before, and come back afterwards.
  @Test
  void partsAreMergedWithoutACopyWhoseLineIsCut() {
    cluster().createPartition("m", "merged", "{\"range\":{}}", 0, 1, 2);
    run("copy", OperationSpec.moveReplica("m", null, cluster().id(EDGE)));
    writeMerged(1);
    run("split", OperationSpec.splitPartition("m", TestCluster.json("5")));
    List<String> parts = cluster().partition("m").children();
    Timestamp before = awaitReadable("merged");

    cluster().network().isolate(cluster().node(EDGE).id());
    parts.forEach(
        part -> run("go-" + part, OperationSpec.moveReplica(part, cluster().id(EDGE), null)));
    run("merge", OperationSpec.mergePartitions("m"));
    writeMerged(2);
    assertThat(textOfMerged(7, before)).as("what it has").isEqualTo("{\"n\":1}");

    cluster().network().heal();
    await()
        .atMost(TestCluster.PATIENCE)
        .until(() -> cluster().state().nodes().stream().allMatch(MemberView::alive));
    run("again", OperationSpec.moveReplica("m", null, cluster().id(EDGE)));
    Timestamp after = awaitReadable("merged");
    for (long key = 0; key < 10; key++) {
      assertThat(textOfMerged(key, after)).isEqualTo("{\"n\":2}");
    }
    await()
        .atMost(TestCluster.PATIENCE)
        .untilAsserted(() ->
            assertThat(cluster().node(EDGE).replicas())
                .extracting(ReplicaFigures::partition)
                .containsExactlyInAnyOrder("all", "m"));
  }

  /// The record of a split ends, and its parts merge again, whatever is behind a cut line.
  @Test
  void aSplitEndsWithoutACopyWhoseLineIsCut() {
    cluster().createPartition("s", "apart", "{\"range\":{}}", 0, 1, 2);
    run("s-copy", OperationSpec.moveReplica("s", null, cluster().id(EDGE)));
    awaitReadable("apart");

    cluster().network().isolate(cluster().node(EDGE).id());
    run("s-split", OperationSpec.splitPartition("s", TestCluster.json("5")));
    List<String> parts = cluster().partition("s").children();
    assertThat(cluster().put(0, "apart", 7, "{\"n\":1}")).isInstanceOf(Response.Writes.class);

    cluster().network().heal();
    awaitReadable("apart");
    await()
        .atMost(TestCluster.PATIENCE)
        .untilAsserted(() ->
            assertThat(cluster().node(EDGE).replicas())
                .extracting(ReplicaFigures::partition)
                .contains(parts.getFirst(), parts.getLast())
                .doesNotContain("s"));

    // And once more, where the copies go instead.
    String part = parts.getLast();
    cluster().network().isolate(cluster().node(EDGE).id());
    run("s-again", OperationSpec.splitPartition(part, TestCluster.json("9")));
    cluster()
        .partition(part)
        .children()
        .forEach(
            each -> run("go-" + each, OperationSpec.moveReplica(each, cluster().id(EDGE), null)));
    await()
        .atMost(TestCluster.PATIENCE)
        .untilAsserted(() -> assertThat(cluster().partition(part).replicas()).isEmpty());
    run("s-merge", OperationSpec.mergePartitions(part));

    cluster().network().heal();
    await()
        .atMost(TestCluster.PATIENCE)
        .untilAsserted(() ->
            assertThat(cluster().node(EDGE).replicas())
                .extracting(ReplicaFigures::partition)
                .contains(parts.getFirst())
                .doesNotContain("s", part));
  }

  private void run(String id, OperationSpec operation) {
    OperationView done = cluster().run(id, operation);
    assertThat(done.state()).as(done.message()).isEqualTo(OperationView.State.DONE);
  }

  private void writeMerged(int value) {
    for (long key = 0; key < 10; key++) {
      assertThat(cluster().put(0, "merged", key, "{\"n\":%d}".formatted(value)))
          .isInstanceOf(Response.Writes.class);
    }
  }

  private String textOfMerged(long key, Timestamp at) {
    return Objects.requireNonNull(
            TestCluster.documents(cluster().node(EDGE))
                .get("merged", PrimaryKey.of(key), at, cluster().deadline()))
        .json()
        .toString();
  }

  @Test
  void aWishForACopyNamesAnEdgeSite() {
    PartitionWish unknown = wish(new PartitionWish.SiteShare("site", null));
    assertThatExceptionOfType(DatabaseException.class)
        .isThrownBy(() -> cluster().admin().requestPartition("more", unknown, cluster().deadline()))
        .satisfies(e -> assertThat(e.context()).containsEntry("member", "placement[0].replicas"));
    PartitionWish voting = wish(new PartitionWish.SiteShare("edge", 3));
    assertThatExceptionOfType(DatabaseException.class)
        .isThrownBy(() -> cluster().admin().requestPartition("more", voting, cluster().deadline()))
        .satisfies(e -> assertThat(e.context()).containsEntry("given", "edge"));
    PartitionWish wish = wish(new PartitionWish.SiteShare("edge", null));
    CompletableFuture<?> asked =
        CompletableFuture.runAsync(
            () -> cluster().admin().requestPartition("more", wish, cluster().deadline()));
    await().atMost(TestCluster.PATIENCE).until(() -> !cluster().state().requests().isEmpty());
    RequestView request = cluster().state().requests().getFirst();
    assertThat(request.spec().get("placement"))
        .isEqualTo(TestCluster.json("[{\"site\":\"edge\"}]"));
    cluster()
        .admin()
        .answerRequest(
            request.id(),
            new RequestAnswer(RequestAnswer.State.REFUSED, "not here"),
            cluster().deadline());
    assertThatThrownBy(asked::join).hasMessageContaining("not here");
  }

  private static PartitionWish wish(PartitionWish.SiteShare share) {
    return new PartitionWish("others", TestCluster.json("{\"range\":{}}"), 3, List.of(share));
  }
}
