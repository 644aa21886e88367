package dev.partita.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.partita.node.admin.BootstrapRequest;
import dev.partita.node.admin.IndexSpec;
import dev.partita.node.admin.IndexView;
import dev.partita.node.admin.MemberView;
import dev.partita.node.admin.OperationSpec;
import dev.partita.node.admin.OperationView;
import dev.partita.node.admin.PartitionSpec;
import dev.partita.node.admin.PartitionView;
import dev.partita.node.admin.PartitionWish;
import dev.partita.node.admin.RequestAnswer;
import dev.partita.node.admin.RowsPolicy;
import dev.partita.node.catalog.ResourceName;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.partition.Response;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterTest {
  private static final String ALL = "{\"range\":{}}";
  private static final String LOW = "{\"range\":{\"end\":100}}";
  private static final String HIGH = "{\"range\":{\"start\":100}}";

  @TempDir Path directory;

  @Test
  void writesAreReadThroughAnyNode() {
    try (TestCluster cluster = TestCluster.founded(directory, 3)) {
      cluster.createPartition("low", "things", LOW, 0, 1, 2);
      cluster.createPartition("high", "things", HIGH, 2);
      for (int through = 0; through < 3; through++) {
        write(cluster, through, through);
        write(cluster, through, 100 + through);
      }
      for (int through = 0; through < 3; through++) {
        for (int key = 0; key < 3; key++) {
          assertThat(cluster.text(through, "things", key)).isEqualTo("{\"n\":" + key + "}");
          assertThat(cluster.text(through, "things", 100 + key))
              .isEqualTo("{\"n\":" + (100 + key) + "}");
        }
      }
      await()
          .atMost(TestCluster.PATIENCE)
          .untilAsserted(() -> assertThat(cluster.partition("low").rows()).isEqualTo(3));
    }
  }

  private static void write(TestCluster cluster, int through, long key) {
    assertThat(cluster.put(through, "things", key, "{\"n\":" + key + "}"))
        .isInstanceOf(Response.Writes.class);
  }

  @Test
  void aKeyThatNoPartitionCoversIsRefusedByName() {
    try (TestCluster cluster = TestCluster.founded(directory, 1)) {
      cluster.createPartition("low", "things", LOW, 0);
      assertThatThrownBy(() -> cluster.put(0, "things", 100, "{}"))
          .isInstanceOfSatisfying(
              DatabaseException.class,
              e -> {
                assertThat(e.code()).isEqualTo(ErrorCode.NO_PARTITION);
                assertThat(e.code().sqlState()).isEqualTo("23514");
                assertThat(e.getMessage()).contains("things").contains("100");
              });
    }
  }

  @Test
  void bootstrapIsRepeatableAndOtherClustersAreRefused() {
    try (TestCluster cluster = new TestCluster(directory)) {
      cluster.add();
      cluster.add();
      cluster.add();
      // The operator dies after each member, and begins again.
      BootstrapRequest request = cluster.bootstrapRequest(3);
      cluster.node(0).admin().bootstrap(request);
      cluster.stop(0);
      cluster.start(0);
      cluster.node(0).admin().bootstrap(request);
      cluster.node(1).admin().bootstrap(request);
      cluster.bootstrap(3);
      cluster.bootstrap(3);
      cluster.awaitReady();
      assertThat(cluster.node(0).admin().node().clusterId()).isEqualTo("cluster-1");
      assertThatThrownBy(() ->
              cluster.node(0).admin().bootstrap(new BootstrapRequest("another", request.members())))
          .isInstanceOfSatisfying(
              DatabaseException.class, e -> assertThat(e.code().httpStatus()).isEqualTo(409));
      assertThatThrownBy(() ->
              cluster
                  .node(0)
                  .admin()
                  .bootstrap(new BootstrapRequest("cluster-1", request.members().subList(0, 2))))
          .hasMessageContaining("other members");
      assertThat(cluster.state().nodes()).hasSize(3);
    }
  }

  @Test
  void newcomersLearnAndThenVoteInOddNumbers() {
    try (TestCluster cluster = TestCluster.founded(directory, 1)) {
      cluster.add();
      cluster.awaitReady();
      assertThat(voters(cluster)).isEqualTo(1);
      cluster.add();
      cluster.awaitReady();
      awaitVoters(cluster, 3);
      cluster.add();
      cluster.awaitReady();
      cluster.add();
      cluster.awaitReady();
      awaitVoters(cluster, 5);
      assertThat(cluster.state().nodes())
          .allSatisfy(node -> assertThat(node.peerAddress()).startsWith("127.0.0.1:"));
    }
  }

  private static long voters(TestCluster cluster) {
    return cluster.state().nodes().stream()
        .filter(node -> node.systemMember() == MemberView.SystemRole.VOTER)
        .count();
  }

  private static void awaitVoters(TestCluster cluster, long count) {
    await()
        .atMost(TestCluster.PATIENCE)
        .untilAsserted(() -> assertThat(voters(cluster)).isEqualTo(count));
  }

  @Test
  void overlapsAreRefusedAndDroppedRowsAreRetainedOrDeleted() {
    try (TestCluster cluster = TestCluster.founded(directory, 1)) {
      cluster.createPartition("low", "things", LOW, 0);
      write(cluster, 0, 7);
      assertOverlap(cluster, "all", ALL, "low");

      cluster.admin().deletePartition("low", RowsPolicy.RETAIN, cluster.deadline());
      cluster.admin().deletePartition("low", RowsPolicy.RETAIN, cluster.deadline());
      assertThat(cluster.state().partitions()).isEmpty();
      String retained = "low~" + 2;
      assertOverlap(cluster, "all", ALL, retained);
      cluster.createPartition("again", "things", LOW, 0);
      assertThat(cluster.text(0, "things", 7)).isEqualTo("{\"n\":7}");

      cluster.admin().deletePartition("again", RowsPolicy.DELETE, cluster.deadline());
      cluster.createPartition("all", "things", ALL, 0);
      assertThat(cluster.text(0, "things", 7)).isNull();
    }
  }

  private static void assertOverlap(TestCluster cluster, String name, String bounds, String other) {
    PartitionSpec spec =
        new PartitionSpec("things", TestCluster.json(bounds), List.of(cluster.id(0)));
    assertThatThrownBy(() -> cluster.admin().putPartition(name, spec, cluster.deadline()))
        .isInstanceOfSatisfying(
            DatabaseException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.OVERLAP);
              assertThat(e.context()).containsEntry("with", other);
            });
  }

  @Test
  void anIndexIsReadyOnceAllPartitionsHaveIt() {
    try (TestCluster cluster = TestCluster.founded(directory, 3)) {
      cluster.createPartition("low", "things", LOW, 0, 1, 2);
      cluster.createPartition("high", "things", HIGH, 1, 2, 0);
      write(cluster, 0, 1);
      write(cluster, 0, 101);
      IndexSpec spec = new IndexSpec("things", List.of(new IndexSpec.Term("n")), List.of(), false);
      cluster.admin().putIndex("by-n", spec, cluster.deadline());
      await()
          .atMost(TestCluster.PATIENCE)
          .untilAsserted(() ->
              assertThat(cluster.state().indexes())
                  .singleElement()
                  .satisfies(index -> {
                    assertThat(index.state()).isEqualTo(IndexView.State.READY);
                    assertThat(index.entries()).isEqualTo(2);
                  }));
      cluster.admin().deleteIndex("by-n", cluster.deadline());
      assertThat(cluster.state().indexes()).isEmpty();
    }
  }

  @Test
  void aRequestWaitsForTheOperatorAndItsRefusalIsToldToTheClient() throws Exception {
    try (TestCluster cluster = TestCluster.founded(directory, 3);
        var clients = Executors.newVirtualThreadPerTaskExecutor()) {
      PartitionWish low =
          new PartitionWish(
              "things", TestCluster.json(LOW), 3, List.of(new PartitionWish.SiteShare("site", 3)));
      CompletableFuture<Optional<PartitionView>> wish =
          CompletableFuture.supplyAsync(
              () -> cluster.node(1).admin().requestPartition("my_low", low, cluster.deadline()),
              clients);
      String id = awaitRequest(cluster);
      assertThat(cluster.state().requests().getFirst().spec())
          .isEqualTo(
              TestCluster.json(
                  "{\"collection\":\"things\","
                      + LOW.substring(1, LOW.length() - 1)
                      + ",\"replicas\":3,\"placement\":[{\"site\":\"site\",\"replicas\":3}]}"));
      cluster
          .node(2)
          .admin()
          .putPartition(
              ResourceName.of("my_low").value(),
              new PartitionSpec("things", TestCluster.json(LOW), List.of(cluster.id(0))),
              cluster.deadline());
      cluster
          .node(2)
          .admin()
          .answerRequest(
              id, new RequestAnswer(RequestAnswer.State.ACCEPTED, null), cluster.deadline());
      assertThat(wish.get().orElseThrow().state()).isEqualTo(PartitionView.State.ACTIVE);

      CompletableFuture<Optional<PartitionView>> refused =
          CompletableFuture.supplyAsync(
              () ->
                  cluster
                      .node(0)
                      .admin()
                      .requestPartition(
                          "more",
                          new PartitionWish("things", TestCluster.json(HIGH), 1, List.of()),
                          cluster.deadline()),
              clients);
      cluster
          .admin()
          .answerRequest(
              awaitRequest(cluster),
              new RequestAnswer(RequestAnswer.State.REFUSED, "no room"),
              cluster.deadline());
      assertThat(refused)
          .failsWithin(TestCluster.PATIENCE)
          .withThrowableThat()
          .withMessageContaining("no room");
      await()
          .atMost(TestCluster.PATIENCE)
          .untilAsserted(() -> assertThat(cluster.node(0).catalog().requests()).isEmpty());
    }
  }

  private static String awaitRequest(TestCluster cluster) {
    return await()
        .atMost(TestCluster.PATIENCE)
        .until(() -> cluster.state().requests(), requests -> requests.size() == 1)
        .getFirst()
        .id();
  }

  @Test
  void aReplicaMovesAndLeadershipIsHandedOver() {
    try (TestCluster cluster = TestCluster.founded(directory, 4)) {
      cluster.createPartition("all", "things", ALL, 0, 1, 2);
      for (int key = 0; key < 50; key++) {
        write(cluster, 0, key);
      }
      int leader = cluster.leader("all");
      OperationView moved =
          cluster.run(
              "move-1", OperationSpec.moveReplica("all", cluster.id(leader), cluster.id(3)));
      assertThat(moved.state()).isEqualTo(OperationView.State.DONE);
      assertThat(cluster.partition("all").replicas())
          .extracting(PartitionView.ReplicaView::nodeId)
          .hasSize(3)
          .contains(cluster.id(3))
          .doesNotContain(cluster.id(leader));
      await()
          .atMost(TestCluster.PATIENCE)
          .untilAsserted(() -> assertThat(cluster.node(leader).replicas()).isEmpty());

      OperationView transferred =
          cluster.run("lead-1", OperationSpec.transferLeader("all", cluster.id(3)));
      assertThat(transferred.state()).isEqualTo(OperationView.State.DONE);
      await()
          .atMost(TestCluster.PATIENCE)
          .untilAsserted(() -> assertThat(cluster.leader("all")).isEqualTo(3));
      for (int key = 0; key < 50; key++) {
        assertThat(cluster.text(leader, "things", key)).isEqualTo("{\"n\":" + key + "}");
      }
      cluster.admin().deleteOperation("move-1", cluster.deadline());
      assertThat(cluster.state().operations())
          .extracting(OperationView::id)
          .containsExactly("lead-1");
    }
  }

  @Test
  void aNodeIsDrainedCancelledAndRemoved() {
    try (TestCluster cluster = TestCluster.founded(directory, 4)) {
      cluster.createPartition("all", "things", ALL, 3, 0, 1);
      write(cluster, 0, 1);
      String id = cluster.id(3);
      var drain = OperationSpec.ofNode(OperationSpec.Kind.DRAIN_NODE, id);
      assertThat(cluster.run("drain", drain).state()).isEqualTo(OperationView.State.DONE);
      assertThat(cluster.leader("all")).isNotEqualTo(3);

      var cancel = OperationSpec.ofNode(OperationSpec.Kind.CANCEL_DRAIN, id);
      assertThat(cluster.run("cancel", cancel).state()).isEqualTo(OperationView.State.DONE);
      assertThat(cluster.run("drain-2", drain).state()).isEqualTo(OperationView.State.DONE);

      var remove = OperationSpec.ofNode(OperationSpec.Kind.REMOVE_NODE, id);
      cluster.admin().putOperation("remove", remove, cluster.deadline());
      cluster.run("move", OperationSpec.moveReplica("all", id, cluster.id(2)));
      assertThat(cluster.awaitOperation("remove").state()).isEqualTo(OperationView.State.DONE);
      await()
          .atMost(TestCluster.PATIENCE)
          .untilAsserted(() -> assertThat(cluster.node(3).failure()).isPresent());
      cluster.stop(3);
      assertThat(cluster.text(2, "things", 1)).isEqualTo("{\"n\":1}");
      assertThat(
              cluster.state().nodes().stream()
                  .filter(node -> node.nodeId().equals(id))
                  .map(MemberView::state))
          .containsExactly(MemberView.State.GONE);
    }
  }
}
