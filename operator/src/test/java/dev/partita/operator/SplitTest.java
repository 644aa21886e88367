package dev.partita.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.crd.Edge;
import dev.partita.crd.Partition;
import dev.partita.crd.Range;
import dev.partita.crd.SplitAdvice;
import dev.partita.operator.rollout.Approvals;
import dev.partita.operator.status.Conditions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/// Partitions that are split by what they declare, on the local control plane.
@DisabledIfSystemProperty(named = ControlPlane.KUBECONFIG, matches = ".+")
class SplitTest extends SharedControlPlane {

  private static final int QUIET_LOOKS = 30;
  private static final long MEBIBYTE = 1 << 20;
  private static final String P =
      "range: {start: 0, end: 100}, replicas: 1, split: {maxSize: 1Mi, mode: %s}";

  @BeforeEach
  void startOperator() {
    start(CrashPoint.never());
    apply(site(1));
  }

  private static String middle(int at) {
    return "{\"measured\": true, \"bySize\": %d}".formatted(at);
  }

  private List<String> splits() {
    return cluster.operationLog().stream()
        .filter(each -> each.startsWith("SplitPartition"))
        .toList();
  }

  private boolean hasEvent(String reason, String message) {
    return client().v1().events().inNamespace(namespace).list().getItems().stream()
        .anyMatch(
            event -> event.getReason().equals(reason) && event.getMessage().contains(message));
  }

  private void annotate(String name, String approval) {
    edit(
        client().resources(Partition.class).inNamespace(namespace).withName(name),
        each -> {
          each.getMetadata().setAnnotations(Map.of(Approvals.ANNOTATION, approval));
          return each;
        });
  }

  @Test
  void whatGrowsTooLargeIsSplitAgainAndAgainAndThenRests() {
    apply(partition("p", P.formatted("Auto")));
    awaitReady(Partition.class, "p");

    cluster.size("p", 3 * MEBIBYTE, middle(50));

    awaitStill("two parts", () -> cluster.parts("p").size() == 2);
    List<String> parts = cluster.parts("p");
    parts.forEach(part -> awaitReady(Partition.class, part));
    assertThat(get(Partition.class, parts.getFirst()).getSpec().range())
        .isEqualTo(Range.between(new Edge.Whole(0), new Edge.Whole(50)));
    assertThat(hasEvent("Splitting", "at 50, because it has more than the 1.0 MiB")).isTrue();
    assertThat(operator().asked()).containsOnlyOnce("SplitPartition:BySize");

    cluster.size(parts.getFirst(), 2 * MEBIBYTE, middle(25));

    awaitStill("two more", () -> cluster.parts(parts.getFirst()).size() == 2);
    assertThat(splits()).hasSize(2);
    assertThat(cluster.isQuiet()).isTrue();
  }

  @Test
  void inReportModeASplitWaitsForExactlyItsApproval() {
    apply(partition("p", P.formatted("Report")));
    awaitReady(Partition.class, "p");

    cluster.size("p", 3 * MEBIBYTE, middle(50));

    awaitCondition(
        Partition.class, "p", "SplitAdvised", "True", "it would be split at 50, because");
    SplitAdvice advice = advice();
    assertThat(conditions(get(Partition.class, "p")).toString())
        .contains("partita.dev/approve=" + advice.approval());
    await().atMost(PATIENCE).until(() -> hasEvent("SplitAdvised", advice.approval()));
    // What was read is what is approved, wherever the middle is meanwhile.
    cluster.size("p", 4 * MEBIBYTE, middle(70));
    annotate("p", "split-9-00000000");
    awaitLooks(QUIET_LOOKS);
    assertThat(advice()).isEqualTo(advice);
    assertThat(splits()).isEmpty();

    annotate("p", advice.approval());

    await().atMost(PATIENCE).until(() -> cluster.parts("p").size() == 2);
    awaitStill();
    assertThat(get(Partition.class, cluster.parts("p").getLast()).getSpec().range())
        .isEqualTo(Range.between(new Edge.Whole(50), new Edge.Whole(100)));
    assertThat(get(Partition.class, "p").getStatus().splitAdvice()).isNull();
  }

  private SplitAdvice advice() {
    return Objects.requireNonNull(get(Partition.class, "p").getStatus().splitAdvice());
  }

  @Test
  void whatCannotBeDividedIsReportedAndLeftAlone() {
    apply(partition("p", P.formatted("Auto")));
    awaitReady(Partition.class, "p");

    cluster.size("p", 3 * MEBIBYTE, "{\"measured\": true}");

    awaitCondition(Partition.class, "p", "Indivisible", "True", "belongs to one partition key");
    awaitLooks(QUIET_LOOKS);
    assertThat(splits()).isEmpty();
    awaitReady(Partition.class, "p");

    cluster.size("p", MEBIBYTE / 2, "{\"measured\": true}");

    awaitStatus(
        Partition.class,
        "p",
        status -> Conditions.find(status.conditions(), "Indivisible").isEmpty());
  }

  @Test
  void hashPartitionsAreSplitByDoublingTheirModulus() {
    apply(
        partition(
            "p",
            "hash: {modulus: 3, remainder: 1}, replicas: 1, split: {maxSize: 1Mi, mode: Auto}"));
    awaitReady(Partition.class, "p");

    cluster.size("p", 3 * MEBIBYTE, "{\"measured\": true}");

    await().atMost(PATIENCE).until(() -> cluster.parts("p").size() == 2);
    // The fake says of parts nothing that was measured, so they rest.
    awaitStill("two parts", () -> cluster.parts("p").size() == 2);
    assertThat(cluster.parts("p"))
        .extracting(part -> String.valueOf(get(Partition.class, part).getSpec().hash()))
        .containsExactly("Hash[modulus=6, remainder=1]", "Hash[modulus=6, remainder=4]");
  }

  @Test
  void aPausedPartitionIsNotSplit() {
    apply(partition("p", P.formatted("Auto") + ", paused: true"));
    awaitStatus(Partition.class, "p", status -> "Paused".equals(status.phase()));
    apply(partition("p", P.formatted("Auto") + ", paused: false"));
    awaitReady(Partition.class, "p");
    apply(partition("p", P.formatted("Auto") + ", paused: true"));
    awaitStatus(Partition.class, "p", status -> "Paused".equals(status.phase()));

    cluster.size("p", 3 * MEBIBYTE, middle(50));

    awaitLooks(QUIET_LOOKS);
    assertThat(splits()).isEmpty();
    apply(partition("p", P.formatted("Auto") + ", paused: false"));
    await().atMost(PATIENCE).until(() -> cluster.parts("p").size() == 2);
  }
}
