package dev.partita.local.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.object.ApiFailure;

/// Questions that are answered and not stored. Whoever has the token may do everything.
final class Reviews {
  private static final String USER = "partita:local";

  private Reviews() {}

  static boolean answers(ResourcePath path) {
    return path.group().equals("authorization.k8s.io")
        || path.group().equals("authentication.k8s.io");
  }

  static ObjectNode answer(ResourcePath path, ObjectNode question) {
    ObjectNode answer = question.deepCopy();
    Json.ensure(answer, "metadata");
    ObjectNode status = answer.putObject("status");
    switch (path.plural()) {
      case "selfsubjectaccessreviews" -> status.put("allowed", true);
      case "selfsubjectrulesreviews" -> rules(status);
      case "selfsubjectreviews" -> {
        ObjectNode user = status.putObject("userInfo").put("username", USER);
        user.putArray("groups").add("system:masters").add("system:authenticated");
      }
      default -> throw ApiFailure.unknownPath();
    }
    return answer;
  }

  private static void rules(ObjectNode status) {
    ObjectNode resources = status.putArray("resourceRules").addObject();
    resources.putArray("verbs").add("*");
    resources.putArray("apiGroups").add("*");
    resources.putArray("resources").add("*");
    ObjectNode others = status.putArray("nonResourceRules").addObject();
    others.putArray("verbs").add("*");
    others.putArray("nonResourceURLs").add("*");
    status.put("incomplete", false);
  }
}
