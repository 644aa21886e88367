package dev.partita.operator.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.crd.Partition;
import dev.partita.crd.Site;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a client that asks for a Partition is told at once: three nodes in two regions, and one at
/// the edge.
class PlacementCheckTest {

  private final List<MemberView> nodes =
      new ArrayList<>(
          List.of(
              node("main-0", "main", "r1", "a", false, true),
              node("main-1", "main", "r1", "b", false, true),
              node("two-0", "two", "r2", "a", false, true),
              node("shop-0", "shop", "r1", "s", true, true)));

  private static MemberView node(
      String name, String site, String region, String zone, boolean edge, boolean alive) {
    return new MemberView(
        name,
        name,
        site,
        "c",
        region,
        zone,
        edge,
        MemberView.State.ACTIVE,
        alive,
        MemberView.SystemRole.VOTER,
        0,
        0);
  }

  private static <T extends HasMetadata> T resource(
      Class<T> kind, String name, String tier, String spec) {
    return Serialization.unmarshal(
        "apiVersion: partita.dev/v1alpha1\nkind: %s\nmetadata: {name: %s, labels: {tier: %s}}\nspec: {%s}"
            .formatted(kind.getSimpleName(), name, tier, spec),
        kind);
  }

  private static Site site(String name, String tier, boolean edge) {
    return resource(
        Site.class, name, tier, "nodes: 1, edge: %s, storage: {size: 1Gi}".formatted(edge));
  }

  private Optional<String> obstacle(String spec) {
    Partition partition =
        resource(Partition.class, "p", "none", "collection: c, range: {}, " + spec);
    ClusterView cluster =
        new ClusterView(1, "c", "main-0", nodes, List.of(), List.of(), List.of(), List.of());
    return PlacementCheck.obstacle(
        partition,
        cluster,
        List.of(
            site("main", "gold", false), site("two", "silver", false), site("shop", "shop", true)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          replicas: 3
          replicas: 1, residency: [{region: r2}], leader: {region: r2}
          replicas: 3, survive: Zone
          replicas: 1, placement: [{siteSelector: {matchLabels: {tier: silver}}, replicas: 1}]
          replicas: 3, placement: [{siteSelector: {matchLabels: {tier: shop}}}]
          replicas: 3, placement: [{site: shop}]
          replicas: 3, leader: {region: mars}
          replicas: 5, paused: true
          """)
  void whatCanBeIsNotRefused(String spec) {
    assertThat(obstacle(spec)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          replicas: 5 | only 3 can hold one
          replicas: 3, survive: Region | survive: Region allows at most 1 of 3 replicas in one region
          replicas: 3, residency: [{region: r1}] | spec.residency allows 2 nodes
          replicas: 1, placement: [{siteSelector: {matchLabels: {tier: none}}, replicas: 1}] | tier=none, and there are none
          replicas: 3, placement: [{siteSelector: {matchLabels: {tier: gold}}}] | the edge Sites with tier=gold, and there are none
          replicas: 1, residency: [{region: r2}], placement: [{site: shop}] | spec.residency does not allow data at edge Site shop
          replicas: 1, placement: [{site: shop, replicas: 1}] | Site shop is an edge Site
          """)
  void whatCannotBeIsRefusedWithTheReason(String spec, String reason) {
    assertThat(obstacle(spec)).hasValueSatisfying(message -> assertThat(message).contains(reason));
  }

  @Test
  void aNodeThatIsMerelyDownIsExpectedBack() {
    nodes.set(2, node("two-0", "two", "r2", "a", false, false));
    assertThat(obstacle("replicas: 3")).isEmpty();
    nodes.set(3, node("shop-0", "shop", "r1", "s", true, false));
    assertThat(obstacle("replicas: 3, placement: [{site: shop}]")).isEmpty();
    nodes.remove(2);
    assertThat(obstacle("replicas: 3")).isPresent();
  }
}
