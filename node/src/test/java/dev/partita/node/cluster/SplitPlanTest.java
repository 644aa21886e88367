package dev.partita.node.cluster;

import static dev.partita.node.cluster.Views.node;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.NodeEntry;
import dev.partita.node.catalog.Operation;
import dev.partita.node.catalog.OperationEntry;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SplitPlanTest {
  private static final Bounds HUNDRED = new Bounds.Range(Datum.of(0), Datum.of(100));

  private final Views cluster = new Views().registerAll(5);

  private void split(String id, PartitionId partition, long at) {
    cluster.apply(
        new CatalogCommand.PutOperation(id, new Operation.SplitPartition(partition, Datum.of(at))));
  }

  private Action next(String id) {
    return requireNonNull(OperationPlan.next(cluster.view()).get(id));
  }

  /// Does what the plan says until the operation is finished or waits for something; returns the
  /// steps.
  private List<String> run(String id) {
    List<String> steps = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
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

  private void assertEveryKeyHasOneOwner() {
    for (long key = 0; key < 100; key++) {
      PrimaryKey one = PrimaryKey.of(key);
      assertThat(cluster.catalog.partitions().of("things"))
          .filteredOn(entry -> entry.bounds().contains(one))
          .as("owners of " + key)
          .hasSize(1);
      assertThat(cluster.catalog.partitions().owner("things", one)).isPresent();
    }
  }

  @Test
  void aSplitIsOrderedPublishedAndCleanedUp() {
    PartitionId partition = cluster.partition("p", HUNDRED, 1, 2, 3);
    split("s", partition, 50);
    assertThat(run("s"))
        .containsExactly(SplitPlan.SPLIT, SplitPlan.CLEAN_UP, OperationEntry.FINISHED);
    assertThat(state("s")).isEqualTo(OperationEntry.State.DONE);
    assertEveryKeyHasOneOwner();
    assertThat(cluster.catalog.partition(partition).orElseThrow().members()).isEmpty();
    assertThat(cluster.catalog.children(partition))
        .hasSize(2)
        .allSatisfy(child -> {
          assertThat(child.state()).isEqualTo(PartitionEntry.State.ACTIVE);
          assertThat(child.epoch()).isEqualTo(2);
          assertThat(child.members()).containsExactly(node(1), node(2), node(3));
        });
  }

  @Test
  void theGroupIsKeptForAMemberThatHasNotSplit() {
    PartitionId partition = cluster.partition("p", HUNDRED, 1, 2, 3);
    split("s", partition, 50);
    cluster.alive.remove(node(3));
    assertThat(run("s")).containsExactly(SplitPlan.SPLIT, SplitPlan.CLEAN_UP);
    assertThat(next("s")).isInstanceOf(Action.Wait.class);
    assertThat(cluster.catalog.partition(partition).orElseThrow().members()).hasSize(3);
    assertEveryKeyHasOneOwner();

    // Its replicas of the children are moved away, and it is gone for good.
    for (PartitionEntry child : cluster.catalog.children(partition)) {
      cluster.apply(
          new CatalogCommand.ObservePartition(child.id(), 9, List.of(node(1), node(2)), List.of()));
    }
    cluster.apply(new CatalogCommand.SetNodeState(node(3), NodeEntry.State.GONE));
    assertThat(run("s")).containsExactly(SplitPlan.CLEAN_UP, OperationEntry.FINISHED);
    assertThat(state("s")).isEqualTo(OperationEntry.State.DONE);
  }

  /// A Partition on three nodes, with a copy on node 6, whose line is cut, that was split at 50.
  private PartitionId splitWithoutItsCopy() {
    cluster.register(6, true);
    PartitionId partition = cluster.partition("p", HUNDRED, 1, 2, 3);
    List<NodeId> voters = List.of(node(1), node(2), node(3));
    cluster.report(partition, node(1), 2, voters, List.of(node(6)), voters);
    cluster.apply(new CatalogCommand.ObservePartition(partition, 2, voters, List.of(node(6))));
    cluster.alive.remove(node(6));
    split("s", partition, 50);
    assertThat(run("s")).containsExactly(SplitPlan.SPLIT, OperationEntry.FINISHED);
    assertThat(state("s")).isEqualTo(OperationEntry.State.DONE);
    return partition;
  }

  private List<NodeId> members(PartitionId partition) {
    return List.copyOf(cluster.catalog.partition(partition).orElseThrow().members());
  }

  private void observe() {
    CatalogPlan.next(cluster.view()).forEach(cluster::apply);
  }

  @Test
  void aCopyWhoseLineIsCutKeepsTheGroupAndNotTheOperation() {
    PartitionId partition = splitWithoutItsCopy();
    observe();
    assertThat(members(partition)).contains(node(6));

    cluster.alive.add(node(6));
    observe();
    assertThat(members(partition)).as("it is back and has yet to split").contains(node(6));

    cluster.splitDurably();
    observe();
    assertThat(members(partition)).isEmpty();
    assertThat(cluster.catalog.children(partition))
        .allSatisfy(child -> assertThat(child.learners()).containsExactly(node(6)));
  }

  @Test
  void theGroupGoesWhenNoPartHasTheCopyAnyMore() {
    PartitionId partition = splitWithoutItsCopy();
    List<NodeId> voters = List.of(node(1), node(2), node(3));
    List<PartitionEntry> children = cluster.catalog.children(partition);
    cluster.apply(
        new CatalogCommand.ObservePartition(children.getFirst().id(), 9, voters, List.of()));
    observe();
    assertThat(members(partition)).as("the other part has it").contains(node(6));

    cluster.apply(
        new CatalogCommand.ObservePartition(children.getLast().id(), 9, voters, List.of()));
    observe();
    assertThat(members(partition)).isEmpty();
  }

  @Test
  void aSplitWaitsForACopyThatIsThere() {
    cluster.register(6, true);
    PartitionId partition = cluster.partition("p", HUNDRED, 1, 2, 3);
    List<NodeId> voters = List.of(node(1), node(2), node(3));
    cluster.report(partition, node(1), 2, voters, List.of(node(6)), voters);
    cluster.apply(new CatalogCommand.ObservePartition(partition, 2, voters, List.of(node(6))));
    split("s", partition, 50);
    cluster.alive.remove(node(6));
    cluster.act(next("s"));
    cluster.alive.add(node(6));

    assertThat(next("s")).isInstanceOf(Action.Wait.class);
  }

  @Test
  void movesAndSplitsOfOnePartitionExcludeEachOther() {
    PartitionId partition = cluster.partition("p", HUNDRED, 1, 2, 3);
    cluster.apply(
        new CatalogCommand.PutOperation(
            "a-move", new Operation.MoveReplica(partition, node(3), node(4))));
    cluster.act(next("a-move"));
    cluster.apply(
        new CatalogCommand.AdvanceOperation(
            "a-move", MovePlan.ADD_LEARNER, OperationEntry.State.RUNNING, null));
    split("a-split", partition, 50);
    assertThat(next("a-split")).isInstanceOf(Action.Wait.class);
    run("a-move");
    assertThat(run("a-split")).endsWith(OperationEntry.FINISHED);
    assertThat(cluster.catalog.children(partition))
        .allSatisfy(child ->
            assertThat(child.members()).containsExactlyInAnyOrder(node(1), node(2), node(4)));

    cluster.apply(
        new CatalogCommand.PutOperation(
            "late", new Operation.MoveReplica(partition, node(1), node(5))));
    run("late");
    assertThat(state("late")).isEqualTo(OperationEntry.State.FAILED);
  }

  @Test
  void whatIsAskedOfAPartitionThatIsSplitMeanwhileEnds() {
    PartitionId partition = cluster.partition("p", HUNDRED, 1, 2, 3);
    cluster.apply(
        new CatalogCommand.PutOperation("lead", new Operation.TransferLeader(partition, node(2))));
    split("s", partition, 50);
    run("s");
    assertThat(run("lead")).endsWith(OperationEntry.FINISHED);
    assertThat(state("lead")).isEqualTo(OperationEntry.State.FAILED);
    assertThat(requireNonNull(cluster.catalog.operations().get("lead")).message())
        .contains("was split");
  }

  @Test
  void aSplitEndsWithItsPartition() {
    PartitionId partition = cluster.partition("p", HUNDRED, 1, 2, 3);
    split("s", partition, 50);
    cluster.apply(new CatalogCommand.DropPartition("p", false));
    run("s");
    assertThat(state("s")).isEqualTo(OperationEntry.State.FAILED);
    assertThat(cluster.catalog.partitions().all()).isEmpty();
  }

  /// Whoever drives may die between any two steps, since the next one starts from what it sees; and
  /// operations may be asked for at any moment.
  @Test
  void everyKeyHasOneOwnerAtEveryRevisionAndNothingIsStuck() {
    for (int seed = 0; seed < 20; seed++) {
      var random = new Random(seed);
      var views = new Views().registerAll(5);
      views.partition("p", HUNDRED, 1, 2, 3);
      int asked = 0;
      for (int step = 0; step < 120; step++) {
        List<PartitionEntry> leaves = views.catalog.partitions().of("things");
        PartitionEntry any = leaves.get(random.nextInt(leaves.size()));
        if (!views.leaders.containsKey(any.id())) {
          views.report(
              any.id(),
              node(1),
              Math.max(1, any.epoch()),
              any.voters(),
              any.learners(),
              any.voters());
        }
        if (asked < 8 && random.nextInt(6) == 0) {
          long at = random.nextLong(1, 99);
          Operation wish =
              switch (random.nextInt(4)) {
                case 0 -> new Operation.MoveReplica(any.id(), node(3), node(4));
                case 1 -> new Operation.TransferLeader(any.id(), node(2));
                default -> new Operation.SplitPartition(any.id(), Datum.of(at));
              };
          boolean possible =
              any.bounds().contains(PrimaryKey.of(at - 1))
                  && any.bounds().contains(PrimaryKey.of(at))
                  && views.catalog.children(any.id()).isEmpty();
          if (possible || !(wish instanceof Operation.SplitPartition)) {
            views.apply(new CatalogCommand.PutOperation("o-" + asked++, wish));
          }
        }
        List<Map.Entry<String, Action>> actions =
            List.copyOf(OperationPlan.next(views.view()).entrySet());
        if (!actions.isEmpty()) {
          Map.Entry<String, Action> chosen = actions.get(random.nextInt(actions.size()));
          if (chosen.getValue() instanceof Action.Finish(var state, var message)) {
            views.apply(
                new CatalogCommand.AdvanceOperation(
                    chosen.getKey(), OperationEntry.FINISHED, state, message));
          } else {
            views.act(chosen.getValue());
          }
        }
        for (long key = 0; key < 100; key++) {
          PrimaryKey one = PrimaryKey.of(key);
          long owners =
              views.catalog.partitions().of("things").stream()
                  .filter(entry -> entry.bounds().contains(one))
                  .count();
          assertThat(owners).as("seed %d, step %d, key %d", seed, step, key).isEqualTo(1);
        }
      }
      for (int more = 0; more < 400; more++) {
        views.catalog.partitions().of("things").stream()
            .filter(entry -> !views.leaders.containsKey(entry.id()))
            .forEach(entry ->
                views.report(
                    entry.id(),
                    node(1),
                    Math.max(1, entry.epoch()),
                    entry.voters(),
                    entry.learners(),
                    entry.voters()));
        OperationPlan.next(views.view())
            .forEach((id, action) -> {
              if (action instanceof Action.Finish(var state, var message)) {
                views.apply(
                    new CatalogCommand.AdvanceOperation(
                        id, OperationEntry.FINISHED, state, message));
              } else {
                views.act(action);
              }
            });
      }
      assertThat(views.catalog.operations().values())
          .as("seed %d", seed)
          .noneMatch(operation -> operation.state() == OperationEntry.State.RUNNING);
    }
  }
}
