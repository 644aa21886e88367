package dev.partita.node.cluster;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.NodeEntry;
import dev.partita.node.catalog.Operation;
import dev.partita.node.catalog.OperationEntry;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.index.IndexTerm;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Where the claims of unique indexes go.
class ClaimsPlanTest {
  private final Views cluster = new Views().registerAll(5);

  private PartitionId placed(int... nodes) {
    PartitionId things = cluster.partition("things", Bounds.Range.ALL, nodes);
    cluster.apply(
        new CatalogCommand.CreateIndex(
            "by-code", "things", List.of(IndexTerm.of("code")), List.of(), true));
    CatalogPlan.next(cluster.view()).forEach(cluster::apply);
    claims().forEach(this::activate);
    return things;
  }

  private void activate(PartitionEntry entry) {
    cluster.report(
        entry.id(), entry.voters().getFirst(), 1, entry.voters(), List.of(), entry.voters());
    cluster.apply(new CatalogCommand.ObservePartition(entry.id(), 1, entry.voters(), List.of()));
    cluster.apply(new CatalogCommand.ActivatePartition(entry.id()));
  }

  private List<PartitionEntry> claims() {
    return cluster.catalog.partitions().all().stream()
        .filter(entry -> entry.collection().startsWith("~"))
        .toList();
  }

  private void move(String id, PartitionId partition, int remove, int add) {
    cluster.apply(
        new CatalogCommand.PutOperation(
            id, new Operation.MoveReplica(partition, Views.node(remove), Views.node(add))));
  }

  /// Has everything come to rest that is under way.
  private void settle() {
    for (int i = 0; i < 200; i++) {
      List<CatalogCommand> commands = ClaimsPlan.next(cluster.view());
      commands.forEach(cluster::apply);
      Map<String, Action> actions = OperationPlan.next(cluster.view());
      actions.forEach((id, action) -> {
        OperationEntry entry = requireNonNull(cluster.catalog.operations().get(id));
        OperationEntry.State state =
            action instanceof Action.Finish finish ? finish.state() : entry.state();
        cluster.apply(new CatalogCommand.AdvanceOperation(id, action.step(), state, null));
        cluster.act(action);
      });
      if (commands.isEmpty() && actions.isEmpty()) {
        return;
      }
    }
    throw new AssertionError("no rest: " + cluster.catalog.operations());
  }

  private static Set<NodeId> nodes(int... numbers) {
    return Set.copyOf(IntStream.of(numbers).mapToObj(Views::node).toList());
  }

  @Test
  void jointRowsFollowTheFirstOfTheirGroupsAndClaimsFollowThem() {
    PartitionId first = cluster.partition("one", new Bounds.Columns(List.of("a")), 1, 2, 3);
    cluster.partition("two", new Bounds.Columns(List.of("b")), 3, 4, 5);
    cluster.apply(
        new CatalogCommand.CreateIndex(
            "by-both", "things", List.of(IndexTerm.of("a"), IndexTerm.of("b")), List.of(), true));
    PartitionEntry rows = claims().getFirst();
    assertThat(rows.name()).isEqualTo("by-both~rows");
    activate(rows);
    CatalogPlan.next(cluster.view()).forEach(cluster::apply);
    assertThat(claims()).hasSize(5);
    claims().stream().skip(1).forEach(this::activate);
    assertThat(claims()).allMatch(entry -> Set.copyOf(entry.voters()).equals(nodes(1, 2, 3)));
    move("elsewhere", first, 3, 5);
    settle();
    assertThat(claims()).allMatch(entry -> Set.copyOf(entry.voters()).equals(nodes(1, 2, 5)));
  }

  @Test
  void claimsStayWhereTheirAnchorIs() {
    placed(1, 2, 3);
    assertThat(claims()).hasSize(4);
    assertThat(ClaimsPlan.next(cluster.view())).isEmpty();
  }

  @Test
  void claimsFollowTheirAnchor() {
    PartitionId things = placed(1, 2, 3);
    move("away", things, 1, 4);
    assertThat(ClaimsPlan.next(cluster.view())).as("it is on its way").isEmpty();
    settle();
    move("away-too", things, 2, 5);
    settle();
    assertThat(claims())
        .allSatisfy(one -> assertThat(Set.copyOf(one.voters())).isEqualTo(nodes(3, 4, 5)));
    assertThat(cluster.catalog.operations().keySet()).containsExactly("away", "away-too");
  }

  @Test
  void claimsHaveAsManyReplicasAsTheirAnchor() {
    PartitionId things = placed(1);
    cluster.apply(
        new CatalogCommand.PutOperation(
            "more", new Operation.MoveReplica(things, null, Views.node(2))));
    settle();
    assertThat(claims())
        .allSatisfy(one -> assertThat(Set.copyOf(one.voters())).isEqualTo(nodes(1, 2)));
    cluster.apply(
        new CatalogCommand.PutOperation(
            "fewer", new Operation.MoveReplica(things, Views.node(1), null)));
    settle();
    assertThat(claims())
        .allSatisfy(one -> assertThat(Set.copyOf(one.voters())).isEqualTo(nodes(2)));
  }

  @Test
  void claimsWithoutAnAnchorOnlyLeaveNodesThatGo() {
    placed(1, 2, 3);
    cluster.apply(new CatalogCommand.DropPartition("things", true));
    settle();
    assertThat(claims())
        .allSatisfy(one -> assertThat(Set.copyOf(one.voters())).isEqualTo(nodes(1, 2, 3)));
    cluster.apply(new CatalogCommand.SetNodeState(Views.node(2), NodeEntry.State.DRAINING));
    settle();
    assertThat(claims())
        .allSatisfy(one -> assertThat(Set.copyOf(one.voters())).isEqualTo(nodes(1, 3, 4)));
  }

  @Test
  void nobodyFollowsToANodeThatIsNotThere() {
    PartitionId things = placed(1, 2, 3);
    move("away", things, 1, 4);
    for (int i = 0; i < 20; i++) {
      Action action = OperationPlan.next(cluster.view()).get("away");
      if (action == null) {
        break;
      }
      OperationEntry.State state =
          action instanceof Action.Finish finish ? finish.state() : OperationEntry.State.RUNNING;
      cluster.apply(new CatalogCommand.AdvanceOperation("away", action.step(), state, null));
      cluster.act(action);
    }
    cluster.alive.remove(Views.node(4));
    assertThat(ClaimsPlan.next(cluster.view())).isEmpty();
  }
}
