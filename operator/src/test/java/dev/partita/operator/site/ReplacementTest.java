package dev.partita.operator.site;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.nodeclient.MemberView.SystemRole;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.nodeclient.PartitionView.ReplicaView;
import dev.partita.operator.nodeclient.PartitionView.Role;
import dev.partita.operator.site.Replacement.Loss;
import dev.partita.operator.site.Replacement.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Three nodes `0`, `1` and `2` in the pods `s-0` and so on.
class ReplacementTest {

  private static final Instant LOST_AT = Instant.parse("2026-01-01T00:00:00Z");
  private static final Duration DEADLINE = Duration.ofMinutes(10);
  private static final Loss LOSS = new Loss("s-2", LOST_AT, "its volume is lost");

  private final List<MemberView> members =
      new ArrayList<>(List.of(member(0, true), member(1, true), member(2, false)));
  private final List<PartitionView> partitions = new ArrayList<>();

  @Test
  void nothingIsDoneWithoutALoss() {
    assertThat(Replacement.plan(List.of(), Optional.of(DEADLINE), LOST_AT, cluster()))
        .isEqualTo(new Step.Nothing());
  }

  @Test
  void aLostNodeIsReplacedAfterTheDeadlineAndNotBefore() {
    partition(Set.of("0", "1", "2"), Set.of());
    Instant end = LOST_AT.plus(DEADLINE);
    assertThat(plan(end.minusSeconds(1))).isEqualTo(new Step.Wait(LOSS, end));
    assertThat(plan(end)).isEqualTo(new Step.Replace(LOSS));
  }

  @Test
  void theLongestLossComesFirst() {
    Loss longer = new Loss("s-1", LOST_AT.minusSeconds(1), "its volume is lost");
    assertThat(Replacement.plan(List.of(LOSS, longer), Optional.of(DEADLINE), LOST_AT, cluster()))
        .isEqualTo(new Step.Wait(longer, longer.since().plus(DEADLINE)));
  }

  @Test
  void neverMeansNever() {
    assertThat(
            Replacement.plan(
                List.of(LOSS), Optional.empty(), LOST_AT.plus(Duration.ofDays(9)), cluster()))
        .isEqualTo(new Step.Impossible(LOSS, "spec.replaceAfter is Never"));
  }

  @Test
  void theOnlyCopyIsNeverGivenUp() {
    partition(Set.of("2"), Set.of());
    assertThat(plan(LOST_AT.plus(DEADLINE)))
        .isEqualTo(new Step.Impossible(LOSS, "Partition p has no quorum without it"));
  }

  @Test
  void laggingReplicasAreNoQuorum() {
    partition(Set.of("0", "1", "2"), Set.of("1"));
    assertThat(plan(LOST_AT.plus(DEADLINE)))
        .isEqualTo(new Step.Impossible(LOSS, "Partition p has no quorum without it"));
  }

  @Test
  void aPartitionElsewhereDoesNotMatter() {
    partition(Set.of("0"), Set.of());
    assertThat(plan(LOST_AT.plus(DEADLINE))).isEqualTo(new Step.Replace(LOSS));
  }

  @Test
  void aNodeThatIsHeardOfIsNotLost() {
    members.set(2, member(2, true));
    assertThat(plan(LOST_AT.plus(DEADLINE)))
        .isEqualTo(new Step.Impossible(LOSS, "the cluster still hears from it"));
  }

  @Test
  void theSystemPartitionNeedsAQuorumWithoutIt() {
    members.set(1, member(1, false));
    assertThat(plan(LOST_AT.plus(DEADLINE)))
        .isEqualTo(new Step.Impossible(LOSS, "the system partition has no quorum without it"));
  }

  @Test
  void deadlinesAreRead() {
    assertThat(LostNodes.deadline("90s")).contains(Duration.ofSeconds(90));
    assertThat(LostNodes.deadline("10m")).contains(Duration.ofMinutes(10));
    assertThat(LostNodes.deadline("2h")).contains(Duration.ofHours(2));
    assertThat(LostNodes.deadline("Never")).isEmpty();
  }

  private Step plan(Instant now) {
    return Replacement.plan(List.of(LOSS), Optional.of(DEADLINE), now, cluster());
  }

  private ClusterView cluster() {
    return new ClusterView(1, "c", "0", members, partitions, List.of(), List.of(), List.of());
  }

  private void partition(Set<String> nodes, Set<String> lagging) {
    List<ReplicaView> replicas =
        Stream.of("0", "1", "2")
            .filter(nodes::contains)
            .map(node -> new ReplicaView(node, Role.VOTER, !lagging.contains(node)))
            .toList();
    partitions.add(
        new PartitionView(
            "1", "p", "c", 1, "0", replicas, 0, 0, 0, null, PartitionView.State.ACTIVE));
  }

  private static MemberView member(int number, boolean alive) {
    return new MemberView(
        String.valueOf(number),
        "s-" + number,
        "s",
        "",
        MemberView.State.ACTIVE,
        alive,
        SystemRole.VOTER,
        0,
        0);
  }
}
