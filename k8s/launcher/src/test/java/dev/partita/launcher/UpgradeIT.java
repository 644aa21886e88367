package dev.partita.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.local.LocalControlPlane;
import dev.partita.local.runner.NodeSpec;
import dev.partita.testbed.DocumentedPage;
import dev.partita.testbed.PageCommands;
import dev.partita.testbed.Shell;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Runs the commands of `k8s/docs/upgrades.md` on node processes of this machine, with a load of
/// writes beside them all the time: none that was acknowledged may be lost. Every command of the
/// page has to be run by some step.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class UpgradeIT {
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final Path CHECKOUT = Path.of(System.getProperty("partita.checkout"));

  private static final String SITE =
      """
      apiVersion: partita.dev/v1alpha1
      kind: Site
      metadata: {name: main}
      spec:
        nodes: 3
        storage: {size: 2Gi}
        image: partita/node:1
        replaceAfter: 2s
        tls: {clients: Optional}
        authentication: Disabled
      """;
  private static final String PARTITIONS =
      Stream.of(0, 1, 2)
          .map(remainder ->
              """
              ---
              apiVersion: partita.dev/v1alpha1
              kind: Partition
              metadata: {name: %s}
              spec: {collection: load, hash: {modulus: 3, remainder: %d}, replicas: 3}
              """
                  .formatted(remainder == 0 ? "p" : "p-" + remainder, remainder))
          .collect(Collectors.joining());

  @TempDir private static Path home;

  private static PageCommands page;
  private static LocalControlPlane controlPlane;
  private static Cluster cluster;
  private static @Nullable OperatorProcess operator;

  private static WriteLoad load;

  @RegisterExtension
  static final FailureReport REPORT =
      new FailureReport(
          () -> page == null ? null : page.shell(), () -> new Workspace(CHECKOUT, home));

  @BeforeAll
  static void start() throws Exception {
    MainJobSteps.assumeKubectl();
    Workspace workspace = new Workspace(CHECKOUT, home);
    controlPlane =
        LocalControlPlane.start(
            new LocalControlPlane.Settings(
                workspace.controlPlane(),
                0,
                NodeSpec.local(3),
                Map.of(
                    "partita/node",
                    JavaCommand.node(workspace.nodeJar()),
                    "partita/crashing",
                    List.of("false"))));
    Files.writeString(workspace.kubeconfig(), controlPlane.kubeconfig());
    page =
        PageCommands.of(
            CHECKOUT,
            DocumentedPage.UPGRADES,
            PartitaCommand.shell(home).with("KUBECONFIG", workspace.kubeconfig().toString()));
    cluster = Cluster.connect(workspace.kubeconfig());
    cluster.apply(workspace.customResourceDefinitions());
    startOperator();
    apply(SITE + PARTITIONS);
    awaitSettled();
    load = WriteLoad.start(() -> cluster.readyNodes(), "load");
  }

  @AfterAll
  static void stop() throws Exception {
    if (controlPlane == null) {
      return; // There is no kubectl.
    }
    load.close();
    Objects.requireNonNull(operator).close();
    cluster.close();
    controlPlane.close();
    page.assertComplete();
  }

  @BeforeEach
  void theLoadRuns() {
    awaitProgress();
    load.longest();
  }

  /// Whatever a step has done: writes go on, and none of those before it, in it and after it is
  /// lost.
  @AfterEach
  void nothingIsLost(TestInfo step) {
    awaitProgress();
    System.err.printf(
        "%s: %d writes so far, the longest took %d ms%n",
        step.getDisplayName(), load.acknowledged(), load.longest().toMillis());
    awaitSettled();
    assertThat(load.lost()).as("lost of " + load.acknowledged()).isEmpty();
  }

  @Test
  @Order(1)
  void aNewVersionOfTheOperatorRestartsNoPod() throws Exception {
    Set<String> before = podUids();
    Objects.requireNonNull(operator).close();
    startOperator();
    // It has looked at everything when it has answered a change of the spec.
    page.shell()
        .run("kubectl patch site main --type=merge -p '{\"spec\":{\"replaceAfter\":\"3s\"}}'");
    awaitSite();
    assertThat(podUids()).isEqualTo(before);
    page.run("kubectl get partita");
  }

  @Test
  @Order(2)
  void aNewVersionOfTheNodesRolls() throws Exception {
    Set<String> before = podUids();
    try (PodAbsences absences = PodAbsences.watch(UpgradeIT::pods)) {
      page.run(
          "kubectl patch site main --type=merge -p '{\"spec\":{\"image\":\"partita/node:2\"}}'");
      page.run("kubectl wait site/main --for=jsonpath='{.status.phase}'=Rolling --timeout=60s");
      page.run("kubectl wait site/main --for=jsonpath='{.status.phase}'=Ready --timeout=15m");
      assertThat(images()).containsOnly("partita/node:2");
      assertThat(podUids()).hasSize(3).doesNotContainAnyElementsOf(before);
      await().atMost(PATIENCE).until(() -> absences.ended().size() >= 3);
      // A client never waits for a pod to come back: whatever it had led was handed over.
      assertThat(load.longest()).isLessThan(Collections.min(absences.ended()));
    }
    for (Pod pod : pods()) {
      assertThat(logOfTheProcessBefore(pod.getMetadata().getName()))
          .content()
          .contains("The node was asked to stop: it hands leadership over")
          .doesNotContain("the others elect anew");
    }
  }

  @Test
  @Order(3)
  void aBrokenVersionStopsAfterTheFirstPod() throws Exception {
    page.shell()
        .run(
            "kubectl patch site main --type=merge -p '{\"spec\":{\"image\":\"partita/crashing:1\"}}'");
    await()
        .atMost(PATIENCE)
        .until(() ->
            page.run(
                    "kubectl get site main -o jsonpath='{.status.conditions[?(@.type==\"Ready\")].message}'")
                .contains("CrashLoopBackOff"));
    awaitProgress();
    assertThat(images())
        .containsExactlyInAnyOrder("partita/crashing:1", "partita/node:2", "partita/node:2");
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          Shell.Run doctor = page.shell().attempt("./partita doctor");
          assertThat(doctor.exitCode()).isEqualTo(1);
          assertThat(doctor.output())
              .contains("pod/main-", "CrashLoopBackOff", "is spec.image of the Site right?")
              .doesNotContain("NO QUORUM");
        });
    page.run("kubectl patch site main --type=merge -p '{\"spec\":{\"image\":\"partita/node:2\"}}'");
    await().atMost(PATIENCE).until(() -> areAll("partita/node:2"));
  }

  @Test
  @Order(4)
  void leadersWaitForApproval() throws Exception {
    page.run(
        "kubectl patch site main --type=merge -p '{\"spec\":{\"restartApproval\":\"Leaders\"}}'");
    page.shell()
        .run("kubectl patch site main --type=merge -p '{\"spec\":{\"image\":\"partita/node:3\"}}'");
    while (!areAll("partita/node:3")) {
      await()
          .atMost(PATIENCE)
          .until(() -> message().contains("kubectl annotate") || areAll("partita/node:3"));
      String told = message();
      if (told.contains("kubectl annotate")) {
        String command = told.substring(told.indexOf("kubectl annotate"));
        page.run(
            "kubectl annotate site main partita.dev/approve=POD.REVISION --overwrite", command);
        String pod = command.replaceFirst(".*approve=([^.]*)\\..*", "$1");
        await().atMost(PATIENCE).until(() -> imageOf(pod).equals("partita/node:3"));
      }
    }
    page.shell()
        .run("kubectl patch site main --type=merge -p '{\"spec\":{\"restartApproval\":\"None\"}}'");
  }

  @Test
  @Order(5)
  void aPausedSiteIsLeftAlone() throws Exception {
    page.run("kubectl patch site main --type=merge -p '{\"spec\":{\"paused\":true}}'");
    page.shell()
        .run("kubectl wait site/main --for=jsonpath='{.status.phase}'=Paused --timeout=60s");
    awaitProgress();
    page.run("kubectl patch site main --type=merge -p '{\"spec\":{\"paused\":false}}'");
  }

  @Test
  @Order(6)
  void storageGrowsOnline() throws Exception {
    Set<String> before = podUids();
    page.run(
        "kubectl patch site main --type=merge -p '{\"spec\":{\"storage\":{\"size\":\"3Gi\"}}}'");
    await()
        .atMost(PATIENCE)
        .until(() ->
            page.shell()
                .run("kubectl get pvc -o jsonpath='{.items[*].status.capacity.storage}'")
                .equals("3Gi 3Gi 3Gi"));
    awaitSite();
    assertThat(podUids()).isEqualTo(before);
    assertThat(
            page.shell()
                .attempt(
                    "kubectl patch site main --type=merge -p '{\"spec\":{\"storage\":{\"size\":\"2Gi\"}}}'")
                .output())
        .contains("size may only grow");
  }

  @Test
  @Order(7)
  void aDrainedServerHandsItsLeadersOverAndLosesItsPod() throws Exception {
    // Nodes have just been rolled: for a moment the resource may tell of no leader.
    Pod leading =
        await()
            .atMost(PATIENCE)
            .until(() -> podIfThere(leaderOf("p")), Optional::isPresent)
            .orElseThrow();
    String name = leading.getMetadata().getName();
    String server = leading.getSpec().getNodeName();
    Path log = home.resolve("drained.log");
    Process follow =
        new ProcessBuilder(
                "kubectl", "logs", "--follow", name, "--kubeconfig", home + "/kubeconfig")
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    page.run(
        "kubectl drain NODE --ignore-daemonsets --delete-emptydir-data",
        "kubectl drain " + server + " --ignore-daemonsets --delete-emptydir-data");
    page.run("kubectl uncordon NODE", "kubectl uncordon " + server);
    await()
        .atMost(PATIENCE)
        .until(() ->
            pods().stream()
                .noneMatch(
                    pod -> pod.getMetadata().getUid().equals(leading.getMetadata().getUid())));
    follow.destroy();
    follow.waitFor();
    assertThat(log).content().containsPattern("Handed over the leadership of (all )?[1-9]");
  }

  @Test
  @Order(8)
  void aNodeIsGivenUpByHand() throws Exception {
    String uid = podOf("main-2").getMetadata().getUid();
    page.run("kubectl delete pvc/data-main-2 pod/main-2");
    await()
        .atMost(PATIENCE)
        .until(() -> pods().size() == 3 && !podOf("main-2").getMetadata().getUid().equals(uid));
  }

  @Test
  @Order(9)
  void aLostVolumeIsReplacedWithoutAPerson() throws Exception {
    String claim = page.shell().run("kubectl get pvc data-main-1 -o jsonpath='{.metadata.uid}'");
    String volume =
        page.shell().run("kubectl get pvc data-main-1 -o jsonpath='{.spec.volumeName}'");
    page.shell().run("kubectl delete pv " + volume);
    page.shell()
        .run("kubectl wait pvc/data-main-1 --for=jsonpath='{.status.phase}'=Lost --timeout=60s");
    page.shell().run("kubectl delete pod main-1");
    await()
        .atMost(PATIENCE)
        .until(() ->
            !page.shell()
                .attempt(
                    "kubectl get pvc data-main-1 --ignore-not-found -o jsonpath='{.metadata.uid}'")
                .output()
                .equals(claim));
  }

  @Test
  @Order(10)
  void resourcesThatAreMadeAnewAdoptTheCluster() throws Exception {
    Set<String> before = podUids();
    Objects.requireNonNull(operator).close();
    page.run("kubectl patch partition p --type=merge -p '{\"metadata\":{\"finalizers\":null}}'");
    page.run("kubectl delete partition p --cascade=orphan");
    for (String other : List.of("p-1", "p-2")) {
      page.shell()
          .run(
              "kubectl patch partition "
                  + other
                  + " --type=merge -p '{\"metadata\":{\"finalizers\":null}}' && kubectl delete partition "
                  + other
                  + " --cascade=orphan");
    }
    page.run("kubectl delete site main --cascade=orphan");
    apply(
        SITE.replace("partita/node:1", "partita/node:3").replace("size: 2Gi", "size: 3Gi")
            + PARTITIONS);
    assertThat(sites()).allMatch(site -> site.get("status") == null);
    startOperator();
    awaitSettled();
    assertThat(podUids()).isEqualTo(before);
  }

  @Test
  @Order(11)
  void aDeletedStatefulSetComesBack() throws Exception {
    String uid = page.shell().run("kubectl get statefulset main -o jsonpath='{.metadata.uid}'");
    page.run("kubectl delete statefulset main");
    await()
        .atMost(PATIENCE)
        .until(() -> {
          String now =
              page.shell()
                  .attempt(
                      "kubectl get statefulset main --ignore-not-found -o jsonpath='{.metadata.uid}'")
                  .output();
          return !now.isEmpty() && !now.equals(uid);
        });
  }

  @Test
  @Order(12)
  void theDoctorFindsNothing() throws Exception {
    awaitSettled();
    // Leaders that restarts have gathered are spread some time after all is well.
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(page.run("./partita doctor")).contains("nothing is wrong"));
  }

  @Test
  @Order(13)
  void nodesThatHoldThePartsOfAPartitionRollToo() throws Exception {
    try (NodeAdministration nodes = NodeAdministration.of(cluster.client())) {
      nodes.split(pods().getFirst().getStatus().getPodIP(), "p-2");
    }
    awaitProgress();
    Set<String> before = podUids();
    page.shell()
        .run("kubectl patch site main --type=merge -p '{\"spec\":{\"image\":\"partita/node:4\"}}'");
    await().atMost(PATIENCE).until(() -> areAll("partita/node:4"));
    assertThat(podUids()).hasSize(3).doesNotContainAnyElementsOf(before);
  }

  /// Many nodes start here and none runs for long, so they are compiled quickly rather than well.
  private static void startOperator() {
    Workspace workspace = new Workspace(CHECKOUT, home);
    operator =
        OperatorProcess.start(
            workspace.operatorJar(),
            workspace.operatorLog(),
            Map.of(
                "KUBECONFIG",
                workspace.kubeconfig().toString(),
                "QUARKUS_OPERATOR_SDK_NAMESPACES",
                "default",
                "QUARKUS_HTTP_HOST",
                "127.0.0.1",
                "QUARKUS_HTTP_PORT",
                "0"));
  }

  private static void apply(String yaml) throws IOException {
    Files.writeString(home.resolve("resources.yaml"), yaml);
    cluster.apply(home);
  }

  private void awaitProgress() {
    int before = load.acknowledged();
    await().atMost(PATIENCE).until(() -> load.acknowledged() > before + 50);
  }

  /// The Site is as its spec says, whatever its Partitions are at.
  private static void awaitSite() {
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(unsettled(sites())).isEmpty());
  }

  /// Everything is as its spec says and stays so: a Partition may not know yet of what a Site has
  /// done.
  private static void awaitSettled() {
    await()
        .atMost(PATIENCE)
        .during(Duration.ofSeconds(1))
        .untilAsserted(() -> {
          assertThat(unsettled(sites())).isEmpty();
          assertThat(unsettled(cluster.list("Partition", "partitions"))).isEmpty();
          assertThat(pods()).hasSize(3);
        });
  }

  private static List<GenericKubernetesResource> sites() {
    return cluster.list("Site", "sites");
  }

  private static List<String> unsettled(List<GenericKubernetesResource> resources) {
    return resources.stream()
        .filter(each ->
            !Cluster.status(each, "Ready", "status").equals("True")
                || !Cluster.status(each, "Reconciling", "status").equals("False")
                || !Cluster.status(each, "Ready", "observedGeneration")
                    .equals(String.valueOf(each.getMetadata().getGeneration())))
        .map(each -> each.getMetadata().getName() + ": " + Cluster.status(each, "Ready", "message"))
        .toList();
  }

  private static String message() {
    return cluster.list("Site", "sites").stream()
        .map(site -> Cluster.status(site, "Ready", "message"))
        .collect(Collectors.joining());
  }

  private static String leaderOf(String partition) {
    return cluster.list("Partition", "partitions").stream()
        .filter(each -> each.getMetadata().getName().equals(partition))
        .map((GenericKubernetesResource each) ->
            String.valueOf(each.<Object>get("status", "leader")))
        .collect(Collectors.joining());
  }

  private static List<Pod> pods() {
    return cluster.pods();
  }

  private static Pod podOf(String name) {
    return podIfThere(name).orElseThrow(() -> new AssertionError("no pod " + name));
  }

  private static Optional<Pod> podIfThere(String name) {
    return pods().stream().filter(pod -> pod.getMetadata().getName().equals(name)).findFirst();
  }

  private static Set<String> podUids() {
    return pods().stream().map(pod -> pod.getMetadata().getUid()).collect(Collectors.toSet());
  }

  private static List<String> images() {
    return pods().stream().map(pod -> pod.getSpec().getContainers().getFirst().getImage()).toList();
  }

  /// Also the one that was deleted last and is not there again for a moment.
  private static boolean areAll(String image) {
    return images().equals(Collections.nCopies(3, image));
  }

  private static String imageOf(String name) {
    return pods().stream()
        .filter(pod -> pod.getMetadata().getName().equals(name))
        .map(pod -> pod.getSpec().getContainers().getFirst().getImage())
        .collect(Collectors.joining());
  }

  private static Path logOfTheProcessBefore(String pod) {
    return new Workspace(CHECKOUT, home)
        .controlPlane()
        .resolve("logs/default/" + pod + ".previous.log");
  }
}
