package dev.partita.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/// The chart on a real Kubernetes control plane, driven by the real helm and kubectl as
/// `k8s/docs/install.md` says: the commands of its sections are run as they stand there. The
/// operator and the nodes are the real ones, and the operator has the rights of the chart and no
/// others.
@EnabledIfSystemProperty(named = "partita.kubeconfig", matches = ".+")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ChartIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String NAMESPACE = Chart.NAMESPACE;

  /// Values of many kinds, each with what the cluster is said to know.
  private static final List<String> MATRIX =
      List.of(
          "",
          "--set='watchNamespaces={default,partita-system}'",
          "--set='priorityClass.create=true,operator.replicas=1'",
          "--set='image.registry=registry.example/x,image.pullSecrets={pull},image.node.tag=v7'",
          "--set='networkPolicy.clients[0].ipBlock.cidr=10.0.0.0/8'",
          "--set='admissionPolicies.action=Audit,crds.keep=false'",
          "--set='operator.nodeSelector.disk=ssd,operator.tolerations[0].operator=Exists'");

  @TempDir static Path directory;

  private @Nullable Commands built;

  @BeforeAll
  void prepare() throws Exception {
    built = Commands.prepare(directory);
  }

  @Test
  @Order(1)
  void everyManifestIsAcceptedStrictly() throws Exception {
    commands().run("kubectl apply --server-side -f crds/");
    commands().run("kubectl create namespace " + NAMESPACE);
    for (String values : MATRIX) {
      commands()
          .run(
              "helm template partita helm/partita --namespace "
                  + NAMESPACE
                  + " --api-versions=partita.dev/v1alpha1/Site "
                  + values
                  + " | kubectl apply --server-side --dry-run=server --validate=strict -f -");
    }
    commands().run("kubectl delete crd --all");
    commands().run("kubectl delete namespace " + NAMESPACE);
  }

  @Test
  @Order(2)
  void monitorsComeWhereTheClusterKnowsThem() throws Exception {
    String rendered =
        commands()
            .run(
                "helm template partita helm/partita --api-versions=monitoring.coreos.com/v1/PodMonitor"
                    + " --api-versions=monitoring.coreos.com/v1/PrometheusRule");

    assertThat(Yaml.ofKind(Yaml.documents(rendered), "PodMonitor"))
        .extracting(Yaml::name)
        .containsExactlyInAnyOrder("partita-operator", "partita-nodes");
    assertThat(Yaml.ofKind(Yaml.documents(rendered), "PrometheusRule"))
        .allSatisfy(each -> assertThat(each.path("spec").path("groups")).isNotEmpty());
  }

  @Test
  @Order(3)
  void installs() throws Exception {
    runSection("Install");

    List<JsonNode> operators = pods("app.kubernetes.io/name=partita-operator");
    assertThat(operators).hasSize(2);
    assertThat(operators)
        .extracting(each -> each.path("spec").path("nodeName").asText())
        .as("machines")
        .doesNotHaveDuplicates();
  }

  @Test
  @Order(4)
  void connects() throws Exception {
    assertThat(runSection("Connect")).contains("\"a\":1");
  }

  @Test
  @Order(5)
  void theOperatorHasTheRightsOfTheChartAndNoOthers() throws Exception {
    String as = " --as=system:serviceaccount:" + NAMESPACE + ":partita-operator --all-namespaces";
    for (String right :
        List.of(
            "create pods",
            "create deployments",
            "create roles",
            "escalate clusterroles",
            "delete namespaces",
            "update sites",
            "create pods/exec",
            "list nodes")) {
      assertThat(commands().run("kubectl auth can-i " + right + as + " || true"))
          .as(right)
          .contains("no");
    }
    assertThat(commands().run("kubectl auth can-i patch statefulsets" + as)).contains("yes");
  }

  @Test
  @Order(6)
  void nodePodsAreRestrictedAndHaveNoToken() throws Exception {
    commands()
        .run(
            "kubectl label namespace "
                + NAMESPACE
                + " pod-security.kubernetes.io/enforce=restricted --overwrite --dry-run=server 2>&1"
                + " | tee /dev/stderr | (! grep -i warning)");
    assertThat(pods("app.kubernetes.io/component=node"))
        .hasSize(3)
        .allSatisfy(pod ->
            assertThat(pod.path("spec").path("automountServiceAccountToken").asBoolean(true))
                .isFalse());
  }

  @Test
  @Order(7)
  void admissionPoliciesStandInFrontOfTheOperator() throws Exception {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(
                    commands()
                        .run(
                            "kubectl get pvc data-main-0 --namespace "
                                + NAMESPACE
                                + " -o jsonpath='{.metadata.annotations.partita\\.dev/voter}'"))
                .isEqualTo("true"));
    String in = " --namespace " + NAMESPACE;
    assertThat(commands().refused("kubectl scale statefulset/main --replicas=1" + in))
        .contains("is scaled by Site main", "kubectl scale site main");
    assertThat(
            commands()
                .refused(
                    "kubectl patch statefulset/main --type=merge -p '{\"spec\":{\"replicas\":1}}'"
                        + in))
        .contains("is scaled by Site main");
    assertThat(commands().refused("kubectl delete statefulset/main --wait=false" + in))
        .contains("is made by Site main", "kubectl delete site main");
    assertThat(commands().refused("kubectl delete pvc/data-main-0 --wait=false" + in))
        .contains("a replica that votes lies on volume claim data-main-0");
    assertThat(commands().refused("kubectl annotate pvc/data-main-0 partita.dev/voter-" + in))
        .contains("kept by the operator");
    assertThat(
            commands()
                .refused(
                    "kubectl patch pvc/data-main-0 --type=merge -p"
                        + " '{\"spec\":{\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}}}'"
                        + in))
        .as("refused by the API server itself below the capacity, above it by the policy")
        .containsAnyOf("a volume only grows", "can not be less than");
    assertThat(
            commands()
                .refused(
                    "kubectl patch site/main --type=merge -p '{\"spec\":{\"storage\":{\"size\":\"1Gi\"}}}'"
                        + in))
        .contains("size may only grow");

    commands().run("kubectl label statefulset/main harmless=label" + in);
    commands().run("kubectl annotate pvc/data-main-0 harmless=annotation" + in);
  }

  @Test
  @Order(8)
  void sitesAreScaledInsteadOfStatefulSets() throws Exception {
    runSection("Lock down");

    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(commands().run("kubectl get pvc -o name --namespace " + NAMESPACE).lines())
                .as("claims after scale-in")
                .hasSize(3));
  }

  @Test
  @Order(9)
  void theOtherOperatorTakesOver() throws Exception {
    String holder =
        commands()
            .run(
                "kubectl get lease partita-operator -o jsonpath='{.spec.holderIdentity}' --namespace "
                    + NAMESPACE);
    assertThat(holder).startsWith("partita-operator-");
    commands().run("kubectl delete pod " + holder + " --wait=false --namespace " + NAMESPACE);

    commands().run("kubectl apply -f k8s/samples/unicode-indexes.yaml --namespace " + NAMESPACE);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(
                    commands()
                        .run(
                            "kubectl get index unicode-by-script -o jsonpath='{.status.observedGeneration}'"
                                + " --namespace "
                                + NAMESPACE))
                .isEqualTo("1"));
  }

  @Test
  @Order(10)
  void anUpgradeOfTheOperatorRestartsNoNode() throws Exception {
    Set<String> before = uids("app.kubernetes.io/component=node");

    runSection("Upgrade");

    assertThat(uids("app.kubernetes.io/component=node")).isEqualTo(before);
  }

  @Test
  @Order(11)
  void uninstallsWithoutTakingADatabaseAndThenWithIt() throws Exception {
    runSection("Uninstall");

    assertThat(commands().run("kubectl get crd -o name")).doesNotContain("partita.dev");
    assertThat(
            commands()
                .run(
                    "kubectl get clusterroles,validatingadmissionpolicies -o name"
                        + " --selector app.kubernetes.io/part-of=partita"))
        .isEmpty();
  }

  @Test
  @Order(12)
  void servesNamedNamespacesWithRolesAlone() throws Exception {
    commands().run("kubectl create namespace " + NAMESPACE);
    commands().run("kubectl create namespace team-a");
    commands().run("kubectl apply --server-side -f crds/");
    commands()
        .run(
            "helm install partita helm/partita --namespace "
                + NAMESPACE
                + " --set='crds.create=false,operator.replicas=1,watchNamespaces={team-a}'"
                + " --set=sites[0].name=small,sites[0].namespace=team-a,sites[0].spec.nodes=1,"
                + "sites[0].spec.storage.size=1Gi --wait --timeout 5m");

    assertThat(
            commands()
                .run(
                    "kubectl get clusterroles -o name --selector app.kubernetes.io/part-of=partita"))
        .isEmpty();
    commands().run("kubectl wait site/small --namespace team-a --for=condition=Ready --timeout=5m");
    commands().run("helm uninstall partita --wait --namespace " + NAMESPACE);
    commands()
        .run("kubectl delete site/small --namespace team-a --cascade=foreground --timeout=5m");
    commands().run("kubectl delete crd --all");
    commands().run("kubectl delete namespace team-a " + NAMESPACE);
  }

  private Commands commands() {
    return Objects.requireNonNull(built);
  }

  /// Runs the indented commands below a heading of the page.
  private String runSection(String heading) throws Exception {
    StringBuilder output = new StringBuilder();
    for (String block : blocks(heading)) {
      output.append(commands().run(block));
    }
    return output.toString();
  }

  private static List<String> blocks(String heading) throws IOException {
    List<String> blocks = new ArrayList<>();
    boolean inSection = false;
    StringBuilder block = new StringBuilder();
    for (String line : Files.readAllLines(Chart.CHECKOUT.resolve("k8s/docs/install.md"))) {
      if (!line.startsWith("    ") && !block.isEmpty()) {
        blocks.add(block.toString());
        block.setLength(0);
      }
      if (line.startsWith("## ")) {
        inSection = line.equals("## " + heading);
      } else if (inSection && line.startsWith("    ")) {
        block.append(line.substring(4)).append('\n');
      }
    }
    if (!block.isEmpty()) {
      blocks.add(block.toString());
    }
    assertThat(blocks).as(heading).isNotEmpty();
    return blocks;
  }

  private List<JsonNode> pods(String selector) throws Exception {
    List<JsonNode> pods = new ArrayList<>();
    Yaml.documents(
            commands()
                .run(
                    "kubectl get pods -o json --namespace "
                        + NAMESPACE
                        + " --selector "
                        + selector))
        .getFirst()
        .path("items")
        .forEach(pods::add);
    return pods;
  }

  private Set<String> uids(String selector) throws Exception {
    Set<String> uids = new TreeSet<>();
    pods(selector).forEach(each -> uids.add(each.path("metadata").path("uid").asText()));
    return uids;
  }
}
