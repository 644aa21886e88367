package dev.partita.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.NodeBuilder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// The suite on a real Kubernetes control plane.
@EnabledIfSystemProperty(named = ControlPlane.KUBECONFIG, matches = ".+")
class DayTwoIT extends DayTwoSuite {

  /// The test bed's switch for the power of a server.
  private static final String FAILURE = "testbed.partita.dev/failure";

  @Test
  void aPodWhoseServerIsDeadIsReplacedAfterTheDeadline() {
    apply(site(4, "replaceAfter: 5s"));
    apply(partition("p", "range: {}, replicas: 3"));
    awaitStill();
    String lost = cluster.replicas("p").getFirst();
    List<String> before = cluster.idsOf(lost);
    String server =
        client().pods().inNamespace(namespace).withName(lost).get().getSpec().getNodeName();
    edit(
        client().nodes().withName(server),
        node ->
            new NodeBuilder(node)
                .editMetadata()
                .addToAnnotations(FAILURE, "down")
                .endMetadata()
                .build());
    try {
      // What Kubernetes does itself after five minutes; nobody is there to end the pod.
      client().pods().inNamespace(namespace).withName(lost).withGracePeriod(1).delete();

      await()
          .atMost(PATIENCE)
          .untilAsserted(() ->
              assertThat(cluster.idsOf(lost))
                  .as(cluster::toString)
                  .hasSize(1)
                  .doesNotContainAnyElementsOf(before));
    } finally {
      edit(
          client().nodes().withName(server),
          node ->
              new NodeBuilder(node)
                  .editMetadata()
                  .removeFromAnnotations(FAILURE)
                  .endMetadata()
                  .build());
    }
    awaitStill();
    assertThat(cluster.replicas("p")).hasSize(3).doesNotHaveDuplicates();
  }
}
