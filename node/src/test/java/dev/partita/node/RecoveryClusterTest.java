package dev.partita.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.partita.node.admin.MemberView;
import dev.partita.node.admin.OperationSpec;
import dev.partita.node.admin.OperationView;
import dev.partita.node.catalog.RecoveryEntry;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.partition.Response;
import dev.partita.node.raft.NodeId;
import dev.partita.node.recovery.Recovery;
import dev.partita.node.recovery.RecoveryPlan;
import dev.partita.node.replication.ReplicationGroup;
import dev.partita.node.time.Timestamp;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A quorum is lost for good, and a person has the survivors go on.
class RecoveryClusterTest {
  private static final String ALL = "{\"range\":{}}";
  private static final int ROWS = 20;
  private static final List<String> LOST_NAMES = List.of("n-2", "n-3", "n-4");

  @TempDir Path directory;

  private static void write(TestCluster cluster, int through, long key) {
    assertThat(cluster.put(through, "things", key, "{\"n\":" + key + "}"))
        .isInstanceOf(Response.Writes.class);
  }

  private static void assertRows(TestCluster cluster, int through, int rows) {
    for (int key = 0; key < rows; key++) {
      assertThat(cluster.text(through, "things", key)).isEqualTo("{\"n\":" + key + "}");
    }
  }

  /// Waits until every node has all that the others have of every group, so that it is certain what
  /// survives.
  private static void awaitEqualLogs(TestCluster cluster) {
    await()
        .atMost(TestCluster.PATIENCE)
        .untilAsserted(() -> {
          for (var group : cluster.node(0).replicationHost().knownGroups()) {
            assertThat(
                    cluster.running().stream()
                        .map(node -> node.replicationHost().group(group))
                        .flatMap(Stream::ofNullable)
                        .map(ReplicationGroup::position)
                        .map(position -> position.join().lastIndex())
                        .distinct())
                .hasSize(1);
          }
        });
  }

  private static Recovery recovery(TestCluster cluster, int node) {
    return cluster.node(node).recovery();
  }

  /// Plans until nobody has heard of the lost nodes any more, and has that plan carried out.
  private static RecoveryPlan applied(TestCluster cluster, int node, Collection<String> lost) {
    RecoveryPlan plan =
        await()
            .atMost(TestCluster.PATIENCE)
            .until(
                () -> recovery(cluster, node).plan(lost, List.of()),
                made -> made.refusals().isEmpty());
    assertThat(
            recovery(cluster, node)
                .apply(plan.id(), lost, List.of(), cluster.deadline())
                .failures())
        .isEmpty();
    return plan;
  }

  private static void assertGivenUp(TestCluster cluster, int node) {
    await()
        .atMost(TestCluster.PATIENCE)
        .untilAsserted(() ->
            assertThat(cluster.node(node).failure()).get().asString().contains("given up as lost"));
    assertThat(cluster.node(node).ready()).isFalse();
    assertThat(cluster.node(node).replicas()).noneMatch(ReplicaFigures::leads);
  }

  @Test
  void theLastOfThreeNodesGoesOnAndTheOthersStayOut() {
    try (TestCluster cluster = TestCluster.founded(directory, 3)) {
      cluster.createPartition("low", "things", "{\"range\":{\"end\":10}}", 0, 1, 2);
      cluster.createPartition("high", "things", "{\"range\":{\"start\":10}}", 0, 1, 2);
      for (int key = 0; key < ROWS; key++) {
        write(cluster, key % 3, key);
      }
      awaitEqualLogs(cluster);
      List<String> lost = List.of("n-1", "n-2");
      assertThat(recovery(cluster, 0).plan(lost, List.of()).refusals())
          .anyMatch(refusal -> refusal.contains("n-1") && refusal.contains("answers"))
          .anyMatch(refusal -> refusal.contains("n-2") && refusal.contains("answers"));
      List<NodeId> ids = List.of(cluster.node(1).id(), cluster.node(2).id());
      Timestamp before =
          IntStream.range(0, 3)
              .mapToObj(node -> cluster.node(node).oracle().next(1).join().first())
              .reduce(Timestamp.MIN, Timestamp::later);

      cluster.kill(1);
      cluster.kill(2);

      assertThat(recovery(cluster, 0).plan(List.of("n-1"), List.of()).refusals())
          .anyMatch(refusal -> refusal.contains("n-2") && refusal.contains("not declared lost"));
      await()
          .atMost(TestCluster.PATIENCE)
          .untilAsserted(() ->
              assertThatThrownBy(
                      () -> recovery(cluster, 0).apply("0123", lost, List.of(), cluster.deadline()))
                  .isInstanceOf(DatabaseException.class)
                  .hasMessageContaining("make another"));
      assertThat(recovery(cluster, 0).excluded()).isEmpty();

      RecoveryPlan plan = applied(cluster, 0, lost);

      assertThat(plan.lost()).containsExactlyInAnyOrderElementsOf(ids);
      assertThat(plan.groups())
          .extracting(RecoveryPlan.GroupPlan::name)
          .containsExactly("system", "low", "high");
      assertThat(plan.groups())
          .allMatch(group -> group.kept().equals(cluster.node(0).id()))
          .allMatch(group -> group.loss().contains("1 of 3 voters survive"));
      assertRows(cluster, 0, ROWS);
      write(cluster, 0, ROWS);
      Timestamp after = cluster.node(0).oracle().next(1).join().first();
      assertThat(after).isGreaterThan(before);
      assertThat(after.millis() - before.millis()).isGreaterThan(10_000);
      assertThat(cluster.node(0).catalog().recoveries().values())
          .singleElement()
          .extracting(RecoveryEntry::id, RecoveryEntry::acknowledged)
          .containsExactly(plan.id(), false);
      recovery(cluster, 0).acknowledge(plan.id(), cluster.deadline());
      assertThat(cluster.node(0).catalog().recoveries().values())
          .singleElement()
          .extracting(RecoveryEntry::id, RecoveryEntry::acknowledged)
          .containsExactly(plan.id(), true);

      // Together they would be the majority of what every group was.
      cluster.start(1);
      cluster.start(2);
      assertGivenUp(cluster, 1);
      assertGivenUp(cluster, 2);
      cluster.stop(1);
      cluster.stop(2);
      // They know it without anybody to tell them.
      cluster.stop(0);
      cluster.start(1);
      cluster.start(2);
      assertGivenUp(cluster, 1);
      assertGivenUp(cluster, 2);
      cluster.stop(1);
      cluster.stop(2);

      cluster.start(0);
      cluster.wipe(1);
      cluster.wipe(2);
      cluster.start(1);
      cluster.start(2);
      cluster.awaitReady();
      assertThat(List.of(cluster.node(1).id(), cluster.node(2).id()))
          .doesNotContainAnyElementsOf(ids);
      for (String partition : List.of("low", "high")) {
        for (int node = 1; node < 3; node++) {
          assertThat(
                  cluster
                      .run(
                          "add-" + partition + node,
                          OperationSpec.moveReplica(partition, null, cluster.id(node)))
                      .state())
              .isEqualTo(OperationView.State.DONE);
        }
      }
      await()
          .atMost(TestCluster.PATIENCE)
          .untilAsserted(() ->
              assertThat(
                      cluster.state().nodes().stream()
                          .filter(node -> node.state() == MemberView.State.ACTIVE)
                          .map(MemberView::systemMember))
                  .containsOnly(MemberView.SystemRole.VOTER)
                  .hasSize(3));
      awaitEqualLogs(cluster);
      cluster.kill(0);
      assertRows(cluster, 1, ROWS + 1);
      write(cluster, 2, ROWS + 1);
    }
  }

  @Test
  void aPartitionAloneGoesOnFromItsLongestSurvivor() {
    try (TestCluster cluster = TestCluster.founded(directory, 5)) {
      cluster.createPartition("all", "things", ALL, 0, 1, 2);
      cluster.createPartition("gone", "others", ALL, 1, 2, 0);
      cluster.createPartition("whole", "more", ALL, 2, 3, 4);
      assertThat(cluster.run("lead", OperationSpec.transferLeader("all", cluster.id(1))).state())
          .isEqualTo(OperationView.State.DONE);
      for (int key = 0; key < ROWS; key++) {
        write(cluster, 3, key);
      }
      awaitEqualLogs(cluster);
      List<String> lost = List.of(cluster.id(1), cluster.id(2));
      assertThat(recovery(cluster, 3).plan(List.of(), List.of()).refusals())
          .anyMatch(refusal -> refusal.contains("no node is declared lost"));
      cluster.kill(2);
      await()
          .atMost(TestCluster.PATIENCE)
          .untilAsserted(() ->
              assertThat(recovery(cluster, 3).plan(List.of(lost.get(1)), List.of()).refusals())
                  .singleElement()
                  .asString()
                  .contains("nothing to recover"));
      cluster.kill(1);

      RecoveryPlan plan = applied(cluster, 3, lost);

      assertThat(plan.groups())
          .extracting(RecoveryPlan.GroupPlan::name)
          .containsExactly("all", "gone");
      assertThat(plan.whole()).isEqualTo(2);
      await()
          .atMost(TestCluster.PATIENCE)
          .untilAsserted(() ->
              assertThat(cluster.partition("all").replicas())
                  .extracting(replica -> replica.nodeId())
                  .containsExactly(cluster.id(0)));
      assertRows(cluster, 4, ROWS);
      write(cluster, 4, ROWS);
      cluster.start(1);
      assertGivenUp(cluster, 1);
      // A node that came later keeps it out as well.
      int newcomer = cluster.add();
      cluster
          .running()
          .forEach(
              node -> assertThat(node == cluster.node(1) || node.failure().isEmpty()).isTrue());
      await()
          .atMost(TestCluster.PATIENCE)
          .untilAsserted(() ->
              assertThat(recovery(cluster, newcomer).excluded())
                  .extracting(NodeId::toString)
                  .containsExactlyInAnyOrderElementsOf(lost));
      assertThat(recovery(cluster, 3).plan(lost, List.of()).refusals())
          .anyMatch(refusal -> refusal.contains("nothing to recover"));
    }
  }

  @Test
  void whatANodeThatDiesLeavesHalfDoneIsFinishedByAnother() {
    try (TestCluster cluster = TestCluster.founded(directory, 5)) {
      cluster.createPartition("low", "things", "{\"range\":{\"end\":10}}", 0, 2, 3);
      cluster.createPartition("high", "things", "{\"range\":{\"start\":10}}", 1, 2, 3);
      for (int key = 0; key < ROWS; key++) {
        write(cluster, key % 5, key);
      }
      awaitEqualLogs(cluster);
      List<NodeId> ids = IntStream.of(2, 3, 4).mapToObj(n -> cluster.node(n).id()).toList();
      IntStream.of(2, 3, 4).forEach(cluster::kill);

      // Nobody hears of the restoration that the first one asks for, and it dies.
      int kept = keeper(cluster, plan(cluster, 0));
      int first = 1 - kept;
      dieWaiting(
          cluster,
          first,
          () -> {
            for (int node = 0; node < 2; node++) {
              assertThat(recovery(cluster, node).excluded())
                  .containsExactlyInAnyOrderElementsOf(ids);
            }
          });
      assertThat(cluster.node(kept).catalog().recoveries()).isEmpty();

      // Of the next one everybody hears that the system partition goes on, but not of the rest.
      kept = keeper(cluster, plan(cluster, kept));
      int other = 1 - kept;
      dieWaiting(
          cluster, kept, () -> assertThat(cluster.node(other).catalog().recoveries()).hasSize(1));

      RecoveryPlan left = applied(cluster, other, LOST_NAMES);

      assertThat(left.groups())
          .extracting(RecoveryPlan.GroupPlan::name)
          .contains(other == 0 ? "low" : "high")
          .doesNotContain("system");
      assertThat(left.lost()).containsExactlyInAnyOrderElementsOf(ids);
      assertRows(cluster, kept, ROWS);
      write(cluster, other, 0);
      write(cluster, other, ROWS);
      assertThat(recovery(cluster, kept).plan(LOST_NAMES, List.of()).refusals())
          .singleElement()
          .asString()
          .contains("nothing to recover");
    }
  }

  private static RecoveryPlan plan(TestCluster cluster, int node) {
    return await()
        .atMost(TestCluster.PATIENCE)
        .until(
            () -> recovery(cluster, node).plan(LOST_NAMES, List.of()),
            plan -> plan.refusals().isEmpty());
  }

  /// The node that the system partition is to go on from.
  private static int keeper(TestCluster cluster, RecoveryPlan plan) {
    assertThat(plan.groups()).hasSize(3);
    return cluster.number(plan.groups().getFirst().kept().toString());
  }

  /// Has a node begin to apply a plan, of which the other one is not told to restore anything, and
  /// kills it as soon as a state is reached. It comes back.
  private static void dieWaiting(TestCluster cluster, int node, ThrowingRunnable reached) {
    RecoveryPlan plan = plan(cluster, node);
    Recovery recovery = recovery(cluster, node);
    cluster
        .network()
        .lose(cluster.node(node).id(), cluster.node(1 - node).id(), "recovery.restore");
    Thread.ofVirtual()
        .start(() -> {
          var _ = recovery.apply(plan.id(), LOST_NAMES, List.of(), cluster.deadline());
        });
    await().atMost(TestCluster.PATIENCE).untilAsserted(reached);
    cluster.kill(node);
    cluster.start(node);
  }
}
