package dev.partita.launcher.recover;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// What people read of a recovery.
final class RecoverPage {
  private RecoverPage() {}

  /// A plan, with what to do next.
  static String plan(JsonNode plan, RecoverOptions options) {
    StringBuilder page = new StringBuilder();
    page.append("NOTHING HAS BEEN CHANGED. This is what giving up nodes would do.\n\n");
    body(page, plan);
    List<String> refusals = texts(plan.path("refusals"));
    if (!refusals.isEmpty()) {
      page.append("IT CANNOT BE APPLIED:\n");
      refusals.forEach(refusal -> page.append("  * ").append(refusal).append('\n'));
      return page.toString();
    }
    page.append(
        "Giving up is for ever: what only the lost nodes have is gone, and they are kept out even if they come back.\n");
    page.append(
        "If a single one of them can be brought back, with its volume, do that instead.\n\n");
    page.append("To apply this plan:\n\n    ./partita recover apply ")
        .append(plan.path("id").asText())
        .append(" --lost ")
        .append(String.join(",", options.lost()));
    if (!options.edges().isEmpty()) {
      page.append(" --edges ").append(String.join(",", options.edges()));
    }
    return page.append('\n').toString();
  }

  /// What has been done.
  static String applied(JsonNode outcome) {
    StringBuilder page = new StringBuilder();
    JsonNode failures = outcome.path("failures");
    page.append(
        failures.isEmpty()
            ? "DONE: these groups go on without the lost nodes.\n\n"
            : "DONE IN PART: plan and apply again for what has failed.\n\n");
    body(page, outcome);
    failures
        .propertyStream()
        .forEach(failure ->
            page.append(
                "FAILED  %s: %s\n".formatted(failure.getKey(), failure.getValue().asText())));
    page.append(
        """
        Next:
          * delete the volume claims of the lost nodes, so that their pods come back as new nodes
          * the operator makes the missing replicas: kubectl get partitions -w
          * look at what may be lost, above; then: ./partita recover acknowledge %s
        """
            .formatted(outcome.path("id").asText()));
    return page.toString();
  }

  /// The recoveries there were.
  static String list(JsonNode answer) {
    if (answer.path("data").isEmpty()) {
      return "no quorum was ever given up\n";
    }
    StringBuilder page = new StringBuilder();
    for (JsonNode recovery : answer.path("data")) {
      page.append(
          "%s  %s  %s\n  lost   %s\n"
              .formatted(
                  recovery.path("id").asText(),
                  recovery.path("at").asText(),
                  recovery.path("acknowledged").asBoolean() ? "acknowledged" : "NOT ACKNOWLEDGED",
                  nodes(recovery.path("lost"))));
      groups(page, recovery);
    }
    return page.toString();
  }

  private static void body(StringBuilder page, JsonNode plan) {
    page.append("lost for ever   %s\n".formatted(nodes(plan.path("lost"))));
    page.append("surviving       %s\n".formatted(nodes(plan.path("survivors"))));
    page.append(
        "with a quorum   %d groups, which stay as they are\n\n"
            .formatted(plan.path("whole").asInt()));
    groups(page, plan);
    texts(plan.path("gone"))
        .forEach(name ->
            page.append(
                "  %s\n      NO REPLICA SURVIVES: its rows are gone; delete it and restore it from a backup\n"
                    .formatted(name)));
    List<String> warnings = texts(plan.path("warnings"));
    if (!warnings.isEmpty()) {
      page.append("\nMIND:\n");
      warnings.forEach(warning -> page.append("  * ").append(warning).append('\n'));
    }
    page.append('\n');
  }

  private static void groups(StringBuilder page, JsonNode plan) {
    for (JsonNode group : plan.path("groups")) {
      page.append(
          String.format(
              Locale.ROOT,
              "  %s goes on from %s\n      %s\n",
              group.path("name").asText(),
              name(group.path("kept")),
              group.path("loss").asText()));
    }
  }

  private static String nodes(JsonNode nodes) {
    return nodes.isEmpty()
        ? "none"
        : nodes.valueStream().map(RecoverPage::name).collect(Collectors.joining(", "));
  }

  private static String name(JsonNode node) {
    String name = node.path("name").asText();
    String id = node.path("id").asText();
    return name.isEmpty() ? id : name + " (" + id + ")";
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(text -> texts.add(text.asText()));
    return texts;
  }
}
