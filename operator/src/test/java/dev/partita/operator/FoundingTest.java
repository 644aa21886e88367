package dev.partita.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.crd.Site;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/// Which of several Sites founds the cluster, on the local control plane.
@DisabledIfSystemProperty(named = ControlPlane.KUBECONFIG, matches = ".+")
class FoundingTest extends SharedControlPlane {

  /// The nodes of all Sites ask those of the first for the cluster: they would look there in vain
  /// if others had founded it.
  @Test
  void theSiteWhoseNodesTheOthersAskFoundsTheCluster() {
    start(CrashPoint.never());
    apply(site(1, "paused: true"));
    awaitCondition(Site.class, "main", "Reconciling", "True", "spec.paused is true");
    apply(site(1).replace("name: main", "name: second"));

    awaitCondition(
        Site.class, "second", "Reconciling", "True", "Site main founds the cluster: its nodes");
    assertThat(cluster.bootstraps()).isEmpty();

    apply(site(1, "paused: false"));

    awaitReady(Site.class, "main");
    awaitReady(Site.class, "second");
    assertThat(cluster.bootstraps()).singleElement().asString().contains("main-0");
  }
}
