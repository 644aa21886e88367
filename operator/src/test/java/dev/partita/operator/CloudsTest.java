package dev.partita.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.crd.Partition;
import dev.partita.crd.Site;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/// Partitions that say what they survive, where they are led and where their data may be, over
/// Sites in several regions, on the local control plane.
@DisabledIfSystemProperty(named = ControlPlane.KUBECONFIG, matches = ".+")
class CloudsTest extends SharedControlPlane {

  @Override
  ControlPlane connection() {
    return ControlPlane.inRegions("r1", "r2", "r3");
  }

  @BeforeEach
  void startOperator() {
    start(CrashPoint.never());
    applySite("main", "r1", 3);
    applySite("two", "r2", 2);
  }

  private void applySite(String name, String region, int nodes) {
    apply(site(nodes, "cloud: c, region: " + region).replace("name: main", "name: " + name));
    awaitReady(Site.class, name);
  }

  private List<String> moves() {
    return cluster.operationLog().stream().filter(each -> each.startsWith("MoveReplica")).toList();
  }

  private static String anyOf(List<String> nodes, String site) {
    return nodes.stream().filter(node -> node.startsWith(site)).findFirst().orElse("");
  }

  @Test
  void aGoalIsRefusedUntilItCanBeMetAndThenReached() {
    apply(partition("p", "range: {}"));
    awaitReady(Partition.class, "p");
    List<String> before = cluster.replicas("p");
    int moves = moves().size();

    apply(partition("p", "range: {}, survive: Region"));

    awaitCondition(
        Partition.class, "p", "Reconciling", "True", "survive: Region allows at most 1 of 3");
    assertThat(isReady(Partition.class, "p")).isTrue();
    assertThat(cluster.replicas("p")).isEqualTo(before);
    assertThat(moves()).hasSize(moves);

    applySite("three", "r3", 1);

    awaitStill(
        "one replica in each region",
        () ->
            cluster.replicas("p").stream()
                    .map(node -> node.substring(0, node.indexOf('-')))
                    .distinct()
                    .count()
                == 3);
  }

  @Test
  void theLeaderIsWhereItIsWantedAndComesBackThere() {
    apply(partition("p", "range: {}, leader: {region: r2}"));
    awaitReady(Partition.class, "p");
    await().atMost(PATIENCE).until(() -> cluster.leaderOf("p").startsWith("two-"));

    String elsewhere = anyOf(cluster.replicas("p"), "main");
    cluster.leadEverything(elsewhere);

    await().atMost(PATIENCE).until(() -> cluster.leaderOf("p").startsWith("two-"));
    assertThat(operator().asked()).contains("TransferLeader:Leader");
    // Nobody takes it away again.
    awaitLooks(20);
    assertThat(cluster.leaderOf("p")).startsWith("two-");
  }

  @Test
  void dataStaysWhereItMayBeWhateverHappens() {
    apply(partition("p", "range: {}, residency: [{region: r1}]"));
    awaitReady(Partition.class, "p");
    assertThat(cluster.replicas("p")).containsExactly("main-0", "main-1", "main-2");

    // It has to leave a node, and the only others are elsewhere.
    scale(2);

    awaitCondition(Site.class, "main", "Reconciling", "True", "emptying main-2");
    awaitLooks(20);
    assertThat(cluster.replicas("p")).containsExactly("main-0", "main-1", "main-2");
    assertThat(moves()).isEmpty();

    apply(partition("p", "range: {}, residency: [{region: r1}, {site: two}]"));

    await().atMost(PATIENCE).until(() -> !cluster.states().containsKey("main-2"));
    assertThat(cluster.replicas("p"))
        .hasSize(3)
        .contains("main-0", "main-1")
        .noneMatch("main-2"::equals);
  }
}
