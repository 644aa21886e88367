package dev.partita.node.cluster;

import static dev.partita.node.cluster.Views.node;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.Operation;
import dev.partita.node.catalog.OperationEntry;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.PartitionId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MergePlanTest {
  private static final Bounds HUNDRED = new Bounds.Range(Datum.of(0), Datum.of(100));
  private static final long LONG = MergePlan.FROZEN_MAX.toMillis() + 1;

  private final Views cluster = new Views().registerAll(5);
  private PartitionId split = new PartitionId(1);
  private List<PartitionId> parts = List.of();

  @BeforeEach
  void split() {
    split = cluster.partition("p", HUNDRED, 1, 2, 3);
    cluster.apply(
        new CatalogCommand.PutOperation("s", new Operation.SplitPartition(split, Datum.of(50))));
    assertThat(run("s")).endsWith(OperationEntry.FINISHED);
    parts = cluster.catalog.children(split).stream().map(PartitionEntry::id).toList();
    parts.forEach(this::lead);
  }

  private void lead(PartitionId part) {
    PartitionEntry entry = cluster.catalog.partition(part).orElseThrow();
    cluster.report(part, node(1), entry.epoch(), entry.voters(), List.of(), entry.voters());
  }

  private PartitionId merge(String id) {
    cluster.apply(new CatalogCommand.PutOperation(id, new Operation.MergePartitions(split)));
    return cluster.catalog.pendingMerge(split).orElseThrow().id();
  }

  private Action next(String id) {
    return requireNonNull(OperationPlan.next(cluster.view()).get(id));
  }

  /// Does what the plan says until the operation is finished or waits for something; returns the
  /// steps.
  private List<String> run(String id) {
    List<String> steps = new ArrayList<>();
    for (int i = 0; i < 20 && state(id) == OperationEntry.State.RUNNING; i++) {
      Action action = next(id);
      steps.add(action.step());
      if (action instanceof Action.Finish(var state, var message)) {
        cluster.apply(new CatalogCommand.AdvanceOperation(id, action.step(), state, message));
      } else if (action instanceof Action.Wait) {
        return steps;
      } else {
        cluster.act(action);
      }
    }
    return steps;
  }

  private OperationEntry.State state(String id) {
    return requireNonNull(cluster.catalog.operations().get(id)).state();
  }

  private void letGo() {
    MergePlan.unfreeze(cluster.view()).forEach(cluster::act);
  }

  @Test
  void bothAreFrozenTheMergeIsCommittedAndTheirGroupsAreGivenUp() {
    PartitionId into = merge("m");
    assertThat(run("m")).containsExactly(MergePlan.FREEZE, MergePlan.COMMIT, MergePlan.CLEAN_UP);
    PartitionEntry whole = cluster.catalog.partition("p").orElseThrow();
    assertThat(whole.id()).isEqualTo(into);
    assertThat(whole.state()).isEqualTo(PartitionEntry.State.ACTIVE);
    assertThat(whole.bounds()).isEqualTo(HUNDRED);
    assertThat(whole.epoch()).isEqualTo(4);
    assertThat(whole.members()).containsExactly(node(1), node(2), node(3));
    assertThat(next("m")).as("until every member has taken note").isInstanceOf(Action.Wait.class);
    letGo();
    assertThat(cluster.led(parts.getFirst()).report().freeze()).as("it stays frozen").isNotNull();

    cluster.merge(into);
    assertThat(run("m"))
        .containsExactly(MergePlan.CLEAN_UP, MergePlan.CLEAN_UP, OperationEntry.FINISHED);
    assertThat(state("m")).isEqualTo(OperationEntry.State.DONE);
    assertThat(cluster.catalog.partitions().all()).hasSize(1);
    parts.forEach(
        part -> assertThat(cluster.catalog.answering(part).orElseThrow().id()).isEqualTo(into));
    assertThat(cluster.catalog.answering(split).orElseThrow().id()).isEqualTo(into);
  }

  @Test
  void nothingIsCommittedBeforeEveryMemberOfBothIsFrozen() {
    PartitionId into = merge("m");
    cluster.act(next("m"));
    var late = new NodeReport.Frozen(parts.getLast(), into);
    requireNonNull(cluster.frozen.get(node(3))).remove(late);
    assertThat(next("m")).isInstanceOf(Action.Wait.class);
    requireNonNull(cluster.frozen.get(node(3))).add(late);
    assertThat(next("m").step()).isEqualTo(MergePlan.COMMIT);
  }

  @Test
  void aMergeThatDoesNotGetOnIsGivenUpAndBothGoOn() {
    PartitionId into = merge("m");
    cluster.act(next("m"));
    cluster.frozen.clear();
    Action.Propose commit =
        new Action.Propose(
            MergePlan.COMMIT, new CatalogCommand.CommitMerge(into, 4, List.of(node(1)), List.of()));
    cluster.freezesLast(LONG);

    assertThat(run("m")).containsExactly(MergePlan.GIVE_UP);

    OperationEntry given = requireNonNull(cluster.catalog.operations().get("m"));
    assertThat(given.state()).isEqualTo(OperationEntry.State.FAILED);
    assertThat(given.message()).contains("in time");
    // Whoever has seen both frozen comes too late.
    cluster.act(commit);
    assertThat(cluster.catalog.partition(into)).isEmpty();
    letGo();
    for (PartitionId part : parts) {
      assertThat(cluster.led(part).report().freeze()).isNull();
      assertThat(cluster.catalog.partition(part).orElseThrow().state())
          .isEqualTo(PartitionEntry.State.ACTIVE);
    }
    PartitionId again = merge("m-2");
    assertThat(again).isNotEqualTo(into);
    assertThat(run("m-2")).contains(MergePlan.COMMIT);
  }

  @Test
  void whatIsCommittedIsNotGivenUp() {
    PartitionId into = merge("m");
    assertThat(run("m")).contains(MergePlan.COMMIT);
    cluster.freezesLast(LONG);
    cluster.apply(new CatalogCommand.GiveUpMerge("m", into, "too late"));
    assertThat(state("m")).isEqualTo(OperationEntry.State.RUNNING);
    assertThat(cluster.catalog.partition(into).orElseThrow().state())
        .isEqualTo(PartitionEntry.State.ACTIVE);
    assertThat(MergePlan.unfreeze(cluster.view())).isEmpty();
  }

  @Test
  void anOrderThatComesLateFreezesNobodyForGood() {
    merge("m");
    Action order = next("m");
    cluster.alive.remove(node(2));
    assertThat(run("m")).containsExactly(MergePlan.GIVE_UP);
    cluster.act(order);
    assertThat(cluster.led(parts.getFirst()).report().freeze()).isNotNull();
    letGo();
    assertThat(cluster.led(parts.getFirst()).report().freeze()).isNull();
    assertThat(requireNonNull(cluster.catalog.operations().get("m")).message())
        .contains("is not alive");
  }

  /// Who has led before and does not know of the merge yet lets nothing go.
  @Test
  void aDriverThatIsBehindLetsNothingGo() {
    var behind = cluster.catalog;
    merge("m");
    cluster.act(next("m"));
    cluster.catalog = behind;
    assertThat(MergePlan.unfreeze(cluster.view())).isEmpty();
  }

  @Test
  void aMergeWaitsForWhatPassesAndHoldsNobodyUp() {
    merge("m");
    PartitionReport report = cluster.led(parts.getFirst()).report();
    cluster.leaders.remove(parts.getFirst());
    assertThat(next("m")).isInstanceOf(Action.Wait.class);
    cluster.leaders.put(
        parts.getFirst(),
        new ReportBoard.LedPartition(
            node(1),
            new PartitionReport(
                report.partition(),
                1,
                report.epoch(),
                report.voters(),
                report.learners(),
                false,
                report.caughtUp(),
                0,
                0,
                0,
                0,
                report.load(),
                report.points(),
                List.of(),
                null,
                null,
                "an index is being built")));
    assertThat(next("m"))
        .isInstanceOfSatisfying(
            Action.Wait.class, wait -> assertThat(wait.message()).contains("index"));
    assertThat(cluster.led(parts.getLast()).report().freeze()).isNull();
    lead(parts.getFirst());
    assertThat(next("m")).isInstanceOf(Action.Freeze.class);
  }

  @Test
  void movesSplitsAndMergesOfOneTreeExcludeEachOther() {
    cluster.apply(
        new CatalogCommand.PutOperation(
            "a-move", new Operation.MoveReplica(parts.getLast(), node(3), node(4))));
    cluster.apply(
        new CatalogCommand.AdvanceOperation(
            "a-move", MovePlan.ADD_LEARNER, OperationEntry.State.RUNNING, null));
    merge("m");
    assertThat(next("m")).isInstanceOf(Action.Wait.class);
    run("a-move");
    assertThat(run("m")).containsExactly(MergePlan.GIVE_UP);
    assertThat(requireNonNull(cluster.catalog.operations().get("m")).message())
        .contains("on different nodes");
  }

  @Test
  void aMergeEndsWithItsPartition() {
    merge("m");
    cluster.act(next("m"));
    cluster.apply(new CatalogCommand.DropPartition("p", false));
    run("m");
    assertThat(state("m")).isEqualTo(OperationEntry.State.FAILED);
    assertThat(cluster.catalog.partitions().all()).isEmpty();
  }

  /// Whoever drives may die between any two steps, orders and commands may come late and twice, and
  /// nodes may be away.
  @Test
  void everyKeyHasOneOwnerAtEveryRevisionAndNothingStaysFrozen() {
    int merges = 0;
    int given = 0;
    for (int seed = 0; seed < 40; seed++) {
      var random = new Random(seed);
      var views = new Views().registerAll(4);
      views.partition("p", HUNDRED, 1, 2, 3);
      List<Action> past = new ArrayList<>();
      for (int step = 0; step < 200; step++) {
        report(views);
        if (step % 8 == 0) {
          ask(views, random, "o-" + step);
        }
        List<Map.Entry<String, Action>> actions =
            List.copyOf(OperationPlan.next(views.view()).entrySet());
        switch (random.nextInt(10)) {
          case 0 -> views.alive.remove(node(1 + random.nextInt(3)));
          case 1, 2 -> {
            for (int back = 1; back <= 4; back++) {
              views.alive.add(node(back));
            }
          }
          case 3 -> {
            if (!past.isEmpty()) {
              act(views, past.get(random.nextInt(past.size())));
            }
          }
          case 4 -> views.freezesLast(random.nextBoolean() ? LONG : 1);
          case 5 -> MergePlan.unfreeze(views.view()).forEach(views::act);
          case 6 ->
              List.copyOf(views.catalog.partitions().of("things"))
                  .forEach(entry -> views.merge(entry.id()));
          default -> {
            if (!actions.isEmpty()) {
              Map.Entry<String, Action> chosen = actions.get(random.nextInt(actions.size()));
              past.add(chosen.getValue());
              if (chosen.getValue() instanceof Action.Finish(var state, var message)) {
                views.apply(
                    new CatalogCommand.AdvanceOperation(
                        chosen.getKey(), OperationEntry.FINISHED, state, message));
              } else {
                act(views, chosen.getValue());
              }
            }
          }
        }
        assertOneOwner(views, seed, step);
      }
      settle(views);
      assertThat(views.catalog.operations().values())
          .as("seed %d", seed)
          .noneMatch(operation -> operation.state() == OperationEntry.State.RUNNING);
      assertThat(views.catalog.partitions().of("things"))
          .as("seed %d", seed)
          .allSatisfy(entry -> assertThat(views.led(entry.id()).report().freeze()).isNull());
      assertThat(views.catalog.partitions().all())
          .as("seed %d", seed)
          .noneMatch(entry -> entry.state() == PartitionEntry.State.MERGED)
          .noneMatch(entry -> entry.state() == PartitionEntry.State.PENDING);
      for (OperationEntry operation : views.catalog.operations().values()) {
        if (operation.operation() instanceof Operation.MergePartitions) {
          merges += operation.state() == OperationEntry.State.DONE ? 1 : 0;
          given += operation.state() == OperationEntry.State.FAILED ? 1 : 0;
        }
      }
    }
    assertThat(merges).as("merges").isGreaterThan(10);
    assertThat(given).as("merges that were given up").isGreaterThan(10);
  }

  private static void act(Views views, Action action) {
    if (action instanceof Action.Propose(_, CatalogCommand.CommitMerge commit)) {
      views
          .catalog
          .partition(commit.partition())
          .filter(into -> into.state() == PartitionEntry.State.PENDING)
          .ifPresent(into ->
              views.catalog.children(requireNonNull(into.parent())).stream()
                  .forEach(part ->
                      assertThat(part.members())
                          .as("members that are frozen")
                          .allMatch(
                              member -> views.view().hasFrozen(member, part.id(), into.id()))));
    }
    PartitionId ordered =
        switch (action) {
          case Action.ChangeMembers change -> change.partition();
          case Action.TransferLeader transfer -> transfer.partition();
          case Action.Split split -> split.partition();
          case Action.Unfreeze unfreeze -> unfreeze.partition();
          case Action.Freeze freeze -> freeze.sides().getFirst().partition();
          case Action.Propose _, Action.Wait _, Action.Finish _ -> null;
        };
    if (ordered == null || views.leaders.containsKey(ordered)) {
      views.act(action);
    }
  }

  private static void report(Views views) {
    for (PartitionEntry entry : views.catalog.partitions().of("things")) {
      ReportBoard.LedPartition led = views.leaders.get(entry.id());
      if (led == null) {
        views.report(
            entry.id(),
            entry.voters().getFirst(),
            Math.max(1, entry.epoch()),
            entry.voters(),
            entry.learners(),
            entry.voters());
      } else if (!views.alive.contains(led.leader())) {
        views.alive.stream()
            .filter(led.report()::hasMember)
            .findFirst()
            .ifPresent(next ->
                views.leaders.put(entry.id(), new ReportBoard.LedPartition(next, led.report())));
      }
    }
  }

  private static void ask(Views views, Random random, String id) {
    List<PartitionEntry> all = views.catalog.partitions().all().stream().toList();
    PartitionEntry any = all.get(random.nextInt(all.size()));
    long at = random.nextLong(1, 99);
    boolean inside =
        any.bounds().contains(PrimaryKey.of(at - 1)) && any.bounds().contains(PrimaryKey.of(at));
    Operation wish =
        any.state() == PartitionEntry.State.SPLIT
            ? new Operation.MergePartitions(any.id())
            : random.nextInt(4) > 0 && inside
                ? new Operation.SplitPartition(any.id(), Datum.of(at))
                : new Operation.MoveReplica(any.id(), null, node(4));
    views.tryTo(new CatalogCommand.PutOperation(id, wish));
  }

  private static void assertOneOwner(Views views, int seed, int step) {
    for (long key = 0; key < 100; key++) {
      PrimaryKey one = PrimaryKey.of(key);
      long owners =
          views.catalog.partitions().of("things").stream()
              .filter(entry -> entry.bounds().contains(one))
              .count();
      assertThat(owners).as("seed %d, step %d, key %d", seed, step, key).isEqualTo(1);
    }
  }

  private static void settle(Views views) {
    for (int back = 1; back <= 4; back++) {
      views.alive.add(node(back));
    }
    for (int more = 0; more < 400; more++) {
      report(views);
      if (more % 20 == 19) {
        views.freezesLast(LONG);
      }
      MergePlan.unfreeze(views.view()).forEach(views::act);
      List.copyOf(views.catalog.partitions().of("things"))
          .forEach(entry -> views.merge(entry.id()));
      views.splitDurably();
      views.catchUp();
      OperationPlan.next(views.view())
          .forEach((id, action) -> {
            if (action instanceof Action.Finish(var state, var message)) {
              views.apply(
                  new CatalogCommand.AdvanceOperation(id, OperationEntry.FINISHED, state, message));
            } else {
              views.act(action);
            }
          });
    }
  }
}
