package dev.partita.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.testbed.DocumentedPage;
import dev.partita.testbed.PageCommands;
import dev.partita.testbed.PartitaImages;
import dev.partita.testbed.Shell;
import dev.partita.testbed.Testbed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/// The chart on a real Kubernetes control plane, driven by the real helm and kubectl as
/// `k8s/docs/install.md` says: the commands of its sections are run as they stand there. The
/// operator and the nodes are the real ones, and the operator has the rights of the chart and no
/// others: after each step its log is searched for anything that it was refused.
@EnabledIfSystemProperty(named = "partita.kubeconfig", matches = ".+")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ChartIT {
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final String IN = " --namespace " + Chart.NAMESPACE;
  private static final String OPERATOR =
      "system:serviceaccount:" + Chart.NAMESPACE + ":partita-operator";
  private static final String OPERATORS = "app.kubernetes.io/name=partita-operator";
  private static final String NODES = "app.kubernetes.io/component=node";

  @TempDir private static Path directory;

  private static Shell commands;
  private static PageCommands page;

  /// Builds helm where it is not in the cache, and makes the images known.
  @BeforeAll
  static void prepare() throws Exception {
    Path kubeconfig = Path.of(System.getProperty("partita.kubeconfig"));
    Testbed.addImages(kubeconfig.resolveSibling("images.json"), PartitaImages.of(Chart.CHECKOUT));
    Path binaries = Files.createDirectories(directory.resolve("bin"));
    Files.createSymbolicLink(
        binaries.resolve("helm"),
        Testbed.built(Chart.CHECKOUT.resolve("k8s/testbed/helm/build.sh")));
    Files.createSymbolicLink(binaries.resolve("kubectl"), Testbed.build(Chart.CHECKOUT));
    commands =
        Shell.in(Chart.CHECKOUT)
            .with("KUBECONFIG", kubeconfig.toString())
            .with("HELM_CACHE_HOME", directory.resolve("helm").toString())
            .with("PATH", binaries + ":" + System.getenv("PATH"));
    page = PageCommands.of(Chart.CHECKOUT, DocumentedPage.INSTALL, commands);
  }

  @AfterEach
  void theOperatorWasRefusedNothing() throws Exception {
    assertThat(operatorLogs()).doesNotContain("is forbidden", "Forbidden!");
  }

  @Test
  @Order(1)
  void everyManifestIsAcceptedStrictly() throws Exception {
    commands.run("kubectl apply --server-side -f crds/");
    commands.run("kubectl create namespace " + Chart.NAMESPACE);
    for (Map<String, Object> values : Chart.VARIANTS) {
      commands.run(
          "helm template partita helm/partita --api-versions=partita.dev/v1alpha1/Site "
              + Chart.options(values)
              + IN
              + " | kubectl apply --server-side --dry-run=server --validate=strict -f -");
    }
    commands.run("kubectl delete crd --all");
    commands.run("kubectl delete namespace " + Chart.NAMESPACE);
  }

  @Test
  @Order(2)
  void monitorsComeWhereTheClusterKnowsThem() throws Exception {
    commands.run("helm lint --strict helm/partita");
    String rendered =
        commands.run(
            "helm template partita helm/partita --api-versions=monitoring.coreos.com/v1/PodMonitor"
                + " --api-versions=monitoring.coreos.com/v1/PrometheusRule");

    assertThat(Yaml.ofKind(Yaml.documents(rendered), "PodMonitor"))
        .extracting(Yaml::name)
        .containsExactlyInAnyOrder("partita-operator", "partita-nodes");
    String ofTwo =
        commands.run(
            "helm template partita helm/partita --api-versions=monitoring.coreos.com/v1/PodMonitor"
                + " --set 'watchNamespaces={team-a,team-b}' --set-json 'sites=[]'");
    assertThat(Yaml.ofKind(Yaml.documents(ofTwo), "PodMonitor"))
        .filteredOn(each -> Yaml.name(each).equals("partita-nodes"))
        .allSatisfy(each ->
            assertThat(each.at("/spec/podMetricsEndpoints/0/tlsConfig/ca/configMap/name").asText())
                .isEqualTo("partita-ca"))
        .extracting(each -> each.at("/metadata/namespace").asText())
        .containsExactlyInAnyOrder("team-a", "team-b");
    assertThat(Yaml.ofKind(Yaml.documents(rendered), "PrometheusRule"))
        .isNotEmpty()
        .allSatisfy(each -> assertThat(each.path("spec").path("groups")).isNotEmpty());
  }

  @Test
  @Order(3)
  void installs() throws Exception {
    runEach("Install");

    List<JsonNode> operators = pods(OPERATORS);
    assertThat(operators).hasSize(2);
    assertThat(operators)
        .extracting(each -> each.path("spec").path("nodeName").asText())
        .as("machines")
        .doesNotHaveDuplicates();
    assertThat(pods(NODES)).hasSize(3);
    assertThat(names("secrets"))
        .contains(
            "secret/partita-ca",
            "secret/main-tls",
            "secret/partita-operator-tls",
            "secret/partita-administrator");
    assertThat(operatorLogs())
        .as("what is searched for refusals")
        .contains("issued certificate main-tls");
  }

  @Test
  @Order(4)
  void connects() throws Exception {
    String output = runEach("Connect");

    assertThat(output).contains("\"color\":\"red\"");
    assertThat(output.lines().filter(line -> line.contains("\"mine\"")).count())
        .as(output)
        .isPositive();
  }

  /// The page takes for granted that the present namespace is the Site's.
  @Test
  @Order(5)
  void itIsSecuredAsThePageSays() throws Exception {
    Path there = directory.resolve("kubeconfig");
    commands.run(
        "kubectl config view --raw >%s && KUBECONFIG=%s kubectl config set-context --current%s"
            .formatted(there, there, IN));
    PageCommands security =
        PageCommands.of(
            Chart.CHECKOUT, DocumentedPage.SECURITY, commands.with("KUBECONFIG", there.toString()));

    String output = security.runSections("Certificates", "Users");

    assertThat(output).contains("secret/partita-ca annotated", "\"color\":\"red\"");
    security.assertComplete();
    // Both authorities are trusted from now on, and the old one still signs.
    eventually(() ->
        assertThat(
                commands.run(
                    "kubectl get configmap/partita-ca -o jsonpath='{.data.ca\\.crt}'" + IN))
            .containsPattern("(?s)BEGIN CERTIFICATE.*BEGIN CERTIFICATE"));
  }

  @Test
  @Order(6)
  void theOperatorHasTheRightsOfTheChartAndNoOthers() throws Exception {
    List<String> roles = new ArrayList<>();
    for (JsonNode binding :
        items("kubectl get rolebindings,clusterrolebindings --all-namespaces -o json")) {
      for (JsonNode subject : binding.path("subjects")) {
        if (subject.path("name").asText().equals("partita-operator")) {
          roles.add(binding.path("roleRef").path("name").asText());
        }
      }
    }
    assertThat(roles).containsExactlyInAnyOrder("partita-operator", "partita-operator-lease");

    String as = " --as=" + OPERATOR;
    for (String right :
        List.of(
            "create pods",
            "create deployments",
            "create roles",
            "escalate clusterroles",
            "impersonate users",
            "delete namespaces",
            "update sites",
            "list secrets",
            "delete secrets",
            "create pods/exec",
            "list nodes",
            "get leases --namespace=default")) {
      // Before it stands a warning where a resource has no namespace.
      assertThat(commands.refused("kubectl auth can-i " + right + as).strip())
          .as(right)
          .endsWith("no");
    }
    assertThat(commands.run("kubectl auth can-i patch statefulsets --namespace=default" + as))
        .isEqualToIgnoringNewLines("yes");
    assertThat(commands.refused("kubectl create deployment theirs --image=x" + IN + as))
        .contains("cannot create resource \"deployments\"");
    assertThat(commands.refused("kubectl get secrets" + IN + as))
        .contains("cannot list resource \"secrets\"");
    assertThat(commands.refused("kubectl delete site/main" + IN + as))
        .contains("cannot delete resource \"sites\"");
  }

  @Test
  @Order(7)
  void nodePodsAreRestrictedAndHaveNoToken() throws Exception {
    String label =
        "kubectl label namespace " + Chart.NAMESPACE + " --overwrite --dry-run=server 2>&1 ";
    assertThat(commands.run(label + "pod-security.kubernetes.io/enforce=restricted"))
        .contains("labeled")
        .doesNotContainIgnoringCase("warning");
    assertThat(pods(NODES))
        .hasSize(3)
        .allSatisfy(pod -> {
          assertThat(pod.path("spec").path("automountServiceAccountToken").asBoolean(true))
              .isFalse();
          assertThat(pod.path("spec").path("volumes").findValuesAsText("serviceAccountToken"))
              .isEmpty();
        });
  }

  @Test
  @Order(8)
  void admissionPoliciesStandInFrontOfTheOperator() throws Exception {
    eventually(() ->
        assertThat(
                commands.run(
                    "kubectl get pvc data-main-0 -o jsonpath='{.metadata.annotations.partita\\.dev/voter}'"
                        + IN))
            .isEqualTo("true"));
    List<String> refused =
        page.blocks("What is locked down").stream().flatMap(String::lines).toList();
    assertThat(refused).hasSize(4);
    assertThat(commands.refused(refused.get(0)))
        .contains(
            "StatefulSet main is scaled by Site main", "kubectl scale site main --replicas=N");
    assertThat(commands.refused(refused.get(1)))
        .contains("StatefulSet main is made by Site main", "kubectl delete site main");
    assertThat(commands.refused(refused.get(2)))
        .contains("a replica that votes lies on volume claim data-main-0: scale Site main in");
    assertThat(commands.refused(refused.get(3)))
        .contains("label partita.dev/site of a volume claim are kept by the operator");
    assertThat(
            commands.refused(
                "kubectl patch statefulset/main --type=merge -p '{\"spec\":{\"replicas\":1}}'"
                    + IN))
        .contains("StatefulSet main is scaled by Site main");
    assertThat(
            commands.refused(
                "kubectl patch site/main --type=merge -p '{\"spec\":{\"storage\":{\"size\":\"1Gi\"}}}'"
                    + IN))
        .contains("size may only grow");

    commands.run("kubectl label statefulset/main harmless=label" + IN);
    commands.run("kubectl annotate pvc/data-main-0 harmless=annotation" + IN);
    commands.run("kubectl scale statefulset/main --replicas=3" + IN);
    commands.run("kubectl delete pvc/data-main-0 --dry-run=server --as=" + OPERATOR + IN);
  }

  @Test
  @Order(9)
  void admissionPoliciesLeaveTheRestAlone() throws Exception {
    commands.run(Foreign.STATEFUL_SET);
    commands.run("kubectl scale statefulset/theirs --replicas=1 --dry-run=server" + IN);
    commands.run("kubectl delete statefulset/theirs" + IN);

    commands.run(Foreign.PAUSED_SITE_WITH_A_CLAIM);
    commands.run("kubectl wait pvc/still --for=jsonpath='{.status.phase}'=Bound --timeout=2m" + IN);
    commands.run("kubectl delete pvc/still --dry-run=server" + IN);
    commands.run("kubectl annotate pvc/still partita.dev/voter=true" + IN);
    commands.run(claimSize("3Gi"));
    eventually(() ->
        assertThat(commands.refused("kubectl delete pvc/still --dry-run=server" + IN))
            .contains("a replica that votes lies on volume claim still"));
    assertThat(commands.refused(claimSize("2Gi"))).contains("a volume only grows");
    assertThat(commands.refused("kubectl label pvc/still partita.dev/site=main --overwrite" + IN))
        .contains("are kept by the operator");

    commands.run("kubectl delete site/still --timeout=2m" + IN);
    eventually(() -> commands.run("kubectl delete pvc/still --dry-run=server" + IN));
    commands.run("kubectl delete pvc/still pv/still storageclass/never --timeout=2m" + IN);
  }

  @Test
  @Order(10)
  void sitesAreScaledAndVolumesGrown() throws Exception {
    Set<String> before = uids(NODES);

    List<String> blocks = page.blocks("Scale and grow");
    assertThat(blocks).hasSize(3);
    commands.run(blocks.get(0));
    commands.run(blocks.get(1));
    assertThat(commands.run("kubectl get site/main -o jsonpath='{.spec.nodes}'" + IN))
        .as("what kubectl has changed, after an upgrade with other values")
        .isEqualTo("4");
    commands.run(blocks.get(2));

    eventually(() ->
        assertThat(names("pvc"))
            .containsExactlyInAnyOrder(
                "persistentvolumeclaim/data-main-0",
                "persistentvolumeclaim/data-main-1",
                "persistentvolumeclaim/data-main-2"));
    eventually(() ->
        assertThat(
                commands.run(
                    "kubectl get statefulset/main -o"
                        + " jsonpath='{.spec.volumeClaimTemplates[0].spec.resources.requests.storage}'"
                        + IN))
            .isEqualTo("3Gi"));
    assertThat(uids(NODES)).as("pods that were not replaced").isEqualTo(before);
  }

  @Test
  @Order(11)
  void theOtherOperatorTakesOver() throws Exception {
    String holder =
        commands.run(
            "kubectl get lease partita-operator -o jsonpath='{.spec.holderIdentity}'" + IN);
    assertThat(holder).startsWith("partita-operator-");
    commands.run("kubectl delete pod " + holder + " --wait=false" + IN);

    commands.run("kubectl apply -f k8s/samples/unicode-indexes.yaml" + IN);
    eventually(() ->
        assertThat(
                commands.run(
                    "kubectl get index unicode-by-script -o jsonpath='{.status.observedGeneration}'"
                        + IN))
            .isEqualTo("1"));
  }

  @Test
  @Order(12)
  void aPolicyIsTakenOutOfForceAndPutBack() throws Exception {
    List<String> emergency = page.blocks("In an emergency").getFirst().lines().toList();
    assertThat(emergency).hasSize(2);
    String delete = "kubectl delete pvc/data-main-0 --dry-run=server" + IN;
    assertThat(commands.refused(delete)).contains("a replica that votes lies on");

    commands.run(emergency.get(0));
    eventually(() -> commands.run(delete));

    commands.run(emergency.get(1));
    eventually(() -> assertThat(commands.refused(delete)).contains("a replica that votes lies on"));
  }

  @Test
  @Order(13)
  void anUpgradeOfTheOperatorRestartsNoNode() throws Exception {
    Set<String> nodes = uids(NODES);
    Set<String> operators = uids(OPERATORS);

    runEach("Upgrade");

    assertThat(uids(OPERATORS)).doesNotContainAnyElementsOf(operators);
    assertThat(uids(NODES)).isEqualTo(nodes);
    assertThat(commands.run("kubectl get site/main -o jsonpath='{.spec.storage.size}'" + IN))
        .isEqualTo("3Gi");
  }

  @Test
  @Order(14)
  void uninstallsWithoutTakingADatabaseAndThenWithIt() throws Exception {
    Set<String> nodes = uids(NODES);
    List<String> blocks = page.blocks("Uninstall");
    assertThat(blocks).hasSize(2);

    commands.run(blocks.getFirst());
    assertThat(uids(NODES)).isEqualTo(nodes);

    commands.run(blocks.getLast());
    assertNothingIsLeft();
  }

  @Test
  @Order(15)
  void plainManifestsDoTheSame() throws Exception {
    List<String> blocks = page.blocks("Without Helm");
    assertThat(blocks).hasSize(2);

    commands.run(blocks.getFirst());
    assertThat(pods(OPERATORS)).hasSize(2);
    assertThat(pods(NODES)).hasSize(3);
    theOperatorWasRefusedNothing();

    commands.run(blocks.getLast());
    assertNothingIsLeft();
  }

  @Test
  @Order(16)
  void servesNamedNamespacesWithRolesAlone() throws Exception {
    runEach("Some namespaces only");

    assertThat(
            commands.run(
                "kubectl get clusterroles,clusterrolebindings -o name"
                    + " --selector app.kubernetes.io/part-of=partita"))
        .isEmpty();
    theOperatorWasRefusedNothing();
    commands.run("kubectl delete site/main --namespace team-a --cascade=foreground --timeout=5m");
    commands.run("helm uninstall partita --wait" + IN);
    commands.run("kubectl delete crd --all");
    commands.run("kubectl delete namespace team-a " + Chart.NAMESPACE);
  }

  @Test
  @Order(17)
  void everyCommandOfThePageWasRun() {
    page.assertComplete();
  }

  private static void assertNothingIsLeft() throws Exception {
    assertThat(commands.run("kubectl get crd -o name")).doesNotContain("partita.dev");
    assertThat(
            commands.run(
                "kubectl get clusterroles,clusterrolebindings,validatingadmissionpolicies,"
                    + "validatingadmissionpolicybindings -o name"
                    + " --selector app.kubernetes.io/part-of=partita"))
        .isEmpty();
    assertThat(commands.run("kubectl get namespaces -o name")).doesNotContain(Chart.NAMESPACE);
  }

  /// Runs the blocks of a section of the page, each in a shell of its own.
  private static String runEach(String heading) throws Exception {
    StringBuilder output = new StringBuilder();
    for (String block : page.blocks(heading)) {
      output.append(commands.run(block)).append('\n');
    }
    return output.toString();
  }

  /// What was just written reaches caches and the admission of the API server in a moment.
  private static void eventually(ThrowingRunnable assertion) {
    await().atMost(PATIENCE).untilAsserted(assertion);
  }

  private static String claimSize(String size) {
    return "kubectl patch pvc/still --type=merge -p '{\"spec\":{\"resources\":{\"requests\":{\"storage\":\"%s\"}}}}'%s"
        .formatted(size, IN);
  }

  /// Of all operators that run, from their start; one that has no container yet has no log.
  private static String operatorLogs() throws Exception {
    return commands.run("kubectl logs --tail=-1 --selector " + OPERATORS + IN + " || true");
  }

  private static List<String> names(String kind) throws Exception {
    return commands.run("kubectl get " + kind + " -o name" + IN).lines().toList();
  }

  private static List<JsonNode> pods(String selector) throws Exception {
    return items("kubectl get pods -o json --selector " + selector + IN);
  }

  private static List<JsonNode> items(String command) throws Exception {
    return Yaml.documents(commands.run(command)).getFirst().path("items").valueStream().toList();
  }

  private static Set<String> uids(String selector) throws Exception {
    Set<String> uids = new TreeSet<>();
    pods(selector).forEach(each -> uids.add(each.path("metadata").path("uid").asText()));
    return uids;
  }
}
