package dev.partita.launcher.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.launcher.doctor.Finding.Severity;
import dev.partita.launcher.doctor.Observation.NodeReading;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// Pure: the page that a person reads.
final class Report {

  private static final double GIBI = 1L << 30;

  private Report() {}

  static String of(String where, Observation seen, List<Finding> findings) {
    List<String> lines = new ArrayList<>();
    lines.add("Partita in " + where + ", " + seen.now().truncatedTo(ChronoUnit.SECONDS));
    lines.add("");
    seen.sites().forEach(site -> lines.add(site(site)));
    lines.add("nodes         " + nodes(seen));
    lines.add("partitions    " + ready(seen.partitions()));
    lines.add("indexes       " + ready(seen.indexes()));
    lines.add("operations    " + operations(seen));
    lines.add("disk          " + disks(seen));
    lines.add("certificates  " + certificates(seen));
    lines.add("");
    section(lines, findings, Severity.PROBLEM, "nothing is wrong", "to look at");
    section(lines, findings, Severity.NOTE, "", "to know");
    return lines.stream().map(line -> line.stripTrailing() + "\n").collect(Collectors.joining());
  }

  private static void section(
      List<String> lines, List<Finding> all, Severity severity, String none, String some) {
    List<Finding> findings = all.stream().filter(each -> each.severity() == severity).toList();
    if (findings.isEmpty()) {
      if (!none.isEmpty()) {
        lines.add(none);
      }
      return;
    }
    lines.add(findings.size() + " " + (findings.size() == 1 ? "thing " : "things ") + some);
    for (Finding finding : findings) {
      lines.add("  " + finding.object() + ": " + finding.problem().strip());
      lines.add("      -> " + finding.remedy());
    }
  }

  private static String site(JsonNode site) {
    JsonNode status = site.path("status");
    return "site          %s: %s, %d of %d nodes ready"
        .formatted(
            Observation.name(site),
            status.path("phase").asText("not looked at"),
            status.path("readyNodes").asInt(),
            site.path("spec").path("nodes").asInt());
  }

  private static String nodes(Observation seen) {
    return seen.state()
        .map(state -> {
          long known = 0;
          long alive = 0;
          String leader = "nobody";
          for (JsonNode node : state.path("nodes")) {
            if (!node.path("state").asText().equals("Gone")) {
              known++;
              alive += seen.isAlive(node) ? 1 : 0;
            }
            if (node.path("nodeId").equals(state.path("leaderNodeId")) && seen.isAlive(node)) {
              leader = node.path("name").asText();
            }
          }
          return "%d of %d alive, %s leads the system partition".formatted(alive, known, leader);
        })
        .orElse("unknown: %d pods, none tells the state".formatted(seen.pods().size()));
  }

  private static String ready(List<JsonNode> resources) {
    long ready = resources.stream().filter(each -> Observation.is(each, "Ready")).count();
    return resources.isEmpty() ? "none" : ready + " of " + resources.size() + " ready";
  }

  private static String operations(Observation seen) {
    return seen.state()
        .map(state -> {
          List<String> kinds = new ArrayList<>();
          state.path("operations").forEach(each -> kinds.add(each.path("kind").asText()));
          return kinds.isEmpty() ? "none" : String.join(", ", kinds);
        })
        .orElse("unknown");
  }

  private static String disks(Observation seen) {
    List<String> disks = new ArrayList<>();
    for (NodeReading node : seen.nodes()) {
      Double capacity = node.metrics().get("partita_disk_capacity_bytes");
      Double available = node.metrics().get("partita_disk_available_bytes");
      if (capacity != null && available != null) {
        disks.add(
            "%s %.1f of %.1f GiB free".formatted(node.pod(), available / GIBI, capacity / GIBI));
      }
    }
    return disks.isEmpty() ? "unknown" : String.join(", ", disks);
  }

  private static String certificates(Observation seen) {
    return seen.certificates().isEmpty()
        ? "none in Secrets of this namespace"
        : seen.certificates().entrySet().stream()
            .sorted(Map.Entry.comparingByValue())
            .findFirst()
            .map(first -> "the first to expire is " + first.getKey() + " at " + first.getValue())
            .orElse("");
  }
}
