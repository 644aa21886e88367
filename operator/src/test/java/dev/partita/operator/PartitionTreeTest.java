package dev.partita.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.crd.Edge;
import dev.partita.crd.Partition;
import dev.partita.crd.PartitionStatus;
import dev.partita.crd.Range;
import dev.partita.crd.Site;
import dev.partita.operator.resource.Labels;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/// A Partition that was split, and the resources of its parts, on the local control plane.
@DisabledIfSystemProperty(named = ControlPlane.KUBECONFIG, matches = ".+")
class PartitionTreeTest extends SharedControlPlane {

  private static final String P = "range: {start: 0, end: 100}, replicas: %d";

  @BeforeEach
  void startOperator() {
    start(CrashPoint.never());
  }

  /// Waits until a Partition is split at a key and its parts have resources that are ready.
  private List<String> split(String partition, int at) {
    cluster.split("by-hand-" + at, partition, String.valueOf(at));
    await("the split").atMost(PATIENCE).until(() -> cluster.parts(partition).size() == 2);
    List<String> parts = cluster.parts(partition);
    await("resources of the parts")
        .atMost(PATIENCE)
        .until(
            () -> parts.stream().allMatch(part -> exists(part) && isReady(Partition.class, part)));
    awaitStatus(
        Partition.class,
        partition,
        status -> "Split".equals(status.phase()) && parts.equals(status.children()));
    await("the end of the split")
        .atMost(PATIENCE)
        .until(() -> cluster.replicas(partition).isEmpty());
    cluster.forget("by-hand-" + at);
    return parts;
  }

  private boolean exists(String name) {
    return find(name).isPresent();
  }

  /// One look: a resource may go and come back between two.
  private Optional<Partition> find(String name) {
    return Optional.ofNullable(
        client().resources(Partition.class).inNamespace(namespace).withName(name).get());
  }

  private List<Partition> resources() {
    return client().resources(Partition.class).inNamespace(namespace).list().getItems();
  }

  private void delete(String name) {
    client().resources(Partition.class).inNamespace(namespace).withName(name).delete();
  }

  @Test
  void resourcesOfPartsGoWhenTheyAreMerged() {
    apply(site(3));
    apply(partition("p", P.formatted(3)));
    awaitReady(Partition.class, "p");
    cluster.figures("p", 8, 400);
    List<String> parts = split("p", 50);
    List<String> ofParts = split(parts.getLast(), 75);

    cluster.merge("merge-1", parts.getLast());

    await("the resources of the merged parts go")
        .atMost(PATIENCE)
        .until(() -> ofParts.stream().noneMatch(this::exists));
    awaitReady(Partition.class, parts.getLast());
    assertThat(find(parts.getFirst())).isPresent();
    cluster.merge("merge-2", "p");

    await("only what was declared is left").atMost(PATIENCE).until(() -> resources().size() == 1);
    awaitStatus(
        Partition.class,
        "p",
        status ->
            "Ready".equals(status.phase())
                && status.children() == null
                && Objects.equals(status.replicas(), 3)
                && Objects.equals(status.rows(), 8L));
    cluster.forget("merge-1");
    cluster.forget("merge-2");
    assertThat(split("p", 20)).hasSize(2);
  }

  @Test
  void partsHaveResourcesThatFollowTheirParent() {
    apply(site(3));
    apply(partition("p", P.formatted(1) + ", deletionPolicy: Delete"));
    awaitReady(Partition.class, "p");
    cluster.figures("p", 10, 400);

    List<String> parts = split("p", 50);

    Partition whole = get(Partition.class, "p");
    Partition second = get(Partition.class, parts.getLast());
    assertThat(second.getSpec().collection()).isEqualTo("c");
    assertThat(second.getSpec().range())
        .isEqualTo(Range.between(new Edge.Whole(50), new Edge.Whole(100)));
    assertThat(second.getSpec().deletionPolicy()).isEqualTo(whole.getSpec().deletionPolicy());
    assertThat(second.getMetadata().getLabels())
        .containsEntry(Labels.PARENT, "p")
        .containsEntry(Labels.ROOT, "p");
    assertThat(second.getMetadata().getOwnerReferences())
        .singleElement()
        .satisfies(owner -> {
          assertThat(owner.getUid()).isEqualTo(whole.getMetadata().getUid());
          assertThat(owner.getController()).isTrue();
        });
    awaitStatus(Partition.class, "p", status -> Objects.equals(status.rows(), 10L));
    cluster.figures(parts.getFirst(), 7, 100);
    awaitStatus(Partition.class, "p", status -> Objects.equals(status.rows(), 12L));
    PartitionStatus status = Objects.requireNonNull(get(Partition.class, "p").getStatus());
    assertThat(status.leader()).isNull();
    assertThat(status.replicas()).isNull();
    PartitionStatus ofPart =
        Objects.requireNonNull(get(Partition.class, parts.getFirst()).getStatus());
    assertThat(ofPart.parent()).isEqualTo("p");
    assertThat(ofPart.leader()).startsWith("main-");

    apply(partition("p", P.formatted(3) + ", deletionPolicy: Delete"));

    awaitStill(
        "three replicas of each part",
        () -> parts.stream().allMatch(part -> cluster.replicas(part).size() == 3));
    // What somebody changes in a part is changed back.
    edit(
        client().resources(Partition.class).inNamespace(namespace).withName(parts.getFirst()),
        each -> {
          each.getMetadata().setLabels(Map.of());
          return each;
        });
    await()
        .atMost(PATIENCE)
        .until(() ->
            "p"
                .equals(
                    get(Partition.class, parts.getFirst())
                        .getMetadata()
                        .getLabels()
                        .get(Labels.PARENT)));
  }

  @Test
  void intervalsThatTheNodesMakeGetResourcesAndFollowTheirFamily() {
    apply(site(4));
    apply(partition("days", "range: {origin: 0, width: 100}, replicas: 3"));
    awaitReady(Partition.class, "days");
    awaitStatus(Partition.class, "days", status -> "Split".equals(status.phase()));
    assertThat(cluster.home("days")).hasSize(3);

    String made = cluster.makeInterval("days", -2);

    await("the resource of the interval")
        .atMost(PATIENCE)
        .until(() -> exists(made) && isReady(Partition.class, made));
    Partition interval = get(Partition.class, made);
    assertThat(interval.getSpec().range()).isEqualTo(Range.numbered(0, 100, -2));
    assertThat(interval.getMetadata().getLabels()).containsEntry(Labels.PARENT, "days");
    awaitStatus(Partition.class, "days", status -> List.of(made).equals(status.children()));
    cluster.figures(made, 7, 0);
    awaitStatus(Partition.class, "days", status -> Objects.equals(status.rows(), 7L));

    // A node that is to go is emptied, and no interval begins there any more.
    scale(3);

    awaitStill("three nodes", () -> podNames().size() == 3);
    assertThat(cluster.home("days")).containsExactly("main-0", "main-1", "main-2");
    assertThat(cluster.replicas(made)).containsExactly("main-0", "main-1", "main-2");
    delete("days");
    await("everything goes").atMost(PATIENCE).until(() -> resources().isEmpty());
    assertThat(cluster.partitions()).isEmpty();
  }

  @Test
  void aPartIsSplitAgain() {
    apply(site(1));
    apply(partition("p", P.formatted(1)));
    awaitReady(Partition.class, "p");
    cluster.figures("p", 100, 0);
    List<String> parts = split("p", 50);

    List<String> smaller = split(parts.getFirst(), 10);

    Partition smallest = get(Partition.class, smaller.getFirst());
    assertThat(smallest.getMetadata().getLabels())
        .containsEntry(Labels.PARENT, parts.getFirst())
        .containsEntry(Labels.ROOT, "p");
    awaitStill();
    assertThat(get(Partition.class, "p").getStatus())
        .extracting("phase", "rows")
        .containsExactly("Split", 100L);
    assertThat(get(Partition.class, parts.getFirst()).getStatus())
        .extracting("phase", "rows", "parent")
        .containsExactly("Split", 50L, "p");
  }

  @Test
  void nodesThatHoldPartsAreEmptied() {
    apply(site(4));
    apply(partition("p", P.formatted(3)));
    apply(partition("q", "range: {start: 100, end: 200}"));
    awaitReady(Partition.class, "p");
    awaitReady(Partition.class, "q");
    // What is ready may still be moved, and then it is not split.
    awaitStill();
    List<String> parts = split("p", 50);
    awaitStill();

    scale(3);

    awaitStill("three nodes", () -> podNames().size() == 3);
    assertThat(cluster.states()).containsOnlyKeys("main-0", "main-1", "main-2");
    assertThat(client().v1().events().inNamespace(namespace).list().getItems())
        .anyMatch(event ->
            event.getReason().equals("MovingReplica")
                && event.getMessage().contains("from main-3 to ")
                && event.getMessage().contains("that node is being emptied"));
    assertThat(parts)
        .allSatisfy(part ->
            assertThat(cluster.replicas(part)).containsExactly("main-0", "main-1", "main-2"));
  }

  @Test
  void theResourceOfAPartIsMadeAgain() {
    apply(site(1));
    apply(partition("p", P.formatted(1) + ", deletionPolicy: Delete"));
    awaitReady(Partition.class, "p");
    List<String> parts = split("p", 50);
    String part = parts.getFirst();
    String uid = get(Partition.class, part).getMetadata().getUid();

    delete(part);

    await()
        .atMost(PATIENCE)
        .until(
            () -> find(part).filter(each -> !each.getMetadata().getUid().equals(uid)).isPresent());
    awaitReady(Partition.class, part);
    assertThat(cluster.operationLog()).noneMatch(each -> each.startsWith("drop:"));
    await()
        .atMost(PATIENCE)
        .until(() ->
            client().v1().events().inNamespace(namespace).list().getItems().stream()
                .anyMatch(event ->
                    event.getReason().equals("PartMadeAgain")
                        && event.getMessage().contains(part)));
    cluster.request("r", "Delete", "Partition", part, "{}");
    await().atMost(PATIENCE).until(() -> !cluster.answer("r").isEmpty());
    assertThat(cluster.answer("r")).startsWith("Refused").contains("a part of Partition p");
  }

  @Test
  void aTreeIsDeletedAndComesBackAsAWhole() {
    apply(site(1));
    apply(partition("p", P.formatted(1)));
    awaitReady(Partition.class, "p");
    cluster.figures("p", 100, 0);
    List<String> parts = split("p", 50);
    List<String> smaller = split(parts.getLast(), 70);

    delete("p");

    await().atMost(PATIENCE).until(() -> resources().isEmpty());
    assertThat(cluster.partitions()).isEmpty();
    // Whoever asks again gets the same answer; parts go with what they are parts of.
    assertThat(cluster.operationLog())
        .filteredOn(each -> each.startsWith("drop:"))
        .isNotEmpty()
        .containsOnly("drop:p:rows=retain");

    apply(partition("p", P.formatted(1)));

    awaitStill("all parts", () -> resources().size() == 5);
    assertThat(cluster.parts(parts.getLast())).isEqualTo(smaller);
    assertThat(get(Partition.class, "p").getStatus()).extracting("rows").isEqualTo(100L);
  }

  @Test
  void resourcesThatWereLostComeBackWithTheDeclaredOne() {
    apply(site(1));
    apply(partition("p", P.formatted(1)));
    awaitReady(Partition.class, "p");
    List<String> parts = split("p", 50);
    awaitStill();
    operator().close();
    dropFinalizers(Partition.class);
    resources().forEach(each -> client().resource(each).delete());
    await().atMost(PATIENCE).until(() -> resources().isEmpty());

    start(CrashPoint.never());
    apply(partition("p", P.formatted(1)));

    awaitStill("all parts", () -> resources().size() == 3);
    assertThat(cluster.partitions()).containsExactlyInAnyOrder("p", parts.get(0), parts.get(1));
    assertThat(cluster.operationLog()).noneMatch(each -> each.startsWith("drop:"));
  }

  @Test
  void aDeclaredPartitionNeverTakesThePlaceOfAPart() {
    apply(site(1));
    apply(partition("p", P.formatted(1)));
    awaitReady(Partition.class, "p");
    // It waits for nodes, so the nodes do not know its name yet and give it to a part.
    apply(partition("p-2", "range: {start: 500}, replicas: 3, deletionPolicy: Delete"));
    awaitCondition(Partition.class, "p-2", "Stalled", "True", "add nodes or lower replicas");

    cluster.split("by-hand", "p", "50");

    awaitCondition(
        Partition.class, "p-2", "Stalled", "True", "a part of Partition p has this name");
    awaitCondition(Partition.class, "p", "Reconciling", "True", "a part of it is called p-2");
    cluster.forget("by-hand");

    delete("p-2");

    awaitStill(
        "a resource of the part", () -> find("p-2").filter(PartitionTreeTest::isPart).isPresent());
    assertThat(cluster.operationLog()).noneMatch(each -> each.startsWith("drop:"));
    assertThat(cluster.partitions()).containsExactlyInAnyOrder("p", "p-2", "p-3");
  }

  private static boolean isPart(Partition partition) {
    return partition.getMetadata().getLabels() != null
        && partition.getMetadata().getLabels().containsKey(Labels.PARENT);
  }

  @Test
  void aPauseReachesThePartsAndEnds() {
    apply(site(3));
    apply(partition("p", P.formatted(1)));
    awaitReady(Partition.class, "p");
    List<String> parts = split("p", 50);

    apply(partition("p", P.formatted(3) + ", paused: true"));

    parts.forEach(
        part -> awaitStatus(Partition.class, part, status -> "Paused".equals(status.phase())));
    awaitLooks(10);
    assertThat(parts).allSatisfy(part -> assertThat(cluster.replicas(part)).hasSize(1));

    apply(partition("p", P.formatted(3) + ", paused: false"));

    await()
        .atMost(PATIENCE)
        .until(() -> parts.stream().allMatch(part -> cluster.replicas(part).size() == 3));
    awaitReady(Site.class, "main");
  }
}
