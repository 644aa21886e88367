package dev.partita.operator.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.crd.Partition;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.nodeclient.PartitionView.ReplicaView;
import dev.partita.operator.nodeclient.PartitionView.Role;
import dev.partita.operator.placement.LeaderBalance.Transfer;
import dev.partita.operator.repartition.Load;
import dev.partita.operator.repartition.LoadWindows;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// What is observed over some minutes decides which leader goes where.
class LeadersByLoadTest {
  private static final int PARTITIONS = 4;
  private static final Set<String> NODES = Set.of("0", "1");

  private final Map<String, LoadWindows> windows = new HashMap<>();
  private Instant now = Instant.EPOCH;

  /// Two Partitions are led by each of two nodes.
  private static ClusterView cluster(double... loads) {
    return new ClusterView(
        1,
        "cluster",
        "0",
        NODES.stream().map(LeadersByLoadTest::node).toList(),
        IntStream.range(0, PARTITIONS)
            .mapToObj(number -> partition(number, loads[number]))
            .toList(),
        List.of(),
        List.of(),
        List.of());
  }

  private static MemberView node(String id) {
    return new MemberView(
        id,
        "main-" + id,
        "main",
        "",
        MemberView.State.ACTIVE,
        true,
        MemberView.SystemRole.VOTER,
        PARTITIONS,
        PARTITIONS / 2);
  }

  private static PartitionView partition(int number, double load) {
    return new PartitionView(
        "" + number,
        "p" + number,
        "c",
        1,
        "" + number / 2,
        NODES.stream().map(node -> new ReplicaView(node, Role.VOTER, true)).toList(),
        0,
        0,
        load,
        null,
        PartitionView.State.ACTIVE);
  }

  private static List<Partition> declared() {
    return IntStream.range(0, PARTITIONS)
        .mapToObj(number ->
            Serialization.unmarshal(
                "apiVersion: partita.dev/v1alpha1\nkind: Partition\nmetadata: {name: p%d, creationTimestamp: '2026-01-01T00:00:00Z'}\nspec: {collection: c, range: {}, replicas: 1}"
                    .formatted(number),
                Partition.class))
        .toList();
  }

  /// Looks every ten seconds.
  private Optional<Transfer> after(Duration time, double... loads) {
    ClusterView cluster = cluster(loads);
    for (Instant end = now.plus(time); now.isBefore(end); now = now.plusSeconds(10)) {
      cluster
          .serving()
          .forEach(each ->
              windows.compute(
                  each.name(),
                  (_, before) ->
                      (before == null ? LoadWindows.begin(each.epoch(), now) : before)
                          .seen(each.epoch(), Load.of(each), now)));
    }
    return Placements.leaders(
            cluster,
            DeclaredSites.NONE,
            NODES,
            declared(),
            each ->
                Optional.ofNullable(windows.get(each.name()))
                    .map(LoadWindows::sustained)
                    .orElseThrow()
                    .orElse(Load.NONE)
                    .operationsPerSecond())
        .next();
  }

  @Test
  void aNodeThatLeadsMostOfTheLoadHandsSomeOver() {
    assertThat(after(Duration.ofMinutes(5), 2_000, 1_500, 10, 10))
        .hasValueSatisfying(transfer -> {
          assertThat(transfer.partition()).isEqualTo("p1");
          assertThat(transfer.to()).isEqualTo("1");
          assertThat(transfer.because()).contains("3500", "1760");
        });
  }

  @Test
  void aBurstMovesNothing() {
    assertThat(after(Duration.ofMinutes(5), 10, 10, 10, 10)).isEmpty();
    assertThat(after(Duration.ofMinutes(1), 9_000, 9_000, 10, 10)).isEmpty();
    assertThat(after(Duration.ofMinutes(5), 9_000, 9_000, 10, 10)).isPresent();
  }
}
