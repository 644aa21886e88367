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
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SplitTurnTest {

  private final List<MemberView> nodes =
      new ArrayList<>(
          IntStream.range(0, 6).mapToObj(id -> node(id, MemberView.State.ACTIVE)).toList());
  private final List<OperationView> operations = new ArrayList<>();

  private static MemberView node(int id, MemberView.State state) {
    return new MemberView(
        "" + id, "main-" + id, "main", "", state, true, MemberView.SystemRole.VOTER, 1, 1);
  }

  /// Each Partition is led by the node of its number.
  private static PartitionView partition(int number) {
    return new PartitionView(
        "" + number,
        "p" + number,
        "c",
        1,
        "" + number,
        List.of(new ReplicaView("" + number, Role.VOTER, true)),
        0,
        0,
        0,
        null,
        PartitionView.State.ACTIVE);
  }

  @Test
  void splitsThatWaitForANodeThatIsCutOffHoldNoOthersUp() {
    for (int number = 0; number < SplitTurn.SPLITS_MAX; number++) {
      operations.add(
          new OperationView(
              "o" + number,
              Kind.SPLIT_PARTITION,
              "p" + number,
              "CleanUp",
              OperationView.State.RUNNING,
              null));
    }
    assertThat(obstacle(5)).isPresent();
    MemberView cutOff =
        new MemberView(
            "0",
            "main-0",
            "main",
            "",
            MemberView.State.ACTIVE,
            false,
            MemberView.SystemRole.LEARNER,
            1,
            0);
    nodes.set(0, cutOff);
    assertThat(obstacle(5)).isEmpty();
  }

  private void operation(Kind kind, int partition, OperationView.State state) {
    operations.add(
        new OperationView("o" + operations.size(), kind, "p" + partition, "step", state, null));
  }

  private Optional<String> obstacle(int partition) {
    ClusterView cluster =
        new ClusterView(
            1,
            "cluster",
            "0",
            nodes,
            IntStream.range(0, 6).mapToObj(SplitTurnTest::partition).toList(),
            List.of(),
            operations,
            List.of());
    return SplitTurn.obstacle(partition(partition), cluster);
  }

  @Test
  void nothingIsInTheWayOfTheFirst() {
    assertThat(obstacle(0)).isEmpty();
    operation(Kind.SPLIT_PARTITION, 1, OperationView.State.DONE);
    operation(Kind.MOVE_REPLICA, 1, OperationView.State.FAILED);
    operation(Kind.TRANSFER_LEADER, 2, OperationView.State.RUNNING);
    assertThat(obstacle(0)).isEmpty();
  }

  @Test
  void nodesAreEmptiedFirst() {
    nodes.set(3, node(3, MemberView.State.DRAINING));
    assertThat(obstacle(0)).hasValue("node main-3 is being emptied");
  }

  @Test
  void replicasAreMovedFirst() {
    operation(Kind.MOVE_REPLICA, 1, OperationView.State.RUNNING);
    assertThat(obstacle(0)).isPresent();
  }

  @Test
  void aNodeLeadsOneSplitAtATimeAndADatabaseFour() {
    operation(Kind.SPLIT_PARTITION, 0, OperationView.State.RUNNING);
    assertThat(obstacle(0)).isPresent();
    for (int number = 1; number < SplitTurn.SPLITS_MAX; number++) {
      assertThat(obstacle(number)).isEmpty();
      operation(Kind.SPLIT_PARTITION, number, OperationView.State.RUNNING);
    }
    assertThat(obstacle(5)).hasValue("4 other Partitions are being split");
  }
}
