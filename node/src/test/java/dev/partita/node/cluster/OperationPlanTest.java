package dev.partita.node.cluster;

import static dev.partita.node.cluster.Views.node;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.NodeEntry;
import dev.partita.node.catalog.Operation;
import dev.partita.node.catalog.OperationEntry;
import dev.partita.node.key.Datum;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class OperationPlanTest {
  private static final int STEPS_MAX = 20;

  private final Views cluster = new Views().registerAll(5);

  private void put(String id, Operation operation) {
    cluster.apply(new CatalogCommand.PutOperation(id, operation));
  }

  private void move(
      String id, PartitionId partition, @Nullable Integer from, @Nullable Integer to) {
    put(
        id,
        new Operation.MoveReplica(
            partition, from == null ? null : node(from), to == null ? null : node(to)));
  }

  /// Does what the plan says until the operation is finished or waits; returns the steps.
  private List<String> run(String id) {
    List<String> steps = new ArrayList<>();
    for (int i = 0; i < STEPS_MAX; i++) {
      Action action = next(id);
      steps.add(action.step());
      if (action instanceof Action.Finish(var state, var message)) {
        cluster.apply(new CatalogCommand.AdvanceOperation(id, action.step(), state, message));
        return steps;
      }
      if (action instanceof Action.Wait) {
        return steps;
      }
      cluster.act(action);
    }
    throw new AssertionError("no end: " + steps);
  }

  private OperationEntry.State state(String id) {
    return requireNonNull(cluster.catalog.operations().get(id)).state();
  }

  private List<NodeId> voters(PartitionId partition) {
    return cluster.catalog.partition(partition).orElseThrow().voters();
  }

  @Test
  void aFollowerIsReplacedInOneChange() {
    PartitionId partition = cluster.partition("p", Bounds.Range.ALL, 1, 2, 3);
    move("m", partition, 3, 4);
    assertThat(run("m"))
        .containsExactly(MovePlan.ADD_LEARNER, MovePlan.SWAP, OperationEntry.FINISHED);
    assertThat(state("m")).isEqualTo(OperationEntry.State.DONE);
    assertThat(voters(partition)).containsExactlyInAnyOrder(node(1), node(2), node(4));
  }

  @Test
  void aLeaderHandsOverBeforeItIsReplaced() {
    PartitionId partition = cluster.partition("p", Bounds.Range.ALL, 1, 2, 3);
    move("m", partition, 1, 4);
    assertThat(run("m"))
        .containsExactly(
            MovePlan.ADD_LEARNER, MovePlan.HAND_OVER, MovePlan.SWAP, OperationEntry.FINISHED);
    assertThat(voters(partition)).containsExactlyInAnyOrder(node(2), node(3), node(4));
  }

  @Test
  void theOnlyReplicaMoves() {
    PartitionId partition = cluster.partition("p", Bounds.Range.ALL, 1);
    move("m", partition, 1, 2);
    assertThat(run("m"))
        .containsExactly(
            MovePlan.ADD_LEARNER,
            MovePlan.SWAP,
            MovePlan.HAND_OVER,
            MovePlan.REMOVE,
            OperationEntry.FINISHED);
    assertThat(voters(partition)).containsExactly(node(2));
  }

  @Test
  void aDeadReplicaIsReplaced() {
    PartitionId partition = cluster.partition("p", Bounds.Range.ALL, 1, 2, 3);
    cluster.alive.remove(node(3));
    move("m", partition, 3, 4);
    run("m");
    assertThat(state("m")).isEqualTo(OperationEntry.State.DONE);
    assertThat(voters(partition)).containsExactlyInAnyOrder(node(1), node(2), node(4));
  }

  @Test
  void replicasAreAddedAndRemovedAlone() {
    PartitionId partition = cluster.partition("p", Bounds.Range.ALL, 1);
    move("grow", partition, null, 2);
    run("grow");
    assertThat(voters(partition)).containsExactlyInAnyOrder(node(1), node(2));
    move("shrink", partition, 1, null);
    run("shrink");
    assertThat(voters(partition)).containsExactly(node(2));
    move("last", partition, 2, null);
    run("last");
    assertThat(state("last")).isEqualTo(OperationEntry.State.FAILED);
  }

  @Test
  void aReplicaOnAnEdgeNodeDoesNotVote() {
    cluster.register(6, true);
    PartitionId partition = cluster.partition("p", Bounds.Range.ALL, 1);
    move("m", partition, null, 6);
    run("m");
    assertThat(state("m")).isEqualTo(OperationEntry.State.DONE);
    assertThat(voters(partition)).containsExactly(node(1));
    assertThat(cluster.catalog.partition(partition).orElseThrow().learners())
        .containsExactly(node(6));
  }

  @Test
  void aCopyAtTheEdgeIsThereBeforeItHasCaughtUp() {
    cluster.register(6, true);
    PartitionId partition = cluster.partition("p", Bounds.Range.ALL, 1);
    move("m", partition, null, 6);
    cluster.act(next("m"));
    cluster.report(partition, node(1), 2, List.of(node(1)), List.of(node(6)), List.of(node(1)));
    run("m");
    assertThat(state("m")).isEqualTo(OperationEntry.State.DONE);
  }

  @Test
  void nothingWaitsForAnEdgeNodeThatIsNotAlive() {
    cluster.register(6, true).register(7, true);
    PartitionId partition = cluster.partition("p", Bounds.Range.ALL, 1);
    cluster.alive.remove(node(6));
    move("add", partition, null, 6);
    run("add");
    assertThat(state("add")).isEqualTo(OperationEntry.State.FAILED);

    cluster.alive.add(node(6));
    move("first", partition, null, 6);
    run("first");
    move("swap", partition, 6, 7);
    cluster.act(next("swap"));
    // It learns, but is gone again before it has caught up.
    cluster.report(
        partition,
        node(1),
        3,
        List.of(node(1)),
        List.of(node(6), node(7)),
        List.of(node(1), node(6)));
    cluster.alive.remove(node(7));
    run("swap");
    assertThat(state("swap")).isEqualTo(OperationEntry.State.FAILED);
  }

  @Test
  void aMoveWhoseTargetIsGoneLeavesNothingBehind() {
    PartitionId partition = cluster.partition("p", Bounds.Range.ALL, 1, 2, 3);
    List<NodeId> members = voters(partition);
    move("m", partition, 3, 4);
    // The new learner is in the group, but not in the catalog yet, when its node is removed.
    cluster.report(partition, node(1), 2, members, List.of(node(4)), members);
    cluster.apply(new CatalogCommand.SetNodeState(node(4), NodeEntry.State.GONE));
    assertThat(run("m")).containsExactly(MovePlan.CLEAN_UP, OperationEntry.FINISHED);
    assertThat(state("m")).isEqualTo(OperationEntry.State.FAILED);
    assertThat(voters(partition)).containsExactlyInAnyOrderElementsOf(members);
    assertThat(cluster.catalog.partition(partition).orElseThrow().learners()).isEmpty();
  }

  @Test
  void aDeadTargetIsWaitedFor() {
    PartitionId partition = cluster.partition("p", Bounds.Range.ALL, 1, 2, 3);
    cluster.alive.remove(node(4));
    move("m", partition, 3, 4);
    assertThat(run("m")).containsExactly(MovePlan.ADD_LEARNER);
    cluster.alive.add(node(4));
    run("m");
    assertThat(state("m")).isEqualTo(OperationEntry.State.DONE);
  }

  /// As after a split that one member has not made and gets by a snapshot.
  @Test
  void aVoterStaysUntilTheOthersCanDoWithoutIt() {
    PartitionId partition = cluster.partition("p", Bounds.Range.ALL, 1, 2, 3);
    List<NodeId> members = voters(partition);
    move("m", partition, 2, null);
    cluster.report(partition, node(1), 1, members, List.of(), List.of(node(1), node(2)));
    assertThat(next("m"))
        .isEqualTo(
            new Action.Wait(MovePlan.REMOVE, "no quorum of the new voters has caught up: not n-3"));
    cluster.catchUp();
    assertThat(run("m")).containsExactly(MovePlan.REMOVE, OperationEntry.FINISHED);
  }

  @Test
  void aVoterIsNotExchangedWhileTheOthersCannotDoWithoutIt() {
    PartitionId partition = cluster.partition("p", Bounds.Range.ALL, 1, 2, 3, 4, 5);
    List<NodeId> members = voters(partition);
    cluster.register(6, false);
    move("m", partition, 2, 6);
    cluster.report(
        partition, node(1), 1, members, List.of(node(6)), List.of(node(1), node(2), node(6)));
    assertThat(next("m"))
        .isEqualTo(
            new Action.Wait(
                MovePlan.SWAP, "no quorum of the new voters has caught up: not n-3, n-4, n-5"));
    cluster.report(
        partition,
        node(1),
        1,
        members,
        List.of(node(6)),
        List.of(node(1), node(2), node(3), node(6)));
    assertThat(run("m")).containsExactly(MovePlan.SWAP, OperationEntry.FINISHED);
  }

  private Action next(String id) {
    return requireNonNull(OperationPlan.next(cluster.view()).get(id));
  }

  @Test
  void aMoveThatSomebodyElseHasMadeFails() {
    PartitionId partition = cluster.partition("p", Bounds.Range.ALL, 1, 2, 3);
    move("m", partition, 5, 4);
    assertThat(run("m")).containsExactly(OperationEntry.FINISHED);
    assertThat(state("m")).isEqualTo(OperationEntry.State.FAILED);
    assertThat(voters(partition)).hasSize(3);
  }

  @Test
  void movesOfOnePartitionAreMadeOneAfterTheOther() {
    PartitionId partition = cluster.partition("p", Bounds.Range.ALL, 1, 2, 3);
    move("b", partition, 2, 4);
    cluster.apply(
        new CatalogCommand.AdvanceOperation(
            "b", MovePlan.ADD_LEARNER, OperationEntry.State.RUNNING, null));
    move("a", partition, 3, 5);
    assertThat(next("a")).isInstanceOf(Action.Wait.class);
    assertThat(next("b")).isInstanceOf(Action.ChangeMembers.class);
  }

  @Test
  void noMoreMovesThanTheBoundAreUnderWay() {
    for (int i = 0; i < OperationPlan.MOVES_MAX + 3; i++) {
      PartitionId partition =
          cluster.partition("p" + i, new Bounds.Range(Datum.of((long) i), Datum.of(i + 1L)), 1);
      move("m" + i, partition, 1, 2);
    }
    assertThat(OperationPlan.next(cluster.view()).values())
        .filteredOn(Action.ChangeMembers.class::isInstance)
        .hasSize(OperationPlan.MOVES_MAX);
  }

  @Test
  void aDrainingNodeLeadsNothing() {
    PartitionId partition = cluster.partition("p", Bounds.Range.ALL, 1, 2, 3);
    put("d", new Operation.DrainNode(node(1)));
    assertThat(run("d")).containsExactly(OperationPlan.MARK, OperationPlan.HAND_OVER);
    LeaderPlan.next(cluster.view()).forEach(cluster::act);
    assertThat(cluster.led(partition).leader()).isNotEqualTo(node(1));
    assertThat(run("d")).containsExactly(OperationEntry.FINISHED);
    put("c", new Operation.CancelDrain(node(1)));
    run("c");
    assertThat(cluster.catalog.nodes().get(node(1)))
        .extracting(NodeEntry::state)
        .isEqualTo(NodeEntry.State.ACTIVE);
  }

  @Test
  void cancellingEndsTheDrain() {
    cluster.partition("p", Bounds.Range.ALL, 1, 2, 3);
    put("d", new Operation.DrainNode(node(1)));
    run("d");
    put("c", new Operation.CancelDrain(node(1)));
    run("c");
    assertThat(state("c")).isEqualTo(OperationEntry.State.DONE);
    assertThat(state("d")).isEqualTo(OperationEntry.State.FAILED);
  }

  @Test
  void aNodeWithReplicasIsNotRemoved() {
    PartitionId partition = cluster.partition("p", Bounds.Range.ALL, 1, 2, 3);
    put("r", new Operation.RemoveNode(node(3)));
    assertThat(run("r")).containsExactly(OperationPlan.WAIT_FOR_REPLICAS);
    move("m", partition, 3, 4);
    run("m");
    run("r");
    assertThat(state("r")).isEqualTo(OperationEntry.State.DONE);
    assertThat(cluster.catalog.hasMember(node(3))).isFalse();
  }
}
