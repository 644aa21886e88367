package dev.partita.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.crd.Index;
import dev.partita.crd.Partition;
import dev.partita.crd.Site;
import dev.partita.operator.fake.FakeCluster;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.resource.Labels;
import dev.partita.operator.rollout.Approvals;
import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What happens to a running database: upgrades, growth, drained and lost nodes, and what people do
/// to its resources. Against a control plane with a StatefulSet controller, and nodes that are
/// fakes with the real API.
abstract class DayTwoSuite extends SharedControlPlane {

  private static final int QUIET_LOOKS = 20;
  private static final String P = partition("p", "range: {}");

  @BeforeEach
  void startOperator() {
    start(CrashPoint.never());
  }

  // ------------------------------------------------------------------------------------------------------ upgrades

  @Test
  @LocalControlPlaneSuffices
  void anotherVersionOfTheOperatorRestartsNoPod() {
    apply(site(3));
    apply(P);
    awaitStill();
    Set<String> before = podUids();
    editStatefulSet(set -> {
      // What an earlier version might have written.
      set.getMetadata().getAnnotations().put(Labels.HASH, "earlier");
      set.getSpec().getTemplate().getSpec().setTerminationGracePeriodSeconds(59L);
    });

    restart("partita/fake-node:next");

    await()
        .atMost(PATIENCE)
        .until(() ->
            statefulSet().getSpec().getTemplate().getSpec().getTerminationGracePeriodSeconds()
                == 60);
    awaitStill();
    awaitLooks(QUIET_LOOKS);
    assertThat(podUids()).isEqualTo(before);
    assertThat(images()).containsOnly(TestOperator.IMAGE);
  }

  @Test
  void aNewImageRestartsPodsOneByOneAndABrokenOneStopsAfterTheFirst() {
    apply(site(3, "image: 'partita/fake-node:1'"));
    apply(P);
    awaitStill();

    apply(site(3, "image: 'partita/broken:2'"));

    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> {
          assertThat(images()).contains("partita/broken:2");
          assertThat(message()).contains("ErrImagePull");
        });
    awaitLooks(QUIET_LOOKS);
    assertThat(images())
        .containsExactlyInAnyOrder(
            "partita/broken:2", "partita/fake-node:1", "partita/fake-node:1");
    apply(site(3, "image: 'partita/fake-node:3'"));
    awaitStill("the third version", () -> Set.copyOf(images()).size() == 1);
    assertThat(images()).containsOnly("partita/fake-node:3").hasSize(3);
    assertThat(cluster.replicas("p")).hasSize(3);
    assertThat(cluster.operationLog()).noneMatch(each -> each.startsWith("MoveReplica"));
  }

  @Test
  @LocalControlPlaneSuffices
  void leadersRestartOnlyWhenAPersonApproves() {
    apply(site(3, "image: 'partita/fake-node:1', restartApproval: Leaders"));
    apply(P);
    awaitStill();

    apply(site(3, "image: 'partita/fake-node:2', restartApproval: Leaders"));

    String first = awaitApprovalNeeded();
    awaitLooks(QUIET_LOOKS);
    assertThat(images()).contains("partita/fake-node:1");
    assertThat(cluster.operationLog()).noneMatch(each -> each.startsWith("TransferLeader"));
    String approved = "";
    while (!Set.copyOf(images()).equals(Set.of("partita/fake-node:2"))) {
      String token = awaitApprovalNeeded();
      assertThat(token).isNotEqualTo(approved);
      approve(token);
      approved = token;
      String pod = token.substring(0, token.indexOf('.'));
      await().atMost(PATIENCE).until(() -> imageOf(pod).equals("partita/fake-node:2"));
    }
    awaitStill();
    assertThat(first).startsWith("main-");
  }

  @Test
  @LocalControlPlaneSuffices
  void aPausedSiteIsLeftAlone() {
    apply(site(3));
    apply(P);
    awaitStill();
    Set<String> before = podUids();

    apply(site(4, "paused: true, image: 'partita/fake-node:2'"));

    await().atMost(PATIENCE).until(() -> phase().equals("Paused"));
    awaitLooks(1);
    int writes = operator().writes();
    awaitLooks(QUIET_LOOKS);
    assertThat(operator().writes()).isEqualTo(writes);
    assertThat(podUids()).isEqualTo(before);
    apply(site(4, "paused: false"));
    awaitStill("four nodes", () -> podNames().size() == 4);
    assertThat(podUids()).containsAll(before);
  }

  // ------------------------------------------------------------------------------------------------------- storage

  @Test
  @LocalControlPlaneSuffices
  void whatIsMadeAgainWithoutItsVolumesIsAnotherDatabase() {
    apply(site(1));
    awaitReady(Site.class, "main");

    operator()
        .withoutPolls(() -> {
          stopNodes();
          client().resources(Site.class).inNamespace(namespace).withName("main").delete();
          await().atMost(PATIENCE).until(() -> podNames().isEmpty());
          client().persistentVolumeClaims().inNamespace(namespace).delete();
          client().configMaps().inNamespace(namespace).withName("partita-cluster").delete();
          await().atMost(PATIENCE).until(() -> claimNames().isEmpty());
          cluster = new FakeCluster();
          startNodes();
          apply(site(1));
          await().atMost(PATIENCE).until(() -> cluster.bootstraps().size() == 1);
        });

    awaitReady(Site.class, "main");
    assertThat(cluster.bootstraps()).hasSize(1);
  }

  @Test
  @LocalControlPlaneSuffices
  void nodesThatAllRestForLongAreFoundAgain() {
    apply(site(3));
    apply(P);
    awaitStill();
    apply(site(3, "paused: true"));
    await().atMost(PATIENCE).until(() -> phase().equals("Paused"));

    DataPlane known = operator().dataPlane();
    editStatefulSet(set -> set.getSpec().setReplicas(0));
    await("the operator to forget them")
        .atMost(PATIENCE)
        .until(() -> operator().dataPlane() != known);
    apply(site(3, "paused: false"));

    awaitStill("the nodes", () -> podNames().size() == 3);
    assertThat(cluster.bootstraps()).hasSize(3);
  }

  @Test
  @LocalControlPlaneSuffices
  void storageGrowsWithoutARestart() {
    apply(site(3));
    apply(P);
    awaitStill();
    Set<String> before = podUids();

    apply(site(3).replace("size: 1Mi", "size: 3Mi"));

    awaitStill("larger claims", () -> claimSizes().equals(List.of("3Mi", "3Mi", "3Mi")));
    assertThat(templateSize()).isEqualTo("3Mi");
    assertThat(podUids()).isEqualTo(before);
    apply(site(4).replace("size: 1Mi", "size: 3Mi"));
    awaitStill("a fourth node", () -> claimSizes().equals(List.of("3Mi", "3Mi", "3Mi", "3Mi")));
    assertThat(podUids()).containsAll(before);
  }

  /// As nodes do not whose volumes are full.
  @Test
  void storageGrowsWhileNoNodeAnswers() {
    apply(site(2));
    awaitStill();
    stopNodes();

    apply(site(2).replace("size: 1Mi", "size: 2Mi"));

    await().atMost(PATIENCE).until(() -> claimSizes().equals(List.of("2Mi", "2Mi")));
    startNodes();
    awaitStill();
    assertThat(templateSize()).isEqualTo("2Mi");
  }

  @Test
  void aStorageClassThatCannotGrowIsNamed() {
    String storageClass = "fixed-" + namespace;
    client()
        .resource(
            new StorageClassBuilder()
                .withNewMetadata()
                .withName(storageClass)
                .endMetadata()
                .withProvisioner("testbed.partita.dev/directory")
                .build())
        .create();
    try {
      String fixed = site(1).replace("size: 1Mi", "size: 1Mi, className: " + storageClass);
      apply(fixed);
      awaitStill();

      apply(fixed.replace("size: 1Mi", "size: 2Mi"));

      awaitCondition(Site.class, "main", "Stalled", "True", "on storage class " + storageClass);
      assertThat(claimSizes()).containsExactly("1Mi");
    } finally {
      client().storage().v1().storageClasses().withName(storageClass).delete();
    }
  }

  // ------------------------------------------------------------------------------------------------- nodes that go

  @Test
  void evictionsAreRefusedWhileAGroupWouldNotSurviveThem() {
    apply(site(3));
    apply(P);
    awaitStill();
    assertThat(evictable()).isEqualTo(1);
    String lagging = cluster.replicas("p").getFirst();

    cluster.lag("p", lagging, true);

    await().atMost(PATIENCE).until(() -> evictable() == 0);
    String other = cluster.replicas("p").getLast();
    await()
        .atMost(PATIENCE)
        .until(() -> !client().pods().inNamespace(namespace).withName(other).evict());
    cluster.lag("p", lagging, false);
    await().atMost(PATIENCE).until(() -> evictable() == 1);
    String uid = uidOf(other);
    await()
        .atMost(PATIENCE)
        .until(() ->
            !uidOf(other).equals(uid)
                || client().pods().inNamespace(namespace).withName(other).evict());
    awaitStill("the evicted pod again", () -> podNames().size() == 3);
    assertThat(uidOf(other)).isNotEqualTo(uid);
    assertThat(cluster.operationLog()).noneMatch(each -> each.startsWith("MoveReplica"));
  }

  @Test
  void aLostVolumeIsReplacedAfterTheDeadline() {
    apply(site(4, "replaceAfter: 2s"));
    apply(partition("p", "range: {}, replicas: 3"));
    awaitStill();
    String lost = cluster.replicas("p").getFirst();
    List<String> before = cluster.idsOf(lost);

    loseVolumeOf(lost);

    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(cluster.idsOf(lost))
                .as(() -> cluster + " " + message())
                .hasSize(1)
                .doesNotContainAnyElementsOf(before));
    awaitStill();
    assertThat(cluster.replicas("p")).hasSize(3).doesNotHaveDuplicates();
    assertThat(cluster.states()).hasSize(4);
  }

  @Test
  @LocalControlPlaneSuffices
  void theOnlyCopyIsNotGivenUpWithItsVolume() {
    apply(site(3, "replaceAfter: 1s"));
    apply(partition("p", "range: {}, replicas: 1"));
    awaitStill();
    String lost = cluster.replicas("p").getFirst();
    List<String> before = cluster.idsOf(lost);

    loseVolumeOf(lost);

    awaitCondition(Site.class, "main", "Stalled", "True", "Partition p has no quorum without it");
    awaitLooks(QUIET_LOOKS);
    assertThat(cluster.idsOf(lost)).isEqualTo(before);
    assertThat(message()).contains("kubectl delete pvc/data-" + lost + " pod/" + lost);
  }

  // ---------------------------------------------------------------------------------------------
  // what people may do

  @Test
  void resourcesThatAreMadeAnewAdoptTheRunningCluster() {
    apply(site(3));
    apply(P);
    apply(index("i"));
    awaitStill();
    Set<String> before = podUids();
    int bootstraps = cluster.bootstraps().size();
    operator().close();
    dropFinalizers(Partition.class);
    dropFinalizers(Index.class);
    List.<Class<? extends HasMetadata>>of(Site.class, Partition.class, Index.class)
        .forEach(this::deleteButLeaveWhatItOwns);

    apply(site(3));
    apply(P);
    apply(index("i"));
    start(CrashPoint.never());

    awaitStill();
    awaitLooks(QUIET_LOOKS);
    assertThat(podUids()).isEqualTo(before);
    assertThat(cluster.bootstraps()).hasSize(bootstraps);
    assertThat(cluster.operationLog()).isEmpty();
    String uid = get(Site.class, "main").getMetadata().getUid();
    assertThat(statefulSet().getMetadata().getOwnerReferences())
        .singleElement()
        .satisfies(owner -> assertThat(owner.getUid()).isEqualTo(uid));
  }

  @Test
  void aDeletedStatefulSetComesBackWithItsVolumes() {
    apply(site(3));
    apply(P);
    awaitStill();
    Map<String, String> states = cluster.states();
    List<String> ids =
        states.keySet().stream().flatMap(name -> cluster.idsOf(name).stream()).toList();
    String uid = statefulSet().getMetadata().getUid();

    client().apps().statefulSets().inNamespace(namespace).withName("main").delete();

    awaitStill("another StatefulSet", () -> podNames().size() == 3 && isThere(statefulSet(), uid));
    assertThat(states.keySet().stream().flatMap(name -> cluster.idsOf(name).stream()).toList())
        .isEqualTo(ids);
    assertThat(cluster.replicas("p")).hasSize(3);
  }

  @Test
  void aStatefulSetThatWasDeletedWithoutItsPodsRestartsNone() {
    apply(site(3));
    apply(P);
    awaitStill();
    Set<String> before = podUids();
    String uid = statefulSet().getMetadata().getUid();

    client()
        .apps()
        .statefulSets()
        .inNamespace(namespace)
        .withName("main")
        .withPropagationPolicy(DeletionPropagation.ORPHAN)
        .delete();

    awaitStill("another StatefulSet", () -> isThere(statefulSet(), uid));
    awaitLooks(QUIET_LOOKS);
    assertThat(podUids()).isEqualTo(before);
  }

  // ------------------------------------------------------------------------------------------------------- helpers

  /// Its volume object goes, and then its pod, which finds no volume.
  private void loseVolumeOf(String pod) {
    String volume =
        client()
            .persistentVolumeClaims()
            .inNamespace(namespace)
            .withName("data-" + pod)
            .get()
            .getSpec()
            .getVolumeName();
    // In this order: the finalizer, which protects volumes in use, comes back to a living one.
    client().persistentVolumes().withName(volume).delete();
    if (client().persistentVolumes().withName(volume).get() != null) {
      edit(
          client().persistentVolumes().withName(volume),
          each -> {
            each.getMetadata().setFinalizers(List.of());
            return each;
          });
    }
    await()
        .atMost(PATIENCE)
        .until(() ->
            "Lost"
                .equals(
                    client()
                        .persistentVolumeClaims()
                        .inNamespace(namespace)
                        .withName("data-" + pod)
                        .get()
                        .getStatus()
                        .getPhase()));
    client().pods().inNamespace(namespace).withName(pod).delete();
  }

  private <T extends HasMetadata> void deleteButLeaveWhatItOwns(Class<T> kind) {
    client()
        .resources(kind)
        .inNamespace(namespace)
        .withPropagationPolicy(DeletionPropagation.ORPHAN)
        .delete();
    await()
        .atMost(PATIENCE)
        .until(() -> client().resources(kind).inNamespace(namespace).list().getItems().isEmpty());
  }

  private void approve(String token) {
    edit(
        client().resources(Site.class).inNamespace(namespace).withName("main"),
        site -> {
          Map<String, String> annotations =
              new TreeMap<>(
                  Objects.requireNonNullElse(site.getMetadata().getAnnotations(), Map.of()));
          annotations.put(Approvals.ANNOTATION, token);
          site.getMetadata().setAnnotations(annotations);
          return site;
        });
  }

  /// What the message says to write.
  private String awaitApprovalNeeded() {
    await().atMost(PATIENCE).until(() -> message().contains(Approvals.ANNOTATION + "="));
    String rest = message().substring(message().indexOf('=') + 1);
    return rest.substring(0, rest.indexOf(' '));
  }

  private String message() {
    return conditions(get(Site.class, "main")).stream()
        .filter(each -> each.type().equals("Ready"))
        .map(each -> each.message())
        .findFirst()
        .orElse("");
  }

  private String phase() {
    var status = get(Site.class, "main").getStatus();
    return status == null ? "" : Objects.requireNonNullElse(status.phase(), "");
  }

  private List<String> images() {
    return podList().stream().map(DayTwoSuite::image).toList();
  }

  private String imageOf(String pod) {
    return podList().stream()
        .filter(each -> each.getMetadata().getName().equals(pod))
        .map(DayTwoSuite::image)
        .collect(Collectors.joining());
  }

  private String uidOf(String pod) {
    return podList().stream()
        .filter(each -> each.getMetadata().getName().equals(pod))
        .map(each -> each.getMetadata().getUid())
        .collect(Collectors.joining());
  }

  private static String image(Pod pod) {
    return pod.getSpec().getContainers().getFirst().getImage();
  }

  private int evictable() {
    IntOrString unavailable =
        client()
            .policy()
            .v1()
            .podDisruptionBudget()
            .inNamespace(namespace)
            .withName("main")
            .get()
            .getSpec()
            .getMaxUnavailable();
    return unavailable.getIntVal();
  }

  /// Whether there is one, and not the one with this uid.
  private static boolean isThere(StatefulSet set, String formerUid) {
    return set.getMetadata() != null && !formerUid.equals(set.getMetadata().getUid());
  }

  private StatefulSet statefulSet() {
    return Objects.requireNonNullElseGet(
        client().apps().statefulSets().inNamespace(namespace).withName("main").get(),
        StatefulSet::new);
  }

  private void editStatefulSet(Consumer<StatefulSet> change) {
    edit(
        client().apps().statefulSets().inNamespace(namespace).withName("main"),
        set -> {
          change.accept(set);
          return set;
        });
  }

  private String templateSize() {
    return String.valueOf(
        statefulSet()
            .getSpec()
            .getVolumeClaimTemplates()
            .getFirst()
            .getSpec()
            .getResources()
            .getRequests()
            .get("storage"));
  }
}
