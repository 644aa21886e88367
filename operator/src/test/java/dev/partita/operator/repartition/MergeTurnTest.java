package dev.partita.operator.repartition;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.nodeclient.OperationSpec.Kind;
import dev.partita.operator.nodeclient.OperationView;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.nodeclient.PartitionView.ReplicaView;
import dev.partita.operator.nodeclient.PartitionView.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MergeTurnTest {

  private final List<MemberView> nodes =
      new ArrayList<>(IntStream.range(0, 8).mapToObj(id -> node(id, true)).toList());
  private final List<PartitionView> others = new ArrayList<>();
  private final List<OperationView> operations = new ArrayList<>();

  private static MemberView node(int id, boolean alive) {
    return new MemberView(
        "" + id,
        "main-" + id,
        "main",
        "",
        MemberView.State.ACTIVE,
        alive,
        MemberView.SystemRole.VOTER,
        1,
        1);
  }

  private static PartitionView part(String name, int node) {
    return part(name, node, 0);
  }

  private static PartitionView part(String name, int node, long bytes) {
    return new PartitionView(
        name,
        name,
        "c",
        1,
        "" + node,
        List.of(new ReplicaView("" + node, Role.VOTER, true)),
        0,
        bytes,
        0,
        null,
        PartitionView.State.ACTIVE);
  }

  private static MergeTurn.Pair pair(String whole, int node, int otherNode) {
    return new MergeTurn.Pair(whole, part(whole + "-1", node), part(whole + "-2", otherNode));
  }

  private List<String> inTurn(MergeTurn.Pair... due) {
    ClusterView cluster =
        new ClusterView(
            1,
            "cluster",
            "0",
            nodes,
            Stream.concat(others.stream(), List.of(due).stream().flatMap(MergeTurn.Pair::parts))
                .toList(),
            List.of(),
            operations,
            List.of());
    return MergeTurn.of(List.of(due), cluster).stream().map(MergeTurn.Pair::whole).toList();
  }

  private void operation(Kind kind, String partition, OperationView.State state) {
    operations.add(new OperationView("o", kind, partition, "step", state, null));
  }

  @Test
  void twoAtATimeAreMergedAndNoneWithTheSameLeader() {
    assertThat(inTurn(pair("d", 6, 7), pair("c", 4, 5), pair("b", 1, 3), pair("a", 0, 1)))
        .containsExactly("a", "c");
  }

  @Test
  void whatIsTogetherComesFirst() {
    assertThat(inTurn(pair("a", 0, 1), pair("b", 3, 4), pair("z", 2, 2))).containsExactly("z", "a");
  }

  @Test
  void aNodeThatLeadsAMergeTakesOnNoOther() {
    var split =
        new PartitionView(
            "x",
            "x",
            "c",
            1,
            null,
            List.of(),
            0,
            0,
            0,
            0,
            null,
            PartitionView.State.SPLIT,
            List.of("x-1", "x-2"),
            null,
            PartitionView.SplitPoints.UNKNOWN,
            List.of());
    others.addAll(List.of(split, part("x-1", 0), part("x-2", 0)));
    operation(Kind.MERGE_PARTITIONS, "x", OperationView.State.RUNNING);
    assertThat(inTurn(pair("a", 0, 1), pair("c", 4, 5))).containsExactly("c");
  }

  @Test
  void theSmallerOneComesToTheLargerOne() {
    MergeTurn.Pair even = pair("a", 0, 1);
    assertThat(even.target()).isEqualTo(even.one());
    PartitionView one = part("a-1", 0);
    PartitionView other = part("a-2", 1, 5);
    assertThat(new MergeTurn.Pair("a", one, other).target()).isEqualTo(other);
  }

  @Test
  void oneThatIsUnderWayComesFirst() {
    operation(Kind.MERGE_PARTITIONS, "d", OperationView.State.RUNNING);
    assertThat(inTurn(pair("d", 6, 7), pair("c", 4, 5), pair("a", 0, 1))).containsExactly("d", "a");
  }

  @Test
  void oneThatIsCommittedCounts() {
    operation(Kind.MERGE_PARTITIONS, "x", OperationView.State.RUNNING);
    assertThat(inTurn(pair("c", 4, 5), pair("a", 0, 1))).containsExactly("a");
  }

  @Test
  void whatCannotBeMergedNowHoldsNothingUp() {
    nodes.set(1, node(1, false));
    operation(Kind.MERGE_PARTITIONS, "b", OperationView.State.FAILED);
    assertThat(inTurn(pair("a", 0, 1), pair("b", 2, 3), pair("c", 4, 5), pair("d", 6, 7)))
        .containsExactly("c", "d");
  }

  @Test
  void splitsComeFirst() {
    operation(Kind.SPLIT_PARTITION, "x", OperationView.State.RUNNING);
    assertThat(inTurn(pair("a", 0, 1))).isEmpty();
  }
}
