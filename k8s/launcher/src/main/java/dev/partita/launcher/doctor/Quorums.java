package dev.partita.launcher.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// Pure: which groups cannot decide anything, because half or more of their voters are away.
///
/// Partitions that miss the same nodes are one finding, and so are all of them where the system
/// partition has no quorum either: it is one thing to do.
final class Quorums {
  private static final int NAMES_SHOWN_MAX = 5;
  private static final String VOTER = "Voter";

  private final Observation seen;
  private final List<Finding> findings = new ArrayList<>();
  private final Map<Loss, Set<String>> partitions = new LinkedHashMap<>();

  /// What partitions have lost.
  ///
  /// @param what how many of their replicas are left, for people
  /// @param down the nodes that are away; none where nobody tells which
  private record Loss(String what, Set<String> down) {

    Loss {
      down = Collections.unmodifiableSet(new TreeSet<>(down));
    }

    private String remedy() {
      return down.isEmpty()
          ? "bring back the pods that are not ready (kubectl get pods)"
          : bringBack(down);
    }
  }

  private Quorums(Observation seen) {
    this.seen = seen;
  }

  static Quorums of(Observation seen) {
    Quorums quorums = new Quorums(seen);
    seen.state().ifPresentOrElse(quorums::byTheNodes, quorums::byTheOperator);
    quorums.report();
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
    for (JsonNode partition : state.path("partitions")) {
      Set<String> down = new TreeSet<>();
      int voters = 0;
      int alive = 0;
      for (JsonNode replica : partition.path("replicas")) {
        if (replica.path("role").asText().equals(VOTER)) {
          voters++;
          String id = replica.path("nodeId").asText();
          JsonNode member = members.get(id);
          if (member != null && seen.isAlive(member)) {
            alive++;
          } else {
            down.add(member == null ? id : seen.label(member));
          }
        }
      }
      if (voters > 0 && alive < majority(voters)) {
        lost(
            partition.path("name").asText(),
            new Loss("%d of %d replicas are alive".formatted(alive, voters), down));
      }
    }
    systemPartition(state);
  }

  private void systemPartition(JsonNode state) {
    // Who has lost a volume is two nodes of one name, so names cannot be counted.
    Set<String> down = new TreeSet<>();
    int voters = 0;
    int alive = 0;
    for (JsonNode node : state.path("nodes")) {
      boolean votes =
          node.path("systemMember").asText().equals(VOTER)
              && !node.path("state").asText().equals("Gone");
      if (votes) {
        voters++;
        if (seen.isAlive(node)) {
          alive++;
        } else {
          down.add(seen.label(node));
        }
      }
    }
    if (voters > 0 && alive < majority(voters)) {
      findings.add(
          Finding.problem(
              "system partition",
              "NO QUORUM: %d of %d voters are alive; nothing can be made, moved or written"
                  .formatted(alive, voters),
              bringBack(down)));
      joinLosses();
    }
  }

  /// Makes all that was lost one thing.
  private void joinLosses() {
    if (partitions.size() > 1) {
      Set<String> names = new TreeSet<>();
      Set<String> down = new TreeSet<>();
      partitions.forEach((loss, some) -> {
        names.addAll(some);
        down.addAll(loss.down());
      });
      partitions.clear();
      partitions.put(new Loss("too few replicas of each are alive", down), names);
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
            new Loss("%d of %d replicas are ready".formatted(ready, replicas), Set.of()));
      }
    }
  }

  private static int majority(int voters) {
    return voters / 2 + 1;
  }

  private void lost(String partition, Loss loss) {
    partitions.computeIfAbsent(loss, _ -> new TreeSet<>()).add(partition);
  }

  private void report() {
    partitions.forEach((loss, names) ->
        findings.add(
            Finding.problem(
                named("partition", List.copyOf(names)),
                "NO QUORUM: " + loss.what(),
                loss.remedy()
                    + ": until then "
                    + (names.size() == 1 ? "its" : "their")
                    + " rows are out of reach")));
  }

  /// Objects of one kind, as kubectl names it.
  static String named(String kind, List<String> names) {
    return names.size() == 1
        ? kind + "/" + names.getFirst()
        : names.size() + " " + (kind.equals("index") ? "indexes" : kind + "s") + ", " + some(names);
  }

  /// The first of some names.
  static String some(Collection<String> names) {
    String list = names.stream().limit(NAMES_SHOWN_MAX).collect(Collectors.joining(", "));
    return names.size() <= NAMES_SHOWN_MAX
        ? list
        : list + " and " + (names.size() - NAMES_SHOWN_MAX) + " more";
  }
}
