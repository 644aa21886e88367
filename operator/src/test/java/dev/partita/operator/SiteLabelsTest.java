package dev.partita.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.crd.Partition;
import dev.partita.crd.Site;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/// Partitions that select Sites by labels, which change, on the local control plane.
@DisabledIfSystemProperty(named = ControlPlane.KUBECONFIG, matches = ".+")
class SiteLabelsTest extends SharedControlPlane {

  @BeforeEach
  void startOperator() {
    start(CrashPoint.never());
    applySite("main", 1, "edge: false", "gold");
    applySite("two", 1, "edge: false", "gold");
    applySite("three", 1, "edge: false", "silver");
  }

  private void applySite(String name, int nodes, String more, String tier) {
    apply(
        site(nodes, more)
            .replace("{name: main}", "{name: %s, labels: {tier: %s}}".formatted(name, tier)));
    awaitReady(Site.class, name);
  }

  private void label(String site, String tier) {
    edit(
        client().resources(Site.class).inNamespace(namespace).withName(site),
        each -> {
          each.getMetadata().getLabels().put("tier", tier);
          return each;
        });
  }

  private void awaitReplicas(String partition, String... nodes) {
    awaitStill(
        "replicas on " + List.of(nodes), () -> cluster.replicas(partition).equals(List.of(nodes)));
  }

  @Test
  void replicasFollowTheLabelsOfSites() {
    apply(
        partition(
            "p",
            "range: {}, replicas: 1, placement: [{siteSelector: {matchLabels: {tier: silver}}, replicas: 1}]"));
    awaitReplicas("p", "three-0");

    // Both are possible for a moment, then only the other one.
    label("two", "silver");
    awaitReplicas("p", "three-0");
    label("three", "gold");

    awaitReplicas("p", "two-0");

    // What nobody has any more is told, and what serves stays.
    label("two", "gold");
    awaitCondition(
        Partition.class,
        "p",
        "Reconciling",
        "True",
        "1 replicas on the Sites with tier=silver, and there are none: label a Site");
    assertThat(isReady(Partition.class, "p")).isTrue();
    assertThat(cluster.replicas("p")).containsExactly("two-0");

    label("main", "silver");
    awaitReplicas("p", "main-0");
  }

  @Test
  void dataAndLeadersAreAtSitesWithLabels() {
    apply(
        partition(
            "p",
            "range: {}, replicas: 1, residency: [{siteSelector: {matchLabels: {tier: silver}}}]"));
    awaitReplicas("p", "three-0");

    label("two", "silver");
    label("three", "gold");
    awaitReplicas("p", "two-0");

    apply(
        partition(
                "q",
                "range: {}, leader: {siteSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [gold]}]}}")
            .replace("collection: c", "collection: d"));
    // Leaders that are bound are not even.
    await().atMost(PATIENCE).until(() -> cluster.leaderOf("q").equals("two-0"));

    label("two", "gold");
    label("main", "silver");

    await().atMost(PATIENCE).until(() -> cluster.leaderOf("q").equals("main-0"));
    await().atMost(PATIENCE).until(() -> cluster.replicas("p").equals(List.of("main-0")));
  }

  @Test
  void edgeSitesWithLabelsGetACopyEach() {
    applySite("shop-1", 1, "edge: true", "bronze");
    String wanted =
        partition(
            "p",
            "range: {}, placement: [{siteSelector: {matchExpressions: [{key: tier, operator: In, values: [shop, gold]}]}}]");
    apply(wanted);

    // Sites with the label that are no edge hold no copies.
    awaitCondition(
        Partition.class,
        "p",
        "EdgeCopyMissing",
        "True",
        "the edge Sites with tier in (shop,gold), and there are none: label one");
    awaitReady(Partition.class, "p");

    label("shop-1", "shop");
    applySite("shop-2", 1, "edge: true", "shop");
    awaitStill("copies at both", () -> cluster.copies("p").equals(List.of("shop-1-0", "shop-2-0")));

    label("shop-1", "bronze");
    awaitStill("a copy at one", () -> cluster.copies("p").equals(List.of("shop-2-0")));
    assertThat(cluster.replicas("p")).contains("main-0", "three-0", "two-0");
  }
}
