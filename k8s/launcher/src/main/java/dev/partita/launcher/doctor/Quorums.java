package dev.partita.launcher.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// Pure: which groups cannot decide anything, because half or more of their voters are away.
///
/// Partitions that miss the same nodes are one finding: it is one thing to do.
final class Quorums {
  private static final int NAMES_SHOWN_MAX = 5;
  private static final String VOTER = "Voter";

  private final Observation seen;
  private final List<Finding> findings = new ArrayList<>();
  private final Map<Loss, Set<String>> partitions = new LinkedHashMap<>();

  /// What partitions have lost.
  ///
  /// @param alive of its replicas
  /// @param how what they are instead, for people
  private record Loss(int alive, int replicas, String how, String remedy) {}

  private Quorums(Observation seen) {
    this.seen = seen;
  }

  static Quorums of(Observation seen) {
    Quorums quorums = new Quorums(seen);
    seen.state().ifPresentOrElse(quorums::byTheNodes, quorums::byTheOperator);
    quorums.partitions.forEach(quorums::report);
    return quorums;
  }

  List<Finding> findings() {
    return List.copyOf(findings);
  }

  /// Whether a Partition is one of those.
  boolean isLost(String partition) {
    return partitions.values().stream().anyMatch(names -> names.contains(partition));
  }

  private void byTheNodes(JsonNode state) {
    Map<String, JsonNode> members = new HashMap<>();
    state.path("nodes").forEach(node -> members.put(node.path("nodeId").asText(), node));
    systemPartition(state);
    for (JsonNode partition : state.path("partitions")) {
      Set<String> down = new TreeSet<>();
      int voters = 0;
      for (JsonNode replica : partition.path("replicas")) {
        if (replica.path("role").asText().equals(VOTER)) {
          voters++;
          String id = replica.path("nodeId").asText();
          JsonNode member = members.get(id);
          if (member == null || !seen.isAlive(member)) {
            down.add(member == null ? id : member.path("name").asText(id));
          }
        }
      }
      int alive = voters - down.size();
      if (voters > 0 && alive < majority(voters)) {
        lost(partition.path("name").asText(), new Loss(alive, voters, "alive", bringBack(down)));
      }
    }
  }

  private void systemPartition(JsonNode state) {
    Set<String> down = new TreeSet<>();
    int voters = 0;
    for (JsonNode node : state.path("nodes")) {
      boolean votes =
          node.path("systemMember").asText().equals(VOTER)
              && !node.path("state").asText().equals("Gone");
      voters += votes ? 1 : 0;
      if (votes && !seen.isAlive(node)) {
        down.add(node.path("name").asText());
      }
    }
    int alive = voters - down.size();
    if (voters > 0 && alive < majority(voters)) {
      findings.add(
          Finding.problem(
              "system partition",
              "NO QUORUM: %d of %d voters are alive; nothing can be made, moved or written"
                  .formatted(alive, voters),
              bringBack(down)));
    }
  }

  private static String bringBack(Set<String> down) {
    return "bring back " + String.join(", ", down);
  }

  /// What the operator tells of the groups, where the nodes tell nothing: their administration may
  /// ask for a certificate that only the operator has.
  private void byTheOperator() {
    if (!seen.pods().isEmpty()
        && seen.sites().stream().noneMatch(site -> Observation.is(site, "Ready"))) {
      findings.add(
          Finding.problem(
              "nodes",
              "nobody tells the state of the cluster",
              "no node answers, none may be asked from here, or the system partition has no quorum: see the pods below"));
    }
    for (JsonNode partition : seen.partitions()) {
      int replicas = partition.path("status").path("replicas").asInt();
      int ready = partition.path("status").path("readyReplicas").asInt();
      if (ready < majority(replicas) && replicas > 0) {
        lost(
            Observation.name(partition),
            new Loss(
                ready,
                replicas,
                "ready",
                "bring back the pods that are not ready (kubectl get pods)"));
      }
    }
  }

  private static int majority(int voters) {
    return voters / 2 + 1;
  }

  private void lost(String partition, Loss loss) {
    partitions.computeIfAbsent(loss, _ -> new TreeSet<>()).add(partition);
  }

  private void report(Loss loss, Set<String> names) {
    boolean one = names.size() == 1;
    findings.add(
        Finding.problem(
            (one ? "partition/" : names.size() + " partitions, ") + some(names),
            "NO QUORUM: %d of %d replicas are %s"
                .formatted(loss.alive(), loss.replicas(), loss.how()),
            loss.remedy() + ": until then " + (one ? "its" : "their") + " rows are out of reach"));
  }

  /// The first of some names.
  static String some(Collection<String> names) {
    String list = names.stream().limit(NAMES_SHOWN_MAX).collect(Collectors.joining(", "));
    return names.size() <= NAMES_SHOWN_MAX
        ? list
        : list + " and " + (names.size() - NAMES_SHOWN_MAX) + " more";
  }
}
