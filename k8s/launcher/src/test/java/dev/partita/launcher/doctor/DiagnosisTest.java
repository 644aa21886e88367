package dev.partita.launcher.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.partita.launcher.doctor.Finding.Severity;
import dev.partita.launcher.doctor.Observation.NodeReading;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A healthy database of three nodes, into which each test plants one fault.
class DiagnosisTest {

  private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");
  private static final YAMLMapper YAML = new YAMLMapper();

  private final List<JsonNode> sites = new ArrayList<>(List.of(ready("main", "nodes: 3")));
  private final List<JsonNode> partitions = new ArrayList<>(List.of(ready("p", "replicas: 3")));
  private final List<JsonNode> pods =
      new ArrayList<>(List.of(runningPod("main-0"), runningPod("main-1"), runningPod("main-2")));
  private final List<JsonNode> claims =
      new ArrayList<>(List.of(yaml("{metadata: {name: data-main-0}, status: {phase: Bound}}")));
  private final Map<String, Boolean> alive =
      new HashMap<>(Map.of("main-0", true, "main-1", true, "main-2", true));
  private final Map<String, Double> metrics = new HashMap<>();
  private final Map<String, Instant> certificates = new HashMap<>();
  private final List<String> more = new ArrayList<>();
  private String former = "";
  private String others = "";
  private String operations = "[]";
  private String recoveries = "[]";
  private boolean answers = true;

  @Test
  void nothingIsWrongWithAHealthyDatabase() {
    assertThat(diagnose()).isEmpty();
    assertThat(report()).contains("3 of 3 alive", "1 of 1 ready", "nothing is wrong");
  }

  @Test
  void aMissingSiteIsNamed() {
    sites.clear();
    assertProblem("site", "there is none", "it adopts them");
  }

  @Test
  void aPartitionWithoutQuorumComesWithTheNodesToBringBack() {
    alive.put("main-1", false);
    alive.put("main-2", false);
    assertProblem(
        "partition/p", "NO QUORUM: 1 of 3 replicas are alive", "bring back main-1, main-2");
    assertProblem("node main-1", "does not hear from it", "kubectl describe pod main-1");
  }

  @Test
  void partitionsThatMissTheSameNodesAreOneThingToDo() {
    for (int i = 0; i < 7; i++) {
      more.add("q" + i);
      partitions.add(
          with(
              "q" + i,
              "Ready: False, Reconciling: True, Stalled: False",
              "no leader",
              "2026-01-01T11:59:00Z"));
    }
    alive.put("main-1", false);
    alive.put("main-2", false);
    assertProblem(
        "8 partitions, p, q0, q1, q2, q3 and 3 more",
        "NO QUORUM: 1 of 3 replicas are alive",
        "bring back main-1, main-2: until then their rows are out of reach");
    assertThat(diagnose())
        .extracting(Finding::object)
        .containsExactlyInAnyOrder(
            "system partition",
            "8 partitions, p, q0, q1, q2, q3 and 3 more",
            "node main-1",
            "node main-2");
  }

  /// Without a leader of the system partition nobody tells who is alive.
  @Test
  void aNodeThatAnswersIsAlive() {
    alive.replaceAll((_, _) -> false);
    assertProblem(
        "system partition", "NO QUORUM: 1 of 3 voters are alive", "bring back main-1, main-2");
    assertThat(report()).contains("1 of 3 alive").doesNotContain("node main-0:");
  }

  /// What has lost its volume comes back in the same pod, as another node.
  @Test
  void aNodeThatAnswersIsNotTheOneThatWasInItsPodBefore() {
    alive.replaceAll((_, _) -> false);
    metrics.put("partita_node_info{node=\"main-0\",node_id=\"new\",site=\"main\"}", 1.0);
    assertProblem(
        "system partition",
        "NO QUORUM: 0 of 3 voters are alive",
        "bring back main-0 with its former volume, main-1, main-2");
    assertThat(report()).contains("0 of 3 alive", "node main-0 with its former volume:");
    metrics.clear();
    metrics.put("partita_node_info{node=\"main-0\",node_id=\"main-0\",site=\"main\"}", 1.0);
    assertThat(report()).contains("1 of 3 alive").doesNotContain("former volume");
  }

  @Test
  void twoNodesOfOneNameAreTwoThatAreDown() {
    former =
        "{nodeId: old, name: main-1, state: Active, systemMember: Voter, alive: false, replicas: 1}";
    alive.put("main-1", false);
    alive.put("main-2", false);
    assertProblem(
        "system partition", "NO QUORUM: 1 of 4 voters are alive", "bring back main-1, main-2");
  }

  @Test
  void withoutTheSystemPartitionAllThatIsLostIsOneThingToDo() {
    alive.put("main-1", false);
    alive.put("main-2", false);
    more.add("q0");
    others = ", {name: r0, replicas: [{nodeId: main-2, role: Voter}]}";
    for (String name : List.of("q0", "r0", "s0", "s1", "s2")) {
      partitions.add(
          with(
              name,
              "Ready: False, Reconciling: True, Stalled: False",
              "the state is not known",
              name.equals("s1") ? "2026-01-01T11:57:00Z" : "2026-01-01T11:59:00Z"));
    }
    assertProblem(
        "3 partitions, p, q0, r0",
        "NO QUORUM: too few replicas of each are alive",
        "bring back main-1, main-2: until then their rows are out of reach");
    assertProblem(
        "3 partitions, s0, s1, s2",
        "not ready for 3 min: the state is not known",
        "kubectl describe partition/s1");
    assertThat(diagnose())
        .extracting(Finding::object)
        .containsExactlyInAnyOrder(
            "system partition",
            "3 partitions, p, q0, r0",
            "3 partitions, s0, s1, s2",
            "node main-1",
            "node main-2");
  }

  @Test
  void aMinorityThatIsDownIsNoLostQuorum() {
    alive.put("main-1", false);
    assertThat(diagnose()).extracting(Finding::object).containsExactly("node main-1");
  }

  @Test
  void nobodyWhoTellsTheStateIsAProblem() {
    answers = false;
    sites.set(
        0,
        with(
            "main",
            "Ready: False, Reconciling: True, Stalled: False",
            "no node answers",
            "2026-01-01T11:59:00Z"));
    assertProblem("nodes", "nobody tells the state", "see the pods");
  }

  @Test
  void nodesThatMayNotBeAskedAreNoProblem() {
    answers = false;
    assertThat(diagnose()).isEmpty();
    assertThat(report()).contains("none tells the state", "nothing is wrong");
  }

  @Test
  void theOperatorTellsOfALostQuorumWhereNodesMayNotBeAsked() {
    answers = false;
    partitions.set(
        0,
        yaml(
            "{metadata: {name: p, generation: 1}, spec: {}, status: {observedGeneration: 1, replicas: 3, readyReplicas: 1}}"));
    assertProblem("partition/p", "NO QUORUM: 1 of 3 replicas are ready", "kubectl get pods");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"EdgeCopyMissing", "SplitAdvised", "MergeAdvised", "Indivisible", "HotKey"})
  void whatAPersonMayWantToActOnIsNoted(String condition) {
    partitions.set(
        0,
        with(
            "p",
            "Ready: True, Reconciling: False, Stalled: False, " + condition + ": True",
            "edge Site shop has no nodes",
            "2026-01-01T00:00:00Z"));
    assertThat(diagnose())
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.severity()).isEqualTo(Finding.Severity.NOTE);
          assertThat(finding.object()).isEqualTo("partition/p");
          assertThat(finding.toString()).contains("edge Site shop has no nodes");
        });
  }

  @Test
  void aSilentOperatorIsOneFindingForAll() {
    sites.set(
        0,
        yaml(
            "{metadata: {name: main, generation: 2, creationTimestamp: '2026-01-01T00:00:00Z'}, spec: {nodes: 3}, status: {observedGeneration: 1}}"));
    partitions.set(
        0,
        yaml(
            "{metadata: {name: p, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z'}, spec: {}}"));
    assertThat(diagnose()).hasSize(1);
    assertProblem("operator", "has not looked at site/main, partition/p", "kubectl logs");
  }

  @Test
  void aResourceThatWasMadeJustNowIsNotHeldAgainstTheOperator() {
    partitions.set(
        0,
        yaml(
            "{metadata: {name: p, generation: 1, creationTimestamp: '2026-01-01T11:59:50Z'}, spec: {}}"));
    assertThat(diagnose()).isEmpty();
  }

  @Test
  void whatIsStalledSpeaksForItself() {
    sites.set(
        0,
        with(
            "main",
            "Ready: False, Reconciling: False, Stalled: True",
            "add nodes",
            "2026-01-01T11:00:00Z"));
    assertProblem("site/main", "add nodes", "kubectl describe site/main");
  }

  @Test
  void workThatTakesTooLongIsStuck() {
    partitions.set(
        0,
        with(
            "p",
            "Ready: True, Reconciling: True, Stalled: False",
            "moving a replica",
            "2026-01-01T11:30:00Z"));
    assertProblem("partition/p", "stuck for 30 min: moving a replica", "kubectl describe");
  }

  @Test
  void workThatHasJustBegunIsOnlyANote() {
    partitions.set(
        0,
        with(
            "p",
            "Ready: True, Reconciling: True, Stalled: False",
            "moving a replica",
            "2026-01-01T11:59:00Z"));
    assertThat(diagnose())
        .singleElement()
        .satisfies(each -> assertThat(each.severity()).isEqualTo(Severity.NOTE));
  }

  @Test
  void aPausedResourceIsNoted() {
    sites.set(0, ready("main", "nodes: 3, paused: true"));
    assertThat(diagnose())
        .singleElement()
        .satisfies(each -> {
          assertThat(each.severity()).isEqualTo(Severity.NOTE);
          assertThat(each.problem()).contains("paused");
        });
  }

  @Test
  void aPodThatCannotStartTellsWhyAndHowItEndedLast() {
    pods.set(
        1,
        yaml(
            "{metadata: {name: main-1}, status: {containerStatuses: [{restartCount: 3, state: {waiting: {reason: CrashLoopBackOff, message: back-off}}, lastState: {terminated: {reason: OOMKilled, exitCode: 137}}}]}}"));
    assertProblem(
        "pod/main-1",
        "CrashLoopBackOff: back-off (ended last with OOMKilled, exit code 137)",
        "kubectl logs main-1 --previous");
  }

  @Test
  void aPodThatNoServerTakesTellsWhatTheSchedulerSays() {
    pods.set(
        1,
        yaml(
            "{metadata: {name: main-1}, status: {conditions: [{type: PodScheduled, status: 'False', message: 0/3 nodes are available}]}}"));
    assertProblem("pod/main-1", "0/3 nodes are available", "add servers");
  }

  @Test
  void aLostVolumeIsAProblem() {
    claims.set(0, yaml("{metadata: {name: data-main-0}, status: {phase: Lost}}"));
    assertProblem("pvc/data-main-0", "its volume is lost", "spec.replaceAfter");
  }

  @Test
  void aFailedOperationIsAProblem() {
    operations =
        "[{id: move-1, kind: MoveReplica, partition: p, state: Failed, message: too slow}]";
    assertProblem("operation move-1", "MoveReplica of partition p failed: too slow", "tried again");
  }

  @Test
  void aLeadershipThatWasNotHandedOverIsNoProblem() {
    operations =
        "[{id: lead-1, kind: TransferLeader, partition: p, state: Failed, message: the node is not alive}]";
    assertThat(diagnose())
        .singleElement()
        .satisfies(each -> {
          assertThat(each.severity()).isEqualTo(Severity.NOTE);
          assertThat(each.problem())
              .isEqualTo("TransferLeader of partition p failed: the node is not alive");
        });
    assertThat(report()).contains("nothing is wrong");
  }

  @Test
  void anOperationThatRunsTellsWhatItWaitsFor() {
    operations =
        "[{id: move-1, kind: MoveReplica, partition: p, state: Running, step: CatchUp, message: far behind}]";
    assertThat(diagnose())
        .singleElement()
        .satisfies(each -> {
          assertThat(each.severity()).isEqualTo(Severity.NOTE);
          assertThat(each.problem())
              .isEqualTo("MoveReplica of partition p is under way, at step CatchUp: far behind");
        });
    assertThat(report()).contains("nothing is wrong", "CatchUp: far behind", "heal what it waits");
  }

  @Test
  void aRecoveryThatNobodyHasSeenToIsAProblem() {
    recoveries =
        "[{id: a336, at: '2026-01-01T10:00:00Z', acknowledged: false, partitions: [{id: 7, name: p, loss: some}, {id: 8, name: q, loss: some}]}]";
    assertProblem(
        "recovery a336",
        "p, q went on without a quorum 2 h ago",
        "./partita recover acknowledge a336");

    recoveries = "[{id: a337, at: '2026-01-01T10:00:00Z', acknowledged: false, partitions: []}]";
    assertProblem("recovery a337", "the system partition went on", "./partita recover list");
  }

  @Test
  void aRecoveryThatSomebodyHasSeenToIsForgotten() {
    recoveries =
        "[{id: a336, at: '2026-01-01T10:00:00Z', acknowledged: true, partitions: [{id: 7, name: p, loss: some}]}]";
    assertThat(diagnose()).isEmpty();
  }

  @Test
  void aFullDiskIsAProblem() {
    metrics.put("partita_disk_capacity_bytes", 100.0);
    metrics.put("partita_disk_available_bytes", 9.0);
    assertProblem("pod/main-0", "its disk is full to 91 %", "spec.storage.size");
  }

  @Test
  void aCertificateThatExpiresSoonIsAProblem() {
    certificates.put("partita-ca/ca.crt", NOW.plus(Duration.ofDays(3)));
    assertProblem("secret/partita-ca/ca.crt", "expires in 3 d", "should have been renewed");
    certificates.put("partita-ca/ca.crt", NOW.minusSeconds(1));
    assertProblem("secret/partita-ca/ca.crt", "expired at 2026-01-01T11:59:59Z", "not renewed");
  }

  @Test
  void aNodeTellsOfItsCertificateToo() {
    metrics.put(
        "partita_certificate_expiry_timestamp_seconds{holder=\"own\"}",
        (double) NOW.plusSeconds(7200).getEpochSecond());
    assertProblem("pod/main-0", "expires in 2 h", "renewed");
  }

  @Test
  void gaugesAreReadFromTheTextOfMetrics() {
    assertThat(
            Observer.gauges(
                "# HELP partita_x help\n# TYPE partita_x gauge\npartita_x 1.5E3\npartita_y{a=\"b c\"} 2.0\njvm_z 3\n"))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("partita_x", 1500.0, "partita_y{a=\"b c\"}", 2.0));
  }

  private void assertProblem(String object, String problem, String remedy) {
    assertThat(diagnose())
        .anySatisfy(each -> {
          assertThat(each.severity()).isEqualTo(Severity.PROBLEM);
          assertThat(each.object()).isEqualTo(object);
          assertThat(each.problem()).contains(problem);
          assertThat(each.remedy()).contains(remedy);
        });
    assertThat(report()).contains(object, problem, remedy);
  }

  private List<Finding> diagnose() {
    return Diagnosis.of(observation());
  }

  private String report() {
    return Report.of("here", observation(), diagnose());
  }

  private Observation observation() {
    NodeReading reading = new NodeReading("main-0", answers ? state() : null, metrics);
    return new Observation(
        NOW, sites, partitions, List.of(), pods, claims, List.of(reading), certificates);
  }

  private JsonNode state() {
    StringBuilder nodes = new StringBuilder(former.isEmpty() ? "" : former + ", ");
    StringBuilder replicas = new StringBuilder();
    for (String name : List.of("main-0", "main-1", "main-2")) {
      nodes.append(
          "{nodeId: %s, name: %s, state: Active, systemMember: Voter, alive: %s, replicas: 1},"
              .formatted(name, name, alive.get(name)));
      replicas.append("{nodeId: %s, role: Voter, caughtUp: true},".formatted(name));
    }
    StringBuilder groups = new StringBuilder();
    for (String name : more) {
      groups.append(", {name: %s, replicas: [%s]}".formatted(name, replicas));
    }
    return yaml(
        "{revision: 7, clusterId: c, leaderNodeId: main-0, nodes: [%s], partitions: [{name: p, replicas: [%s]}%s%s], operations: %s, recoveries: %s}"
            .formatted(nodes, replicas, groups, others, operations, recoveries));
  }

  private static JsonNode runningPod(String name) {
    return yaml(
        "{metadata: {name: %s}, status: {conditions: [{type: Ready, status: 'True'}], containerStatuses: [{restartCount: 0, state: {running: {}}}]}}"
            .formatted(name));
  }

  private static JsonNode ready(String name, String spec) {
    return yaml(
        "{metadata: {name: %s, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z'}, spec: {%s}, status: {observedGeneration: 1, conditions: %s}}"
            .formatted(
                name,
                spec,
                conditions(
                    "Ready: True, Reconciling: False, Stalled: False",
                    "",
                    "2026-01-01T00:00:00Z")));
  }

  private static JsonNode with(String name, String statuses, String message, String since) {
    return yaml(
        "{metadata: {name: %s, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z'}, spec: {nodes: 3}, status: {observedGeneration: 1, conditions: %s}}"
            .formatted(name, conditions(statuses, message, since)));
  }

  private static String conditions(String statuses, String message, String since) {
    StringBuilder conditions = new StringBuilder("[");
    for (String status : statuses.split(", ", -1)) {
      String[] parts = status.split(": ", -1);
      conditions.append(
          "{type: %s, status: '%s', message: '%s', lastTransitionTime: '%s'},"
              .formatted(parts[0], parts[1], message, since));
    }
    return conditions.append("]").toString();
  }

  private static JsonNode yaml(String text) {
    try {
      return YAML.readTree(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError(text, e);
    }
  }
}
