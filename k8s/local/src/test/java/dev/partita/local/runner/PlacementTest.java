package dev.partita.local.runner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlacementTest {
  private static ObjectNode node(String name, String zone) {
    ObjectNode node = Json.object();
    Json.ensure(node, "metadata").put("name", name);
    Json.ensure(node, "metadata", "labels")
        .put("topology.kubernetes.io/zone", zone)
        .put("kubernetes.io/hostname", name);
    return node;
  }

  private static ObjectNode pod(String name, String spec) {
    ObjectNode pod = Json.object();
    Json.ensure(pod, "metadata").put("name", name).put("namespace", "n");
    Json.ensure(pod, "metadata", "labels").put("app", "web");
    Json.ensure(pod, "metadata").putArray("ownerReferences").addObject().put("uid", "u");
    pod.set("spec", Json.parseTrusted(spec));
    return pod;
  }

  private static List<String> placeAll(int pods, String spec, ObjectNode... nodes) {
    List<ObjectNode> placed = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < pods; i++) {
      ObjectNode pod = pod("p-" + i, spec);
      String node = Placement.choose(pod, List.of(nodes), placed).orElse("none");
      Json.ensure(pod, "spec").put("nodeName", node);
      placed.add(pod);
      names.add(node);
    }
    return names;
  }

  @Test
  void podsOfOneSetSpreadOverZonesThenNodes() {
    assertThat(placeAll(4, "{}", node("a1", "a"), node("a2", "a"), node("b1", "b")))
        .containsExactly("a1", "b1", "a2", "b1");
  }

  @Test
  void requiredAffinityAndSelectorsAreHonoured() {
    String affinity =
        "{\"affinity\":{\"nodeAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":{\"nodeSelectorTerms\":[{\"matchExpressions\":"
            + "[{\"key\":\"topology.kubernetes.io/zone\",\"operator\":\"In\",\"values\":[\"b\"]}]}]}}}}";

    assertThat(placeAll(1, affinity, node("a1", "a"), node("b1", "b"))).containsExactly("b1");
    assertThat(
            placeAll(
                1,
                "{\"nodeSelector\":{\"kubernetes.io/hostname\":\"a1\"}}",
                node("a1", "a"),
                node("b1", "b")))
        .containsExactly("a1");
    assertThat(placeAll(1, "{\"nodeSelector\":{\"disk\":\"fast\"}}", node("a1", "a")))
        .containsExactly("none");
  }

  @Test
  void cordonedNodesTakeNoPods() {
    ObjectNode cordoned = node("a1", "a");
    Json.ensure(cordoned, "spec").put("unschedulable", true);

    assertThat(placeAll(1, "{}", cordoned)).containsExactly("none");
  }

  @Test
  void antiAffinityForbidsSharingANode() {
    String alone =
        "{\"affinity\":{\"podAntiAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":[{\"topologyKey\":\"kubernetes.io/hostname\","
            + "\"labelSelector\":{\"matchLabels\":{\"app\":\"web\"}}}]}}}";

    assertThat(placeAll(3, alone, node("a1", "a"), node("b1", "b")))
        .containsExactly("a1", "b1", "none");
  }

  @Test
  void spreadConstraintsForbidTooMuchSkew() {
    String spread =
        "{\"topologySpreadConstraints\":[{\"maxSkew\":1,\"topologyKey\":\"topology.kubernetes.io/zone\",\"whenUnsatisfiable\":\"DoNotSchedule\","
            + "\"labelSelector\":{\"matchLabels\":{\"app\":\"web\"}}}]}";
    ObjectNode full = node("b1", "b");
    Json.ensure(full, "spec").put("unschedulable", true);

    assertThat(placeAll(2, spread, node("a1", "a"), full)).containsExactly("a1", "none");
  }
}
