package dev.partita.launcher.doctor;

import static dev.partita.launcher.doctor.Observation.condition;
import static dev.partita.launcher.doctor.Observation.is;
import static dev.partita.launcher.doctor.Observation.name;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.launcher.doctor.Finding.Severity;
import dev.partita.launcher.doctor.Observation.NodeReading;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Pure: what is wrong with what was seen.
final class Diagnosis {

  /// Conditions that say something that a person may want to do something about.
  private static final List<String> NOTABLE =
      List.of("SplitAdvised", "MergeAdvised", "Indivisible", "HotKey", "EdgeCopyMissing");

  /// Work that takes longer than this is looked at by a person: a replica of the size at which
  /// Partitions are split is copied in less.
  private static final Duration STUCK = Duration.ofMinutes(15);

  /// What is younger may simply not have been looked at yet.
  private static final Duration YOUNG = Duration.ofMinutes(1);

  private static final String PARTITION = "partition";

  /// A leadership that stays where it is hurts nobody, and its group elects another leader by
  /// itself when it has to.
  private static final String TRANSFER = "TransferLeader";

  private static final double DISK_LOW = 0.10;
  private static final Duration CERTIFICATE_SOON = Duration.ofDays(14);
  private static final int RESTARTS_MANY = 5;
  private static final String EXPIRY = "partita_certificate_expiry_timestamp_seconds";

  /// A container that waits for these is only being started.
  private static final Set<String> STARTING = Set.of("ContainerCreating", "PodInitializing");

  private final Observation seen;
  private final Quorums quorums;
  private final List<Finding> findings = new ArrayList<>();

  private Diagnosis(Observation seen) {
    this.seen = seen;
    this.quorums = Quorums.of(seen);
  }

  /// What is wrong, the worst first.
  static List<Finding> of(Observation seen) {
    Diagnosis diagnosis = new Diagnosis(seen);
    diagnosis.sites();
    diagnosis.operator();
    diagnosis.findings.addAll(diagnosis.quorums.findings());
    diagnosis.resources("site", seen.sites());
    diagnosis.resources(PARTITION, seen.partitions());
    diagnosis.resources("index", seen.indexes());
    seen.pods().forEach(diagnosis::pod);
    seen.claims().forEach(diagnosis::claim);
    diagnosis.nodes();
    diagnosis.operations();
    diagnosis.recoveries();
    seen.nodes().forEach(diagnosis::disk);
    diagnosis.certificates();
    return diagnosis.findings.stream().sorted(Comparator.comparing(Finding::severity)).toList();
  }

  private void sites() {
    if (seen.sites().isEmpty()) {
      findings.add(
          Finding.problem(
              "site",
              "there is none in this namespace",
              seen.pods().isEmpty()
                  ? "apply one (k8s/samples/site.yaml is one), or name another namespace in the kubeconfig"
                  : "its pods still run: apply the manifest of the Site again, it adopts them"));
    }
  }

  /// One finding for all resources that nobody looks at: it is always the same reason.
  private void operator() {
    List<String> unseen = new ArrayList<>();
    collectUnseen("site", seen.sites(), unseen);
    collectUnseen(PARTITION, seen.partitions(), unseen);
    collectUnseen("index", seen.indexes(), unseen);
    if (!unseen.isEmpty()) {
      findings.add(
          Finding.problem(
              "operator",
              "it has not looked at " + Quorums.some(unseen),
              "see that it runs, watches this namespace and has its rights: kubectl logs deployment/partita-operator -n partita-system"));
    }
  }

  private void collectUnseen(String kind, List<JsonNode> resources, List<String> unseen) {
    for (JsonNode resource : resources) {
      long generation = resource.path("metadata").path("generation").asLong();
      boolean behind = resource.path("status").path("observedGeneration").asLong() < generation;
      if (behind && age(resource.path("metadata").path("creationTimestamp")).compareTo(YOUNG) > 0) {
        unseen.add(kind + "/" + name(resource));
      }
    }
  }

  /// What several resources say of themselves in the same words is one finding.
  ///
  /// @param what they are, before for how long
  private record Saying(Severity severity, String what, String message) {}

  private void resources(String kind, List<JsonNode> resources) {
    Map<Saying, List<JsonNode>> sayings = new LinkedHashMap<>();
    for (JsonNode resource : resources) {
      if (kind.equals(PARTITION) && quorums.isLost(name(resource)) && !is(resource, "Stalled")) {
        continue; // That is said already, with what to do.
      }
      String object = kind + "/" + name(resource);
      JsonNode ready = condition(resource, "Ready");
      String message = ready.path("message").asText();
      if (is(resource, "Stalled")) {
        findings.add(
            Finding.problem(
                object, condition(resource, "Stalled").path("message").asText(), describe(object)));
      } else if (resource.path("spec").path("paused").asBoolean()) {
        findings.add(
            Finding.note(object, "it is paused", "set spec.paused to false when you are done"));
      } else if (is(resource, "Reconciling") && sinceReconciling(resource).compareTo(STUCK) > 0) {
        say(sayings, new Saying(Severity.PROBLEM, "stuck", message), resource);
      } else if (!ready.isMissingNode() && !is(resource, "Ready")) {
        say(sayings, new Saying(Severity.PROBLEM, "not ready", message), resource);
      } else if (is(resource, "Reconciling")) {
        say(sayings, new Saying(Severity.NOTE, "at work", message), resource);
      }
      for (String type : NOTABLE) {
        if (is(resource, type)) {
          findings.add(
              Finding.note(
                  object, condition(resource, type).path("message").asText(), describe(object)));
        }
      }
    }
    sayings.forEach((saying, those) -> report(kind, saying, those));
  }

  private static void say(Map<Saying, List<JsonNode>> sayings, Saying saying, JsonNode resource) {
    sayings.computeIfAbsent(saying, _ -> new ArrayList<>()).add(resource);
  }

  private void report(String kind, Saying saying, List<JsonNode> resources) {
    String object = Quorums.named(kind, resources.stream().map(Observation::name).toList());
    if (saying.severity() == Severity.NOTE) {
      findings.add(
          Finding.note(object, saying.what() + ": " + saying.message(), "nothing to do yet"));
      return;
    }
    JsonNode first = Collections.max(resources, Comparator.comparing(this::sinceReconciling));
    findings.add(
        Finding.problem(
            object,
            "%s for %s: %s"
                .formatted(saying.what(), text(sinceReconciling(first)), saying.message()),
            describe(kind + "/" + name(first))));
  }

  private Duration sinceReconciling(JsonNode resource) {
    return age(condition(resource, "Reconciling").path("lastTransitionTime"));
  }

  private void pod(JsonNode pod) {
    String object = "pod/" + name(pod);
    JsonNode scheduled = condition(pod, "PodScheduled");
    if (scheduled.path("status").asText().equals("False")) {
      findings.add(
          Finding.problem(
              object,
              "no server can take it: " + scheduled.path("message").asText(),
              "add servers, or see that those there fit the Site's cloud, region, zones and resources"));
    }
    for (JsonNode container : pod.path("status").path("containerStatuses")) {
      container(pod, object, container);
    }
  }

  private void container(JsonNode pod, String object, JsonNode container) {
    JsonNode waiting = container.path("state").path("waiting");
    String reason = waiting.path("reason").asText();
    JsonNode last = container.path("lastState").path("terminated");
    int restarts = container.path("restartCount").asInt();
    if (!reason.isEmpty() && !STARTING.contains(reason)) {
      findings.add(
          Finding.problem(
              object,
              reason + ": " + waiting.path("message").asText() + ended(last),
              "kubectl logs " + name(pod) + " --previous; is spec.image of the Site right?"));
    } else if (restarts >= RESTARTS_MANY) {
      findings.add(
          Finding.note(
              object,
              "restarted " + restarts + " times" + ended(last),
              "kubectl logs " + name(pod) + " --previous"));
    }
  }

  private static String ended(JsonNode terminated) {
    return terminated.isMissingNode()
        ? ""
        : " (ended last with %s, exit code %d)"
            .formatted(
                terminated.path("reason").asText("an error"), terminated.path("exitCode").asInt());
  }

  private void claim(JsonNode claim) {
    String phase = claim.path("status").path("phase").asText();
    String object = "pvc/" + name(claim);
    if (phase.equals("Lost")) {
      findings.add(
          Finding.problem(
              object,
              "its volume is lost",
              "the Site replaces it after spec.replaceAfter, unless that would lose data: "
                  + "kubectl describe site"));
    } else if (phase.equals("Pending")) {
      findings.add(
          Finding.problem(
              object,
              "it waits for a volume",
              "kubectl describe "
                  + object
                  + "; is there a default storage class, or does storage.className exist?"));
    }
  }

  private void nodes() {
    seen.state()
        .ifPresent(state -> {
          for (JsonNode node : state.path("nodes")) {
            boolean gone = node.path("state").asText().equals("Gone");
            if (!gone && !seen.isAlive(node)) {
              String name = node.path("name").asText();
              findings.add(
                  Finding.problem(
                      "node " + seen.label(node),
                      "the cluster does not hear from it; it has %d replicas"
                          .formatted(node.path("replicas").asInt()),
                      "kubectl describe pod " + name));
            }
          }
        });
  }

  private void operations() {
    seen.state().ifPresent(state -> state.path("operations").forEach(this::operation));
  }

  private void operation(JsonNode operation) {
    String object = "operation " + operation.path("id").asText();
    String what =
        operation.path("kind").asText()
            + (operation.path("partition").isTextual()
                ? " of partition " + operation.path("partition").asText()
                : "");
    String message = operation.path("message").asText("");
    switch (operation.path("state").asText()) {
      case "Failed" ->
          failed(object, operation.path("kind").asText(), what + " failed: " + message);
      case "Running" ->
          findings.add(
              Finding.note(
                  object,
                  "%s is under way, at step %s%s"
                      .formatted(
                          what,
                          operation.path("step").asText(),
                          message.isEmpty() ? "" : ": " + message),
                  "nothing to do, unless it stays there: heal what it waits for"));
      default -> {
        // What is done is forgotten soon.
      }
    }
  }

  private void failed(String object, String kind, String problem) {
    findings.add(
        kind.equals(TRANSFER)
            ? Finding.note(
                object, problem, "nothing to do: whoever wants another leader asks for one again")
            : Finding.problem(
                object, problem, "it is tried again; if it fails for ever, the message says why"));
  }

  /// The partitions serve; what may be missing from them nobody else looks for.
  private void recoveries() {
    seen.state()
        .ifPresent(state -> {
          for (JsonNode recovery : state.path("recoveries")) {
            if (!recovery.path("acknowledged").asBoolean()) {
              recovery(recovery);
            }
          }
        });
  }

  private void recovery(JsonNode recovery) {
    String id = recovery.path("id").asText();
    List<String> names = new ArrayList<>();
    recovery.path("partitions").forEach(each -> names.add(each.path("name").asText()));
    String what = names.isEmpty() ? "the system partition" : Quorums.some(names);
    findings.add(
        Finding.problem(
            "recovery " + id,
            "%s went on without a quorum %s ago: writes that clients were told of may be missing, and nobody has seen to it"
                .formatted(what, text(age(recovery.path("at")))),
            "./partita recover list tells what may be lost; when you have seen to that: ./partita recover acknowledge "
                + id));
  }

  private void disk(NodeReading node) {
    Double capacity = node.metrics().get("partita_disk_capacity_bytes");
    Double available = node.metrics().get("partita_disk_available_bytes");
    if (capacity != null && available != null && available < capacity * DISK_LOW) {
      findings.add(
          Finding.problem(
              "pod/" + node.pod(),
              "its disk is full to %.0f %%".formatted(100 - 100 * available / capacity),
              "raise spec.storage.size of the Site: volumes grow online; or add nodes"));
    }
  }

  private void certificates() {
    seen.certificates().forEach((secret, end) -> certificate("secret/" + secret, end));
    for (NodeReading node : seen.nodes()) {
      node.metrics()
          .forEach((metric, value) -> {
            if (metric.startsWith(EXPIRY)) {
              certificate("pod/" + node.pod(), Instant.ofEpochSecond(value.longValue()));
            }
          });
    }
  }

  private void certificate(String object, Instant end) {
    Duration left = Duration.between(seen.now(), end);
    if (left.isNegative()) {
      findings.add(
          Finding.problem(
              object,
              "a certificate expired at " + end,
              "see why it was not renewed: the operator's log, or cert-manager"));
    } else if (left.compareTo(CERTIFICATE_SOON) < 0) {
      findings.add(
          Finding.problem(
              object,
              "a certificate expires in " + text(left),
              "it should have been renewed: see the operator's log, or cert-manager"));
    }
  }

  private Duration age(JsonNode timestamp) {
    return timestamp.isTextual()
        ? Duration.between(Instant.parse(timestamp.asText()), seen.now())
        : Duration.ZERO;
  }

  private static String describe(String object) {
    return "kubectl describe " + object;
  }

  /// Rounded down to its largest unit.
  static String text(Duration duration) {
    if (duration.toDays() > 0) {
      return duration.toDays() + " d";
    }
    if (duration.toHours() > 0) {
      return duration.toHours() + " h";
    }
    return duration.toMinutes() > 0
        ? duration.toMinutes() + " min"
        : Math.max(0, duration.toSeconds()) + " s";
  }
}
