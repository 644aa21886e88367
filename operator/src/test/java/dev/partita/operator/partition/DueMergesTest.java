package dev.partita.operator.partition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.crd.Partition;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.nodeclient.PartitionView.ReplicaView;
import dev.partita.operator.nodeclient.PartitionView.Role;
import dev.partita.operator.repartition.MergeFinding;
import dev.partita.operator.repartition.MergeTurn;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DueMergesTest {

  private static final MergeFinding DUE = new MergeFinding.Due("because", "figure");
  private static final List<MemberView> NODES =
      IntStream.range(0, 6)
          .mapToObj(id ->
              new MemberView(
                  "" + id,
                  "main-" + id,
                  "main",
                  "",
                  MemberView.State.ACTIVE,
                  true,
                  MemberView.SystemRole.VOTER,
                  1,
                  1))
          .toList();

  private final List<PartitionView> views = new ArrayList<>();
  private final List<Partition> declared = new ArrayList<>();
  private final List<DueMerges.Candidate> candidates = new ArrayList<>();
  private boolean splitDue;

  private static Partition resource(String name, String spec) {
    return Serialization.unmarshal(
        "apiVersion: partita.dev/v1alpha1\nkind: Partition\nmetadata: {name: %s, uid: u-%s, creationTimestamp: '2026-01-01T00:00:00Z'}\nspec: {collection: c, range: {}, replicas: 1, %s}"
            .formatted(name, name, spec),
        Partition.class);
  }

  private static PartitionView view(String name, int node) {
    return new PartitionView(
        name,
        name,
        "c",
        1,
        "" + node,
        List.of(new ReplicaView("" + node, Role.VOTER, true)),
        0,
        0,
        0,
        null,
        PartitionView.State.ACTIVE);
  }

  /// A Partition that was split, whose parts are on these nodes and are declared as said.
  private void split(String whole, int one, int other, String spec) {
    split(whole, one, other, DUE, null);
    declared.add(resource(whole, ""));
    declared.add(resource(whole + "-1", spec));
    declared.add(resource(whole + "-2", spec));
  }

  private void split(
      String whole, int one, int other, MergeFinding finding, @Nullable String refusal) {
    PartitionView first = view(whole + "-1", one);
    PartitionView second = view(whole + "-2", other);
    views.addAll(List.of(first, second));
    candidates.add(
        new DueMerges.Candidate(
            resource(whole, ""),
            new MergeDecision(
                finding,
                new MergeTurn.Pair(whole, first, second),
                null,
                !(finding instanceof MergeFinding.Waits)),
            refusal));
  }

  private DueMerges due() {
    ClusterView cluster =
        new ClusterView(1, "cluster", "0", NODES, views, List.of(), List.of(), List.of());
    return DueMerges.of(
        candidates,
        declared,
        cluster,
        () -> Placements.of(cluster, DeclaredSites.NONE, declared, DueMerges.NONE),
        () -> splitDue);
  }

  @Test
  void aPairInTurnComesTogether() {
    split("a", 0, 1, "");
    DueMerges due = due();
    assertThat(due.isInTurn("a")).isTrue();
    assertThat(due.with("a-1")).isEqualTo("a-1");
    assertThat(due.with("a-2")).isEqualTo("a-1");
    assertThat(due.with("a")).isNull();
  }

  @Test
  void whatWaitsForItsTurnIsLeftWhereItIs() {
    split("a", 0, 0, "");
    split("b", 0, 1, "");
    DueMerges due = due();
    assertThat(due.isInTurn("a")).isTrue();
    assertThat(due.isInTurn("b")).as("a node that leads both").isFalse();
    assertThat(due.obstacle("b")).isEmpty();
    assertThat(due.with("b-1")).isEqualTo("b-1");
    assertThat(due.with("b-2")).isEqualTo("b-2");
  }

  @Test
  void whatIsRefusedOrCountedIsLeftWhereItIsAndTakesNobodysTurn() {
    split("a", 0, 0, DUE, "no");
    split("b", 1, 1, new MergeFinding.Uncounted(), null);
    split("c", 2, 2, new MergeFinding.Waits(), null);
    split("d", 3, 3, "");
    split("e", 4, 4, "");
    DueMerges due = due();
    assertThat(due.obstacle("a")).contains("no");
    assertThat(List.of("a", "b", "c", "d", "e").stream().filter(due::isInTurn))
        .containsExactly("d", "e");
    assertThat(due.with("a-2")).isEqualTo("a-2");
    assertThat(due.with("b-2")).isEqualTo("b-2");
    assertThat(due.with("c-2")).isNull();
    assertThat(due.isWatched("c-2")).isTrue();
  }

  @Test
  void partsThatCannotComeTogetherTakeNobodysTurn() {
    split("a", 0, 1, DUE, null);
    split("b", 0, 1, "placement: [{site: nowhere, replicas: 1}]");
    assertThat(due().obstacle("a")).hasValueSatisfying(why -> assertThat(why).contains("by hand"));
    assertThat(due().obstacle("b"))
        .hasValueSatisfying(why -> assertThat(why).contains("not yet that of its parent"));
    split("c", 2, 3, "");
    assertThat(due().isInTurn("a")).isFalse();
    assertThat(due().isInTurn("b")).isFalse();
    assertThat(due().isInTurn("c")).isTrue();
  }

  @Test
  void partsThatCannotBePlacedAreNotBroughtTogether() {
    String nowhere = "placement: [{site: nowhere, replicas: 1}]";
    split("a", 0, 1, nowhere);
    candidates.set(
        0, new DueMerges.Candidate(resource("a", nowhere), candidates.getFirst().decision(), null));
    assertThat(due().obstacle("a"))
        .hasValueSatisfying(why -> assertThat(why).contains("a-1 cannot be placed", "nowhere"));
  }

  @Test
  void splitsComeBeforeReplicasThatComeTogether() {
    split("a", 0, 0, "");
    split("b", 1, 2, "");
    splitDue = true;
    assertThat(due().isInTurn("a")).as("it copies nothing").isTrue();
    assertThat(due().isInTurn("b")).isFalse();
    assertThat(due().obstacle("b")).contains("another Partition is to be split first");
    splitDue = false;
    assertThat(due().isInTurn("b")).isTrue();
  }
}
