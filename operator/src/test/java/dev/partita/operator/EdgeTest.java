package dev.partita.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.crd.Partition;
import dev.partita.crd.Site;
import dev.partita.operator.status.Conditions;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/// Copies of Partitions at edge Sites, on the local control plane.
@DisabledIfSystemProperty(named = ControlPlane.KUBECONFIG, matches = ".+")
class EdgeTest extends SharedControlPlane {

  private static final int FLAPS = 8;

  @BeforeEach
  void startOperator() {
    start(CrashPoint.never());
    apply(site(3));
    awaitReady(Site.class, "main");
    applyEdge(1);
    awaitReady(Site.class, "edge");
  }

  private void applyEdge(int nodes) {
    apply(site(nodes, "edge: true").replace("name: main", "name: edge"));
  }

  private List<String> moves() {
    return cluster.operationLog().stream().filter(each -> each.startsWith("MoveReplica")).toList();
  }

  private void awaitCopies(String partition, String... nodes) {
    awaitStill(
        "copies on " + List.of(nodes), () -> cluster.copies(partition).equals(List.of(nodes)));
  }

  @Test
  void aPartitionHasACopyWhereItsPlacementSaysAndNowhereElse() {
    apply(partition("p", "range: {start: 0, end: 10}, placement: [{site: edge}]"));
    apply(partition("q", "range: {start: 10, end: 20}"));

    awaitCopies("p", "edge-0");
    awaitCopies("q");

    assertThat(cluster.replicas("p")).containsExactly("edge-0", "main-0", "main-1", "main-2");
    awaitStatus(
        Partition.class,
        "p",
        status ->
            Objects.equals(status.edgeReplicas(), 1)
                && Objects.equals(status.replicas(), 3)
                && Objects.equals(status.readyReplicas(), 3));
    awaitStatus(Partition.class, "q", status -> status.edgeReplicas() == null);
    assertThat(operator().asked()).containsExactly("MoveReplica:Edge");

    apply(partition("p", "range: {start: 0, end: 10}"));

    awaitCopies("p");
    awaitStatus(Partition.class, "p", status -> status.edgeReplicas() == null);
    assertThat(cluster.replicas("p")).containsExactly("main-0", "main-1", "main-2");
  }

  @Test
  void votingReplicasAtAnEdgeSiteAreRefusedWithTheWayOut() {
    apply(partition("p", "range: {}, replicas: 1, placement: [{site: edge, replicas: 1}]"));

    awaitCondition(
        Partition.class, "p", "Stalled", "True", "leave its replicas out of spec.placement");
  }

  @Test
  void aSiteThatIsNoEdgeIsToldAndEverythingElseServes() {
    apply(partition("p", "range: {}, placement: [{site: main}]"));

    awaitCondition(Partition.class, "p", "EdgeCopyMissing", "True", "Site main is no edge Site");
    awaitReady(Partition.class, "p");
    apply(partition("p", "range: {}, placement: [{site: main, replicas: 3}]"));
    awaitStatus(
        Partition.class,
        "p",
        status -> Conditions.find(status.conditions(), "EdgeCopyMissing").isEmpty());
  }

  @Test
  void aCutLineConcernsNothingButTheSite() {
    apply(partition("p", "range: {}, placement: [{site: edge}]"));
    awaitCopies("p", "edge-0");
    int moves = moves().size();
    long epoch = cluster.epoch("p");

    cluster.cut("edge", true);

    awaitCondition(Site.class, "edge", "Ready", "False", "no node of this edge Site is heard from");
    assertThat(Objects.requireNonNull(get(Site.class, "edge").getStatus()).phase())
        .isEqualTo("Unreachable");
    assertThat(isReady(Partition.class, "p")).isTrue();
    assertThat(isReady(Site.class, "main")).isTrue();
    // What is new meanwhile is made all the same, but for its copy.
    apply(
        partition("q", "range: {}, placement: [{site: edge}]")
            .replace("collection: c", "collection: d"));
    awaitReady(Partition.class, "q");
    awaitCondition(Partition.class, "q", "EdgeCopyMissing", "True", "steadily heard from");
    assertThat(moves()).hasSize(moves);

    cluster.cut("edge", false);

    awaitReady(Site.class, "edge");
    awaitCopies("q", "edge-0");
    assertThat(cluster.copies("p")).containsExactly("edge-0");
    assertThat(cluster.epoch("p")).isEqualTo(epoch);
    awaitStatus(
        Partition.class,
        "q",
        status -> Conditions.find(status.conditions(), "EdgeCopyMissing").isEmpty());
  }

  @Test
  void aLineThatFlapsHasTheOperatorDoNothing() {
    apply(partition("p", "range: {}, placement: [{site: edge}]"));
    awaitCopies("p", "edge-0");
    awaitStill();
    int moves = moves().size();
    String before = get(Partition.class, "p").getMetadata().getResourceVersion();

    for (int flap = 0; flap < FLAPS; flap++) {
      cluster.cut("edge", true);
      awaitLooks(1);
      cluster.cut("edge", false);
      awaitLooks(1);
    }

    awaitStill();
    assertThat(moves()).hasSize(moves);
    assertThat(get(Partition.class, "p").getMetadata().getResourceVersion()).isEqualTo(before);
  }

  @Test
  void anEdgeNodeThatLeavesHandsItsCopiesOn() {
    applyEdge(2);
    awaitReady(Site.class, "edge");
    apply(partition("p", "range: {start: 0, end: 10}, placement: [{site: edge}]"));
    apply(partition("q", "range: {start: 10, end: 20}, placement: [{site: edge}]"));
    awaitStill(
        "a copy of each", () -> cluster.copies("p").size() + cluster.copies("q").size() == 2);

    applyEdge(1);

    awaitCopies("p", "edge-0");
    awaitCopies("q", "edge-0");
    await().atMost(PATIENCE).until(() -> !cluster.states().containsKey("edge-1"));
    assertThat(isReady(Partition.class, "p")).isTrue();
  }
}
