package dev.partita.operator.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.crd.Site;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.nodeclient.OperationSpec;
import dev.partita.operator.nodeclient.OperationView;
import dev.partita.operator.nodeclient.PartitionView;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.search.Search;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ClusterMetersTest {
  private Instant now = Instant.EPOCH;
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final ReconcileMeters declared = new ReconcileMeters(registry);
  private final ClusterMeters meters = new ClusterMeters(registry, declared, () -> now);

  @Test
  void whatIsObservedIsTold() {
    declared.reconciliationStarted(site(), Map.of());
    observe(view(List.of(operation("MoveReplica-1", OperationView.State.RUNNING)), "n0"));
    now = now.plusSeconds(90);
    observe(view(List.of(operation("MoveReplica-1", OperationView.State.RUNNING)), "n0"));

    assertThat(gauge("site.nodes.wanted", "site", "main")).isEqualTo(3);
    assertThat(gauge("site.nodes.alive", "site", "main")).isEqualTo(1);
    assertThat(gauge("partitions", "state", "Degraded")).isEqualTo(1);
    assertThat(gauge("partitions", "state", "Ready")).isZero();
    assertThat(gauge("operations", "step", "CatchUp")).isEqualTo(1);
    assertThat(gauge("operation.age", "kind", "MoveReplica")).isEqualTo(90);
    assertThat(gauge("observation.age", "namespace", "db")).isZero();
  }

  @Test
  void anOperationThatEndsIsCountedOnceAndItsSeriesGo() {
    OperationView running = operation("m", OperationView.State.RUNNING);
    observe(view(List.of(running), "n0"));
    for (int poll = 0; poll < 3; poll++) {
      observe(view(List.of(operation("m", OperationView.State.FAILED)), "n0"));
    }
    assertThat(
            registry
                .get("partita.operator.operations.ended")
                .tag("kind", "MoveReplica")
                .tag("outcome", "failed")
                .counter()
                .count())
        .isEqualTo(1);
    assertThat(search("operation.age").gauge()).isNull();
  }

  @Test
  void whenNobodyAnswersNothingIsAliveAndNothingHasALeader() {
    declared.reconciliationStarted(site(), Map.of());
    observe(view(List.of(), "n0"));
    now = now.plus(Duration.ofMinutes(2));
    meters.unanswered("db");

    assertThat(gauge("site.nodes.alive", "site", "main")).isZero();
    assertThat(gauge("partitions", "state", "NoLeader")).isEqualTo(1);
    assertThat(search("partitions").tag("state", "Ready").gauge()).isNull();
    assertThat(gauge("observation.age", "namespace", "db")).isEqualTo(120);
  }

  @Test
  void aPartitionWithoutALeaderIsTold() {
    observe(view(List.of(), null));
    assertThat(gauge("partitions", "state", "NoLeader")).isEqualTo(1);
  }

  private void observe(ClusterView view) {
    meters.observed("db", view);
  }

  private Search search(String name) {
    return registry.find("partita.operator." + name);
  }

  private double gauge(String name, String label, String value) {
    Gauge gauge = search(name).tag(label, value).gauge();
    return Objects.requireNonNull(gauge, name + " " + value).value();
  }

  private static Site site() {
    return Serialization.unmarshal(
        "apiVersion: partita.dev/v1alpha1\nkind: Site\nmetadata: {name: main, namespace: db}\nspec: {nodes: 3}",
        Site.class);
  }

  private static OperationView operation(String id, OperationView.State state) {
    return new OperationView(id, OperationSpec.Kind.MOVE_REPLICA, "p", "CatchUp", state, null);
  }

  /// One of two nodes is alive.
  private static ClusterView view(List<OperationView> operations, @Nullable String leader) {
    return new ClusterView(
        1,
        "c",
        "n0",
        List.of(member("n0", true), member("n1", false)),
        List.of(
            new PartitionView(
                "1",
                "p",
                "c",
                1,
                leader,
                List.of(
                    new PartitionView.ReplicaView("n0", PartitionView.Role.VOTER, true),
                    new PartitionView.ReplicaView("n1", PartitionView.Role.VOTER, true)),
                0,
                0,
                0,
                null,
                PartitionView.State.ACTIVE)),
        List.of(),
        operations,
        List.of());
  }

  private static MemberView member(String id, boolean alive) {
    return new MemberView(
        id, id, "main", "", MemberView.State.ACTIVE, alive, MemberView.SystemRole.VOTER, 1, 0);
  }
}
