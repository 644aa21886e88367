package dev.partita.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.crd.Condition;
import dev.partita.crd.Partition;
import dev.partita.crd.Site;
import dev.partita.operator.rollout.Approvals;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/// Parts that are merged again by what they declare, on the local control plane, by an operator
/// that is less patient than real ones. Tests run beside each other: they mostly wait.
@Execution(ExecutionMode.CONCURRENT)
@DisabledIfSystemProperty(named = ControlPlane.KUBECONFIG, matches = ".+")
class MergeTest extends OperatorFixture {

  /// So many looks take longer than the operator's patience.
  private static final int QUIET_LOOKS = 15;

  private static final String SMALL = "{\"measured\": true, \"bySize\": 7}";
  private static final String SPLIT = "split: {maxSize: 1Mi, merge: true, mode: Auto}";
  private static final Pattern APPROVAL = Pattern.compile("partita.dev/approve=(merge-\\d+-\\d+)");

  private static @Nullable ControlPlane shared;

  @BeforeAll
  static void connect() {
    shared = ControlPlane.connect();
  }

  @BeforeEach
  void createNamespace() {
    begin();
    start(CrashPoint.never());
  }

  @AfterEach
  void leaveNamespace() {
    end();
  }

  @AfterAll
  static void disconnect() {
    if (shared != null) {
      shared.close();
    }
  }

  @Override
  ControlPlane controlPlane() {
    return Objects.requireNonNull(shared);
  }

  private void declare(int replicas, String more) {
    apply(
        partition("p", "range: {start: 0, end: 100}, replicas: %d, %s".formatted(replicas, more)));
    awaitStill("p", () -> cluster.stateOf("p").equals("Active"));
  }

  private List<String> split(String partition, int at) {
    String id = "by-hand-" + partition;
    cluster.split(id, partition, String.valueOf(at));
    await().atMost(PATIENCE).until(() -> cluster.parts(partition).size() == 2);
    List<String> parts = cluster.parts(partition);
    parts.forEach(part -> cluster.size(part, 1 << 19, "{}"));
    await("the split is over")
        .atMost(PATIENCE)
        .until(() -> cluster.replicas(partition).isEmpty() && !cluster.isQuiet());
    parts.forEach(part ->
        await("a resource of " + part)
            .atMost(PATIENCE)
            .until(() ->
                client().resources(Partition.class).inNamespace(namespace).withName(part).get()
                    != null));
    cluster.forget(id);
    return parts;
  }

  private void shrink(List<String> partitions) {
    partitions.forEach(name -> cluster.size(name, 1 << 10, SMALL));
  }

  private List<String> merges() {
    return cluster.operationLog().stream()
        .filter(each -> each.startsWith("MergePartitions"))
        .toList();
  }

  private void awaitMerged(String partition) {
    awaitStill(
        partition + " is one again",
        () -> cluster.parts(partition).isEmpty() && cluster.stateOf(partition).equals("Active"));
  }

  private boolean hasEvent(String reason, String message) {
    return client().v1().events().inNamespace(namespace).list().getItems().stream()
        .anyMatch(
            event -> event.getReason().equals(reason) && event.getMessage().contains(message));
  }

  @Test
  void smallPartsAreMergedFromTheLeavesToTheRoot() {
    apply(site(1));
    declare(1, SPLIT);
    List<String> parts = split("p", 50);
    List<String> ofPart = split(parts.getLast(), 75);
    awaitLooks(QUIET_LOOKS);
    assertThat(merges()).as("what is large, or was not measured, stays").isEmpty();

    shrink(List.of(parts.getFirst(), ofPart.getFirst(), ofPart.getLast()));

    awaitMerged("p");
    assertThat(merges())
        .containsExactly("MergePartitions:%s:>".formatted(parts.getLast()), "MergePartitions:p:>");
    assertThat(hasEvent("Merging", "less than half of the 1.0 MiB of spec.split.maxSize")).isTrue();
    assertThat(operator().asked()).filteredOn("MergePartitions:SmallParts"::equals).hasSize(2);
    assertThat(client().resources(Partition.class).inNamespace(namespace).list().getItems())
        .hasSize(1);
  }

  @Test
  void inReportModeAMergeWaitsForExactlyItsApproval() {
    apply(site(1));
    declare(1, "split: {maxSize: 1Mi, mode: Auto}");
    shrink(split("p", 50));
    awaitLooks(QUIET_LOOKS);
    assertThat(merges()).as("who does not ask for merges has none").isEmpty();

    apply(
        partition(
            "p", "range: {start: 0, end: 100}, replicas: 1, " + SPLIT.replace("Auto", "Report")));

    awaitCondition(Partition.class, "p", "MergeAdvised", "True", "its parts would be merged");
    await().atMost(PATIENCE).until(() -> hasEvent("MergeAdvised", "partita.dev/approve=merge-"));
    annotate("merge-1-1");
    awaitLooks(QUIET_LOOKS);
    assertThat(merges()).isEmpty();

    annotate(approval());

    awaitMerged("p");
    assertThat(merges()).hasSize(1);
    assertThat(conditions(get(Partition.class, "p")))
        .extracting(Condition::type)
        .doesNotContain("MergeAdvised");
  }

  private String approval() {
    Matcher matcher = APPROVAL.matcher(conditions(get(Partition.class, "p")).toString());
    assertThat(matcher.find()).isTrue();
    return matcher.group(1);
  }

  private void annotate(String approval) {
    edit(
        client().resources(Partition.class).inNamespace(namespace).withName("p"),
        each -> {
          each.getMetadata().setAnnotations(Map.of(Approvals.ANNOTATION, approval));
          return each;
        });
  }

  @Test
  void partsThatAreOnDifferentNodesAreBroughtTogetherFirst() {
    apply(site(1));
    apply(site(1).replace("name: main", "name: far"));
    awaitReady(Site.class, "far");
    declare(1, SPLIT);
    List<String> parts = split("p", 50);
    await("two nodes share the parts")
        .atMost(PATIENCE)
        .until(() -> !cluster.replicas(parts.getFirst()).equals(cluster.replicas(parts.getLast())));
    awaitStill();
    List<String> first = cluster.replicas(parts.getFirst());
    assertThat(first).isNotEqualTo(cluster.replicas(parts.getLast()));

    shrink(parts);

    awaitMerged("p");
    assertThat(cluster.replicas("p")).isEqualTo(first);
    assertThat(merges()).as("none was tried in vain").hasSize(1);
  }

  @Test
  void aCopyWhoseLineIsCutGoesBeforeAMergeAndComesBackAfterIt() {
    apply(site(1));
    apply(site(1, "edge: true").replace("name: main", "name: edge"));
    awaitReady(Site.class, "edge");
    declare(1, SPLIT + ", placement: [{site: edge}]");
    awaitStill("a copy", () -> cluster.copies("p").equals(List.of("edge-0")));
    List<String> parts = split("p", 50);
    awaitStill("copies", () -> parts.stream().allMatch(part -> !cluster.copies(part).isEmpty()));
    cluster.cut("edge", true);

    shrink(parts);

    await().atMost(PATIENCE).until(() -> cluster.stateOf("p").equals("Active"));
    assertThat(cluster.copies("p")).isEmpty();
    cluster.cut("edge", false);
    awaitStill("a copy again", () -> cluster.copies("p").equals(List.of("edge-0")));
    assertThat(merges()).as("none was tried in vain").hasSize(1);
  }

  @Test
  void whatTheNodesRefuseIsAskedForAgainLaterAndHoldsNobodyUp() {
    // One node leads all, so that it would be the turn of only one at a time.
    apply(site(1));
    for (int start : List.of(0, 100)) {
      apply(
          partition(
              "p" + start,
              "range: {start: %d, end: %d}, replicas: 1, ".formatted(start, start + 100) + SPLIT));
    }
    awaitReady(Partition.class, "p0");
    awaitReady(Partition.class, "p100");
    List<String> parts = new ArrayList<>(split("p0", 50));
    parts.addAll(split("p100", 150));
    cluster.refuseMerges(Set.of("p0"));
    shrink(parts);

    awaitCondition(Partition.class, "p0", "Ready", "True", "a unique index");
    await("others").atMost(PATIENCE).until(() -> cluster.stateOf("p100").equals("Active"));
    cluster.refuseMerges(Set.of());

    awaitMerged("p0");
  }

  @Test
  void aMergeThatWasGivenUpIsTriedAgainLater() {
    apply(site(1));
    declare(1, SPLIT);
    cluster.failMerges(true);
    shrink(split("p", 50));

    awaitCondition(Partition.class, "p", "Ready", "True", "frozen in time");
    await("another try").atMost(PATIENCE).until(() -> merges().size() >= 2);
    cluster.failMerges(false);

    awaitMerged("p");
    assertThat(operator().asked()).containsOnlyOnce("MergePartitions:SmallParts");
  }
}
