package dev.partita.node.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.CatalogMachines;
import dev.partita.node.catalog.NodeEntry;
import dev.partita.node.catalog.RecoveryEntry;
import dev.partita.node.catalog.TimestampWindow;
import dev.partita.node.config.HostPort;
import dev.partita.node.config.Place;
import dev.partita.node.partition.Bounds;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.NodeId;
import dev.partita.node.recovery.NodeSurvey.ReplicaSurvey;
import dev.partita.node.recovery.RecoveryPlan.GroupPlan;
import dev.partita.node.time.Timestamp;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RecoveryPlannerTest {
  private static final int EDGE = 9;

  /// The id of the Partition: the collection has taken the first.
  private static final long ALL = 2;

  /// Nodes that answer, by what they have.
  private final Map<NodeId, List<ReplicaSurvey>> answers = new TreeMap<>();

  private Catalog catalog = Catalog.EMPTY;
  private Set<NodeId> edgesAllowed = Set.of();
  private Set<NodeId> heard = Set.of();

  private static NodeId node(int number) {
    return new NodeId(number);
  }

  private static Set<NodeId> nodes(int... numbers) {
    return IntStream.of(numbers).mapToObj(RecoveryPlannerTest::node).collect(Collectors.toSet());
  }

  private static Configuration voters(int... numbers) {
    return Configuration.of(nodes(numbers), Set.of());
  }

  /// A cluster of so many nodes and one at the edge, with a Partition on the first three.
  private void cluster(int nodes) {
    for (int number = 1; number <= nodes; number++) {
      register(number, false);
    }
    register(EDGE, true);
    apply(
        new CatalogCommand.CreatePartition(
            "all", "things", Bounds.Range.ALL, List.of(node(1), node(2), node(3))));
  }

  private void register(int number, boolean edge) {
    apply(
        new CatalogCommand.RegisterNode(
            new NodeEntry(
                node(number),
                "n-" + number,
                new Place("site", "", "", "", edge),
                new HostPort("host", number),
                new HostPort("host", number),
                NodeEntry.State.ACTIVE)));
  }

  private void apply(CatalogCommand command) {
    catalog = CatalogMachines.applied(catalog, command);
  }

  private void answer(int number, ReplicaSurvey... replicas) {
    answers.put(node(number), List.of(replicas));
  }

  private static ReplicaSurvey replica(
      long group, long lastTerm, long lastIndex, Configuration configuration) {
    return new ReplicaSurvey(
        group,
        group == 0 ? "system" : "group-" + group,
        "things",
        lastTerm + 1,
        lastIndex,
        lastTerm,
        lastIndex - 1,
        configuration,
        true,
        group == 0 ? 0 : 2,
        Timestamp.MIN,
        0);
  }

  private static ReplicaSurvey incomplete(ReplicaSurvey one) {
    return new ReplicaSurvey(
        one.group(),
        one.name(),
        one.collection(),
        one.term(),
        one.lastIndex(),
        one.lastTerm(),
        one.commitIndex(),
        one.configuration(),
        false,
        one.epoch(),
        one.latest(),
        one.prepared());
  }

  private RecoveryPlan plan(int... lost) {
    List<NodeSurvey> surveys = new ArrayList<>();
    answers.forEach((node, replicas) ->
        surveys.add(
            new NodeSurvey(
                node,
                new HashSet<>(catalog.nodes().keySet()),
                heard,
                Timestamp.MIN,
                Set.of(),
                replicas)));
    return RecoveryPlanner.plan(nodes(lost), edgesAllowed, surveys, catalog);
  }

  private GroupPlan only(int... lost) {
    RecoveryPlan plan = plan(lost);
    assertThat(plan.refusals()).isEmpty();
    assertThat(plan.groups()).hasSize(1);
    return plan.groups().getFirst();
  }

  private static ReplicaSurvey wholeSystem() {
    return replica(0, 5, 100, voters(4, 5, EDGE));
  }

  @Test
  void theOnlySurvivorIsKept() {
    cluster(5);
    for (int number : new int[] {4, 5, EDGE}) {
      answer(number, wholeSystem());
    }
    answer(3, replica(ALL, 2, 10, voters(1, 2, 3)));
    GroupPlan group = only(1, 2);
    assertThat(group.name()).isEqualTo("all");
    assertThat(group.kept()).isEqualTo(node(3));
    assertThat(group.voters()).containsExactly(node(3));
    assertThat(group.learners()).isEmpty();
    assertThat(group.term()).isGreaterThan(1_000_000);
    assertThat(group.epoch()).isEqualTo(2);
    assertThat(group.loss())
        .contains("1 of 3 voters survive")
        .contains("after entry 10 of term 2 may be lost");
    assertThat(plan(1, 2).whole()).isEqualTo(1);
  }

  @Test
  void theEndOfTheLogDecidesTermFirst() {
    cluster(5);
    Configuration five = voters(1, 2, 3, 4, 5);
    answer(1, replica(0, 2, 90, five));
    answer(2, replica(0, 3, 80, five));
    answer(EDGE);
    assertThat(only(3, 4, 5).kept()).isEqualTo(node(2));
    answer(1, replica(0, 3, 81, five));
    GroupPlan group = only(3, 4, 5);
    assertThat(group.kept()).isEqualTo(node(1));
    assertThat(group.voters()).isEqualTo(nodes(1, 2));
  }

  @Test
  void aLearnerThatHasMoreThanTheVotersIsKeptAndVotes() {
    cluster(4);
    Configuration members = Configuration.of(nodes(1, 2, 3), nodes(4));
    answer(3, replica(0, 2, 10, members));
    answer(4, replica(0, 2, 11, members));
    answer(EDGE);
    GroupPlan group = only(1, 2);
    assertThat(group.kept()).isEqualTo(node(4));
    assertThat(group.voters()).isEqualTo(nodes(3, 4));
    answer(3, replica(0, 2, 11, members));
    GroupPlan equal = only(1, 2);
    assertThat(equal.kept()).isEqualTo(node(3));
    assertThat(equal.voters()).isEqualTo(nodes(3));
    assertThat(equal.learners()).isEqualTo(nodes(4));
  }

  @Test
  void aNodeAtTheEdgeIsKeptOnlyWhereThatIsAllowed() {
    cluster(3);
    Configuration members = Configuration.of(nodes(1, 2, 3), nodes(EDGE));
    answer(3, replica(0, 2, 10, members));
    answer(EDGE, replica(0, 2, 11, members));
    assertThat(plan(1, 2).refusals()).hasSize(1).first().asString().contains("n-9", "edge");
    edgesAllowed = nodes(EDGE);
    assertThat(only(1, 2).kept()).isEqualTo(node(EDGE));
    edgesAllowed = Set.of();
    answers.remove(node(EDGE));
    assertThat(only(1, 2, EDGE).kept()).isEqualTo(node(3));
  }

  @Test
  void inAJointConfigurationBothHalvesNeedAMajority() {
    cluster(5);
    var joint = new Configuration(nodes(1, 4, 5), nodes(1, 2, 3), Set.of());
    answer(4, replica(0, 2, 10, joint));
    answer(5, replica(0, 2, 10, joint));
    answer(EDGE);
    GroupPlan group = only(1, 2, 3);
    assertThat(group.voters()).isEqualTo(nodes(4, 5));
  }

  @Test
  void aReplicaThatWaitsForASnapshotDoesNotSurvive() {
    cluster(3);
    answer(3, replica(0, 2, 10, voters(3)), incomplete(replica(ALL, 9, 99, voters(1, 2, 3))));
    answer(EDGE);
    RecoveryPlan plan = plan(1, 2);
    assertThat(plan.groups()).isEmpty();
    assertThat(plan.gone()).containsExactly("all");
  }

  @Test
  void whoAnswersIsNotLostAndWhoDoesNotIsToBeDeclared() {
    cluster(3);
    answer(1, replica(0, 2, 10, voters(1, 2, 3)));
    answer(2, replica(0, 2, 10, voters(1, 2, 3)));
    assertThat(plan(2, 3).refusals())
        .anyMatch(refusal -> refusal.contains("n-2") && refusal.contains("answers"))
        .anyMatch(refusal -> refusal.contains("n-9") && refusal.contains("not declared lost"));
    assertThat(plan().refusals()).anyMatch(refusal -> refusal.contains("no node is declared"));
  }

  @Test
  void whoIsHeardByAnotherSurvivorIsNotLost() {
    cluster(3);
    answer(3, replica(0, 2, 10, voters(1, 2, 3)));
    answer(EDGE);
    assertThat(plan(1, 2).refusals()).isEmpty();
    heard = nodes(2);
    assertThat(plan(1, 2).refusals())
        .isNotEmpty()
        .allMatch(refusal -> refusal.contains("n-2") && refusal.contains("heard of"));
  }

  @Test
  void whereEverythingHasAQuorumThereIsNothingToDo() {
    cluster(3);
    answer(1, replica(0, 2, 10, voters(1, 2, 3)));
    answer(2, replica(0, 2, 10, voters(1, 2, 3)), replica(ALL, 2, 10, voters(1, 2, 3)));
    answer(EDGE);
    answer(1, replica(0, 2, 10, voters(1, 2, 3)), replica(ALL, 2, 9, voters(1, 2, 3)));
    RecoveryPlan plan = plan(3);
    assertThat(plan.refusals())
        .containsExactly(
            "every group that has a replica has its quorum: there is nothing to recover");
    assertThat(plan.whole()).isEqualTo(2);
  }

  @Test
  void theIdChangesWithWhatThePlanDependsOn() {
    cluster(3);
    answer(3, replica(0, 2, 10, voters(1, 2, 3)));
    answer(EDGE);
    String id = plan(1, 2).id();
    assertThat(plan(1, 2).id()).isEqualTo(id);
    answer(3, replica(0, 2, 11, voters(1, 2, 3)));
    assertThat(plan(1, 2).id()).isNotEqualTo(id);
    answer(3, replica(0, 2, 10, voters(1, 2, 3)));
    answers.remove(node(EDGE));
    assertThat(plan(1, 2, EDGE).id()).isNotEqualTo(id);
  }

  @Test
  void theSystemPartitionComesFirst() {
    cluster(3);
    answer(3, replica(ALL, 2, 10, voters(1, 2, 3)), replica(0, 2, 10, voters(1, 2, 3)));
    answer(EDGE);
    assertThat(plan(1, 2).groups()).extracting(GroupPlan::name).containsExactly("system", "all");
    assertThat(plan(1, 2).warnings())
        .anyMatch(warning -> warning.contains("catalog goes back"))
        .anyMatch(warning -> warning.contains("torn"));
  }

  @Test
  void theCatalogForgetsWhoWasGivenUpAndGivesNoTimestampTwice() {
    cluster(3);
    var entry = new RecoveryEntry("id", 1, List.of(node(1)), List.of(), false);
    apply(new CatalogCommand.ExtendWindow(new TimestampWindow(Timestamp.ofMillis(50), node(1))));
    apply(new CatalogCommand.RecordRecovery(entry, Timestamp.ofMillis(70), 1_000, 500));
    assertThat(catalog.hasMember(node(1))).isFalse();
    assertThat(catalog.hasMember(node(2))).isTrue();
    assertThat(catalog.window().end()).isEqualTo(Timestamp.ofMillis(70));
    assertThat(catalog.window().owner()).isNull();
    assertThat(catalog.nextId()).isEqualTo(1_000);
    assertThat(catalog.revision()).isEqualTo(501);
    long revision = catalog.revision();
    apply(new CatalogCommand.RecordRecovery(entry, Timestamp.ofMillis(90), 2_000, 900));
    assertThat(catalog.revision()).isEqualTo(revision);
    assertThat(catalog.window().end()).isEqualTo(Timestamp.ofMillis(70));
    apply(new CatalogCommand.AcknowledgeRecovery("id"));
    assertThat(catalog.recoveries().values()).allMatch(RecoveryEntry::acknowledged).hasSize(1);
  }
}
