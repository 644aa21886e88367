package dev.partita.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.crd.Index;
import dev.partita.crd.IndexStatus;
import dev.partita.crd.Partition;
import dev.partita.crd.PartitionSpec;
import dev.partita.crd.PartitionStatus;
import dev.partita.crd.Site;
import dev.partita.crd.SiteStatus;
import dev.partita.operator.status.Conditions;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The operator against a control plane with a StatefulSet controller, and nodes that are fakes
/// with the real API.
abstract class OperatorSuite extends SharedControlPlane {

  /// From one kill point of the first start to the next that is tried: on a real control plane each
  /// takes three seconds.
  private static final int FIRST_START_STRIDE =
      System.getProperty(ControlPlane.KUBECONFIG) == null
          ? 1
          : Integer.getInteger("partita.kill.stride", 5);

  /// Looks of the operator at the nodes that leave room for figures and retries.
  private static final int QUIET_LOOKS = 40;

  // ---------------------------------------------------------------------------------------------------------- Site

  @Test
  void aSiteInPlainTextIsAdministeredInPlainText() {
    start(CrashPoint.never());
    apply(site(1, "tls: {mode: Disabled}"));

    awaitReady(Site.class, "main");

    assertThat(client().secrets().inNamespace(namespace).withName("partita-ca").get()).isNull();
  }

  @Test
  void aSiteWithoutTheSecretThatItNamesSaysSo() {
    start(CrashPoint.never());
    apply(site(1, "tls: {secretName: given, operatorSecretName: other}"));

    awaitCondition(Site.class, "main", "Stalled", "True", "Secret given: does not exist");
    assertThat(podNames()).isEmpty();
  }

  @Test
  void theFirstAdministratorIsMadeOnceAndAGivenOneIsKept() {
    start(CrashPoint.never());
    apply(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: partita-administrator}\nstringData: {username: me, password: mine}");
    apply(site(1));

    awaitReady(Site.class, "main");

    assertThat(
            client()
                .secrets()
                .inNamespace(namespace)
                .withName("partita-administrator")
                .require()
                .getData())
        .containsEntry("username", "bWU=");
  }

  @Test
  void siteBecomesRunningNodesThatFoundOneCluster() {
    start(CrashPoint.never());
    apply(site(3));

    awaitReady(Site.class, "main");

    StatefulSet set =
        Objects.requireNonNull(
            client().apps().statefulSets().inNamespace(namespace).withName("main").get());
    assertThat(set.getSpec().getPodManagementPolicy()).isEqualTo("Parallel");
    assertThat(set.getSpec().getUpdateStrategy().getType()).isEqualTo("OnDelete");
    assertThat(
            client()
                .services()
                .inNamespace(namespace)
                .withName("main-peers")
                .get()
                .getSpec()
                .getClusterIP())
        .isEqualTo("None");
    assertThat(client().services().inNamespace(namespace).withName("main").get()).isNotNull();
    assertThat(client().configMaps().inNamespace(namespace).withName("main").get()).isNotNull();
    assertThat(
            client()
                .policy()
                .v1()
                .podDisruptionBudget()
                .inNamespace(namespace)
                .withName("main")
                .get())
        .isNotNull();
    assertThat(cluster.bootstraps()).hasSize(3);
    assertThat(
            cluster.bootstraps().stream().map(each -> each.substring("main-0".length())).distinct())
        .hasSize(1);
    SiteStatus status = Objects.requireNonNull(get(Site.class, "main").getStatus());
    assertThat(status.nodes()).isEqualTo(3);
    assertThat(status.readyNodes()).isEqualTo(3);
    assertThat(status.selector()).contains("partita.dev/site=main");
  }

  @Test
  void operatorKilledAtAnyStepOfTheFirstStartFoundsOneCluster() {
    boolean survived = false;
    for (int writes = 0; !survived; writes += FIRST_START_STRIDE) {
      CrashPoint crash = CrashPoint.after(writes);
      TestOperator first = TestOperator.start(controlPlane(), namespace, HTTP_PORT, crash);
      apply(site(3));
      apply(partition("p", "range: {}, replicas: 3"));
      await().atMost(PATIENCE).until(() -> crash.isReached() || isReady(Partition.class, "p"));
      survived = !crash.isReached();
      first.close();
      start(CrashPoint.never());
      awaitReady(Site.class, "main");
      awaitReady(Partition.class, "p");
      assertThat(
              cluster.bootstraps().stream()
                  .map(each -> each.substring("main-0".length()))
                  .distinct())
          .as("killed after %d writes", writes)
          .hasSize(1);
      assertThat(cluster.bootstraps()).hasSize(3);
      end();
      begin();
    }
  }

  @Test
  void nothingIsWrittenWhenThereIsNothingToDo() {
    TestOperator running = start(CrashPoint.never());
    apply(site(3));
    apply(partition("p", "range: {}"));
    apply(index("i"));
    awaitReady(Site.class, "main");
    awaitReady(Partition.class, "p");
    awaitReady(Index.class, "i");
    cluster.figures("p", 1_000, 100);
    awaitStatus(Partition.class, "p", status -> Objects.equals(status.operationsPerSecond(), 100L));

    awaitStill();
    int writes = running.writes();
    int reconciles = running.activity().reconciles();
    cluster.figures("p", 1_000, 130);
    await().atMost(PATIENCE).until(() -> running.activity().reconciles() > reconciles);
    awaitLooks(QUIET_LOOKS);
    assertThat(running.writes()).isEqualTo(writes);
  }

  /// Waits until the Partition p has a condition that says all of this, and an event of that name.
  private void awaitWarning(String condition, String... told) {
    awaitStatus(
        Partition.class,
        "p",
        status ->
            Conditions.find(status.conditions(), condition)
                .filter(found -> found.status().equals("True"))
                .filter(found -> Stream.of(told).allMatch(found.message()::contains))
                .isPresent());
    await()
        .atMost(PATIENCE)
        .until(() ->
            client().v1().events().inNamespace(namespace).list().getItems().stream()
                .anyMatch(event ->
                    event.getReason().equals(condition) && event.getType().equals("Warning")));
  }

  @Test
  @LocalControlPlaneSuffices
  void aKeyThatNoSplitHelpsIsToldWhileItIsHot() {
    start(CrashPoint.never());
    apply(site(1));
    apply(partition("p", "range: {}, replicas: 1"));
    awaitReady(Partition.class, "p");

    cluster.hotKey("p", "k-7");

    awaitWarning("HotKey", "k-7");
    awaitReady(Partition.class, "p");

    cluster.hotKey("p", null);

    awaitStatus(
        Partition.class, "p", status -> Conditions.find(status.conditions(), "HotKey").isEmpty());
  }

  @Test
  @LocalControlPlaneSuffices
  void aQuorumThatWasGivenUpIsToldUntilSomebodyHasSeenToIt() {
    start(CrashPoint.never());
    apply(site(1));
    apply(partition("p", "range: {}, replicas: 1"));
    awaitReady(Partition.class, "p");

    cluster.recovered("p", "all that came after entry 7");

    awaitWarning("Recovered", "after entry 7", "recover acknowledge plan-1");

    cluster.recovered("p", null);

    awaitStatus(
        Partition.class,
        "p",
        status -> Conditions.find(status.conditions(), "Recovered").isEmpty());
  }

  @Test
  void scalingOutGivesNewNodesTheirShare() {
    start(CrashPoint.never());
    apply(site(3));
    for (int number = 0; number < 6; number++) {
      apply(partition("p" + number, "range: {start: %d, end: %d}".formatted(number, number + 1)));
    }
    for (int number = 0; number < 6; number++) {
      awaitReady(Partition.class, "p" + number);
    }

    scale(5);

    awaitReady(Site.class, "main");
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(cluster.load().values())
                .hasSize(5)
                .allSatisfy(each -> assertThat(each).isBetween(3, 4)));
    awaitStill();
    assertThat(cluster.operationLog())
        .filteredOn(each -> each.startsWith("MoveReplica"))
        .hasSize(6);
    awaitEvenLeaders();
  }

  @Test
  @LocalControlPlaneSuffices
  void leadersAreSpreadOneTransferAtATime() {
    TestOperator running = start(CrashPoint.never());
    apply(site(3));
    for (int number = 0; number < 9; number++) {
      apply(partition("p" + number, "range: {start: %d, end: %d}".formatted(number, number + 1)));
    }
    apply(partition("paused", "range: {start: 9, end: 10}"));
    for (int number = 0; number < 9; number++) {
      awaitReady(Partition.class, "p" + number);
    }
    awaitReady(Partition.class, "paused");
    apply(partition("paused", "range: {start: 9, end: 10}, paused: true"));
    awaitStatus(Partition.class, "paused", status -> "Paused".equals(status.phase()));

    cluster.leadEverything("main-1");

    awaitEvenLeaders();
    assertThat(cluster.mostTransfersAtOnce()).isEqualTo(1);
    assertThat(cluster.operationLog())
        .isNotEmpty()
        .allMatch(each -> each.startsWith("TransferLeader:p"))
        .noneMatch(each -> each.startsWith("TransferLeader:paused"));
    // A paused Partition never counts as settled, so the world is not waited for to stand still.
    await("all finished transfers are forgotten").atMost(PATIENCE).until(cluster::isQuiet);
    awaitLooks(QUIET_LOOKS);
    int before = running.writes();
    awaitLooks(QUIET_LOOKS);
    assertThat(running.writes()).isEqualTo(before);
  }

  private void awaitEvenLeaders() {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          Collection<Integer> leaders = cluster.leaders().values();
          assertThat(Collections.max(leaders) - Collections.min(leaders))
              .as(() -> cluster.leaders() + " " + cluster)
              .isLessThan(2);
        });
  }

  @Test
  void scalingInEmptiesTheHighestNodesFirst() {
    start(CrashPoint.never());
    apply(site(5));
    awaitReady(Site.class, "main");
    for (int number = 0; number < 5; number++) {
      apply(partition("p" + number, "range: {start: %d, end: %d}".formatted(number, number + 1)));
    }
    for (int number = 0; number < 5; number++) {
      awaitReady(Partition.class, "p" + number);
    }

    scale(3);

    awaitStill("three nodes", () -> podNames().size() == 3 && claimNames().size() == 3);
    assertThat(podNames()).containsExactly("main-0", "main-1", "main-2");
    assertThat(cluster.load()).containsOnlyKeys("main-0", "main-1", "main-2");
    assertThat(claimNames()).containsExactly("data-main-0", "data-main-1", "data-main-2");
    assertThat(cluster.wasAliveWhenRemoved("main-3")).isTrue();
    assertThat(cluster.wasAliveWhenRemoved("main-4")).isTrue();
    List<String> log = cluster.operationLog();
    assertThat(log.indexOf("RemoveNode:main-4:>"))
        .isGreaterThan(log.indexOf("DrainNode:main-4:>"))
        .isPositive();
  }

  @Test
  @LocalControlPlaneSuffices
  void scalingInThatCannotSucceedSaysSoAndCanBeCancelled() {
    start(CrashPoint.never());
    apply(site(3));
    apply(partition("p", "range: {}"));
    awaitReady(Partition.class, "p");

    scale(1);

    awaitCondition(
        Site.class,
        "main",
        "Stalled",
        "True",
        "Partition p has 3 replicas, but only 1 nodes would remain");
    assertThat(cluster.replicas("p")).containsExactly("main-0", "main-1", "main-2");
    scale(3);
    awaitStill();
    assertThat(podNames()).containsExactly("main-0", "main-1", "main-2");
    assertThat(cluster.operationLog()).contains("CancelDrain:main-1:>", "CancelDrain:main-2:>");
  }

  @Test
  void aNodeThatLostItsDiskIsReplacedByTheOneThatCameBack() {
    start(CrashPoint.never());
    apply(site(4));
    apply(partition("p", "range: {}, placement: [{site: main, replicas: 3}]"));
    awaitReady(Partition.class, "p");
    awaitReady(Site.class, "main");
    String lost = cluster.replicas("p").getLast();
    List<String> before = cluster.idsOf(lost);

    client().persistentVolumeClaims().inNamespace(namespace).withName("data-" + lost).delete();
    client().pods().inNamespace(namespace).withName(lost).delete();

    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(cluster.idsOf(lost))
                .as(cluster::toString)
                .hasSize(1)
                .doesNotContainAnyElementsOf(before));
    awaitStill();
    assertThat(cluster.replicas("p")).hasSize(3).doesNotHaveDuplicates();
  }

  @Test
  void aChangedTemplateRestartsPodsOneAtATime() {
    start(CrashPoint.never());
    apply(site(3));
    apply(partition("p", "range: {}"));
    awaitReady(Site.class, "main");
    awaitReady(Partition.class, "p");
    Set<String> before = podUids();

    apply(site(3, "resources: {requests: {cpu: 10m}}"));

    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          assertThat(podUids()).hasSize(3).doesNotContainAnyElementsOf(before);
          assertThat(isReady(Site.class, "main")).isTrue();
          assertThat(condition(get(Site.class, "main"), "Reconciling")).isEqualTo("False");
        });
    awaitReady(Partition.class, "p");
    assertThat(cluster.operationLog()).anyMatch(each -> each.startsWith("TransferLeader:p"));
  }

  // ----------------------------------------------------------------------------------------------------- Partition

  @Test
  void partitionMirrorsWhatTheNodesReport() {
    start(CrashPoint.never());
    apply(site(3));
    apply(partition("p", "range: {origin: 0, width: 10, number: -1}"));

    awaitReady(Partition.class, "p");
    cluster.figures("p", 42, 0);

    awaitStatus(Partition.class, "p", status -> Objects.equals(status.rows(), 42L));
    PartitionStatus status = Objects.requireNonNull(get(Partition.class, "p").getStatus());
    assertThat(status.phase()).isEqualTo("Ready");
    assertThat(status.leader()).startsWith("main-");
    assertThat(status.epoch()).isEqualTo(1);
    assertThat(status.replicas()).isEqualTo(3);
    assertThat(status.readyReplicas()).isEqualTo(3);
  }

  @Test
  @LocalControlPlaneSuffices
  void moreReplicasAreAddedOneAtATime() {
    start(CrashPoint.never());
    apply(site(5));
    apply(partition("p", "range: {}, replicas: 3"));
    awaitReady(Partition.class, "p");

    apply(partition("p", "range: {}, replicas: 5"));

    awaitStill("five replicas", () -> cluster.replicas("p").size() == 5);
    assertThat(get(Partition.class, "p").getStatus()).extracting("readyReplicas").isEqualTo(5);
    assertThat(cluster.operationLog())
        .hasSize(2)
        .allMatch(each -> each.startsWith("MoveReplica:p:>main-"));
    apply(partition("p", "range: {}, replicas: 1"));
    await().atMost(PATIENCE).until(() -> cluster.replicas("p").size() == 1);
  }

  @Test
  @LocalControlPlaneSuffices
  void overlappingBoundsAreReportedAndHealWhenTheOtherGoes() {
    start(CrashPoint.never());
    apply(site(3));
    apply(partition("low", "range: {start: 0, end: 100}"));
    awaitReady(Partition.class, "low");

    apply(partition("high", "range: {start: 99, end: 200}"));

    awaitCondition(
        Partition.class,
        "high",
        "Stalled",
        "True",
        "overlap those of Partition low in collection c");
    client().resources(Partition.class).inNamespace(namespace).withName("low").delete();
    awaitReady(Partition.class, "high");
    assertThat(cluster.partitions()).containsExactly("high");
  }

  @Test
  @LocalControlPlaneSuffices
  void columnGroupsAreMovedKeptAndBroughtBackLikeOthers() {
    start(CrashPoint.never());
    apply(site(4));
    apply(partition("profile", "columns: [email, name]"));
    apply(partition("login", "columns: [seen], split: {maxSize: 64Mi, mode: Auto}"));
    awaitReady(Partition.class, "profile");
    awaitReady(Partition.class, "login");
    apply(partition("torn", "columns: [other, seen]"));
    awaitCondition(
        Partition.class,
        "torn",
        "Stalled",
        "True",
        "overlap those of Partition login in collection c");
    cluster.figures("login", 42, 128L << 20);
    cluster.figures("profile", 7, 400);
    awaitStatus(Partition.class, "login", status -> Objects.equals(status.rows(), 42L));

    client().resources(Partition.class).inNamespace(namespace).withName("torn").delete();
    scale(3);

    await("three nodes")
        .atMost(PATIENCE)
        .until(() -> podNames().size() == 3 && claimNames().size() == 3);
    assertThat(cluster.load()).containsOnlyKeys("main-0", "main-1", "main-2");
    assertThat(cluster.operationLog()).noneMatch(each -> each.startsWith("Split"));
    awaitStatus(Partition.class, "profile", status -> Objects.equals(status.readyReplicas(), 3));

    client().resources(Partition.class).inNamespace(namespace).withName("profile").delete();
    await().atMost(PATIENCE).until(() -> !cluster.partitions().contains("profile"));
    assertThat(cluster.operationLog()).contains("drop:profile:rows=retain");
    apply(partition("profile", "columns: [email, name]"));
    awaitReady(Partition.class, "profile");
    awaitStatus(Partition.class, "profile", status -> Objects.equals(status.rows(), 7L));
  }

  @Test
  @LocalControlPlaneSuffices
  void impossiblePlacementSaysWhatToDo() {
    start(CrashPoint.never());
    apply(site(3));
    apply(partition("p", "range: {}, replicas: 5"));

    awaitCondition(Partition.class, "p", "Stalled", "True", "add nodes or lower replicas");
    scale(5);
    awaitReady(Partition.class, "p");
  }

  @Test
  void deletingAPartitionRespectsItsPolicy() {
    start(CrashPoint.never());
    apply(site(1));
    apply(partition("kept", "range: {start: 0, end: 1}, replicas: 1"));
    apply(partition("dropped", "range: {start: 1, end: 2}, replicas: 1, deletionPolicy: Delete"));
    awaitReady(Partition.class, "kept");
    awaitReady(Partition.class, "dropped");

    client().resources(Partition.class).inNamespace(namespace).delete();

    await()
        .atMost(PATIENCE)
        .until(() ->
            client().resources(Partition.class).inNamespace(namespace).list().getItems().isEmpty());
    assertThat(cluster.partitions()).isEmpty();
    assertThat(cluster.operationLog())
        .contains("drop:kept:rows=retain", "drop:dropped:rows=delete");
  }

  @Test
  void partsOfAPartitionThatWasSplitAreResourcesAndGoWithIt() {
    start(CrashPoint.never());
    apply(site(1));
    apply(partition("p", "range: {start: 0, end: 9}, replicas: 1, deletionPolicy: Delete"));
    awaitReady(Partition.class, "p");

    cluster.split("by-hand", "p", "5");

    awaitStatus(Partition.class, "p", status -> "Split".equals(status.phase()));
    List<String> parts = cluster.parts("p");
    assertThat(parts).hasSize(2);
    await()
        .atMost(PATIENCE)
        .until(() ->
            client().resources(Partition.class).inNamespace(namespace).list().getItems().size()
                == 3);
    parts.forEach(part -> awaitReady(Partition.class, part));
    await().atMost(PATIENCE).until(() -> cluster.replicas("p").isEmpty());
    cluster.forget("by-hand");
    String uid = get(Partition.class, parts.getFirst()).getMetadata().getUid();
    Resource<Partition> part =
        client().resources(Partition.class).inNamespace(namespace).withName(parts.getFirst());
    part.delete();
    await()
        .atMost(PATIENCE)
        .until(() ->
            Optional.ofNullable(part.get())
                .filter(each -> !each.getMetadata().getUid().equals(uid))
                .isPresent());
    assertThat(cluster.partitions()).hasSize(3);

    client().resources(Partition.class).inNamespace(namespace).withName("p").delete();

    await()
        .atMost(PATIENCE)
        .until(() ->
            client().resources(Partition.class).inNamespace(namespace).list().getItems().isEmpty());
    assertThat(cluster.partitions()).isEmpty();
  }

  @Test
  @LocalControlPlaneSuffices
  void aPausedPartitionIsLeftAlone() {
    start(CrashPoint.never());
    apply(site(3));
    apply(partition("p", "range: {}, replicas: 1"));
    awaitReady(Partition.class, "p");

    apply(partition("p", "range: {}, replicas: 3, paused: true"));

    awaitStatus(Partition.class, "p", status -> "Paused".equals(status.phase()));
    awaitLooks(QUIET_LOOKS);
    assertThat(cluster.replicas("p")).hasSize(1);
    apply(partition("p", "range: {}, replicas: 3, paused: false"));
    await().atMost(PATIENCE).until(() -> cluster.replicas("p").size() == 3);
  }

  // ---------------------------------------------------------------------------------------------
  // Index and requests

  @Test
  @LocalControlPlaneSuffices
  void indexFollowsItsBuildAndIsDropped() {
    start(CrashPoint.never());
    apply(site(1));
    apply(index("i"));

    awaitReady(Index.class, "i");

    IndexStatus status = Objects.requireNonNull(get(Index.class, "i").getStatus());
    assertThat(status.progress()).isEqualTo(100);
    client().resources(Index.class).inNamespace(namespace).withName("i").delete();
    await().atMost(PATIENCE).until(() -> cluster.indexes().isEmpty());
  }

  @Test
  @LocalControlPlaneSuffices
  void anIndexWhoseCopiesWouldLeaveTheResidencyIsRefused() {
    start(CrashPoint.never());
    apply(site(1));
    apply(partition("here", "columns: [f], replicas: 1, residency: [{site: main}]"));
    awaitReady(Partition.class, "here");
    apply(partition("anywhere", "columns: [g], replicas: 1"));
    awaitReady(Partition.class, "anywhere");
    String index =
        "{\"collection\":\"c\",\"terms\":[{\"field\":\"f\"},{\"field\":\"g\"}],\"values\":[],\"unique\":false}";
    cluster.request("r1", "Create", "Index", "over", index);
    await().atMost(PATIENCE).until(() -> !cluster.answer("r1").isEmpty());
    assertThat(cluster.answer("r1")).startsWith("Refused").contains("residency", "anywhere");
    apply(
        "apiVersion: partita.dev/v1alpha1\nkind: Index\nmetadata: {name: over}\nspec: {collection: c, terms: [{field: f}, {field: g}]}");
    await()
        .atMost(PATIENCE)
        .until(() -> {
          IndexStatus status = get(Index.class, "over").getStatus();
          return status != null && "Stalled".equals(status.phase());
        });
    assertThat(cluster.indexes()).isEmpty();
    apply(partition("anywhere", "columns: [g], replicas: 1, residency: [{site: main}]"));
    await().atMost(PATIENCE).until(() -> !cluster.indexes().isEmpty());
  }

  @Test
  void requestsBecomeResourcesAndAreAnswered() {
    start(CrashPoint.never());
    apply(site(1));
    awaitReady(Site.class, "main");

    cluster.request(
        "r1",
        "Create",
        "Partition",
        "my_partition",
        "{\"collection\":\"c\",\"range\":{\"start\":1,\"end\":2},\"replicas\":1}");
    cluster.request(
        "r2",
        "Create",
        "Partition",
        "bad",
        "{\"collection\":\"c\",\"range\":{\"start\":2,\"end\":1}}");

    await()
        .atMost(PATIENCE)
        .until(() -> !cluster.answer("r1").isEmpty() && !cluster.answer("r2").isEmpty());
    assertThat(cluster.answer("r1")).startsWith("Accepted");
    assertThat(cluster.answer("r2")).startsWith("Refused").contains("start must be less than end");
    awaitReady(Partition.class, "my-partition-e87170");
    assertThat(get(Partition.class, "my-partition-e87170").getMetadata().getAnnotations())
        .containsEntry("partita.dev/name", "my_partition");
    cluster.request(
        "r3", "Create", "Partition", "my_partition", "{\"collection\":\"c\",\"range\":{}}");
    await().atMost(PATIENCE).until(() -> cluster.answer("r3").startsWith("Refused"));
    cluster.request("r4", "Delete", "Partition", "my_partition", "{}");
    await()
        .atMost(PATIENCE)
        .until(() -> cluster.answer("r4").startsWith("Accepted") && cluster.partitions().isEmpty());
  }

  @Test
  void aRequestSaysAllThatAResourceCanSayAndIsRefusedWhereThatCannotBe() {
    start(CrashPoint.never());
    apply(site(1));
    awaitReady(Site.class, "main");
    String wanted =
        "{\"collection\":\"c\",\"range\":{\"start\":1,\"end\":2},\"replicas\":1,"
            + "\"placement\":[{\"siteSelector\":{},\"replicas\":1}],"
            + "\"leader\":{\"site\":\"main\"},\"residency\":[{\"site\":\"main\"}],"
            + "\"split\":{\"maxSize\":\"1Gi\",\"mode\":\"Auto\"},\"deletionPolicy\":\"Delete\"}";
    cluster.request("all", "Create", "Partition", "all", wanted);
    cluster.request(
        "goal",
        "Create",
        "Partition",
        "goal",
        "{\"collection\":\"d\",\"range\":{},\"replicas\":3,\"survive\":\"Zone\"}");
    cluster.request(
        "place",
        "Create",
        "Partition",
        "place",
        "{\"collection\":\"d\",\"range\":{},\"replicas\":1,\"residency\":[{\"region\":\"mars\"}]}");
    cluster.request(
        "misspelt",
        "Create",
        "Partition",
        "misspelt",
        "{\"collection\":\"d\",\"range\":{},\"replicas\":1,\"leader\":{\"site\":\"main\",\"regoin\":\"r\"}}");
    cluster.request(
        "paused",
        "Create",
        "Partition",
        "paused",
        "{\"collection\":\"d\",\"range\":{},\"replicas\":3,\"paused\":true}");

    await()
        .atMost(PATIENCE)
        .until(() ->
            Stream.of("all", "goal", "place", "misspelt", "paused")
                .noneMatch(id -> cluster.answer(id).isEmpty()));

    assertThat(cluster.answer("all")).startsWith("Accepted");
    assertThat(get(Partition.class, "all").getSpec())
        .isEqualTo(client().getKubernetesSerialization().unmarshal(wanted, PartitionSpec.class));
    assertThat(cluster.answer("goal")).startsWith("Refused").contains("only 1 can hold one");
    assertThat(cluster.answer("place")).startsWith("Refused").contains("spec.residency allows 0");
    assertThat(cluster.answer("misspelt")).startsWith("Refused").contains("regoin");
    assertThat(cluster.answer("paused")).startsWith("Accepted");
    assertThat(client().resources(Partition.class).inNamespace(namespace).list().getItems())
        .extracting(each -> each.getMetadata().getName())
        .containsExactlyInAnyOrder("all", "paused");
    awaitReady(Partition.class, "all");
  }
}
