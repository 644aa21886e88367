package dev.partita.local.object;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Label selectors, field selectors, and the selectors that objects carry in their `spec`.
public final class Selectors {
  private static final String KEY = "[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?";
  private static final Pattern SET =
      Pattern.compile("(" + KEY + ")\\s+(in|notin)\\s*\\(([^()]*)\\)");
  private static final Pattern EQUALITY =
      Pattern.compile("(" + KEY + ")\\s*(==|=|!=)\\s*([^,\\s()]*)");
  private static final Pattern EXISTENCE = Pattern.compile("(!?)\\s*(" + KEY + ")");

  private Selectors() {}

  /// A selector such as `app=web,tier in (a,b),!old`; the empty one accepts everything.
  ///
  /// @throws ApiFailure if it cannot be parsed
  public static Predicate<Map<String, String>> labels(String selector) {
    Predicate<Map<String, String>> all = labels -> true;
    for (String part : split(selector)) {
      all = all.and(requirement(part.strip(), selector));
    }
    return all;
  }

  private static Predicate<Map<String, String>> requirement(String part, String selector) {
    Matcher set = SET.matcher(part);
    Matcher equality = EQUALITY.matcher(part);
    Matcher existence = EXISTENCE.matcher(part);
    if (set.matches()) {
      List<String> values =
          Pattern.compile(",").splitAsStream(set.group(4)).map(String::strip).toList();
      return operator(set.group(1), set.group(3).equals("in") ? "In" : "NotIn", values);
    } else if (equality.matches()) {
      boolean equal = !equality.group(3).equals("!=");
      return operator(equality.group(1), equal ? "In" : "NotIn", List.of(equality.group(4)));
    } else if (existence.matches()) {
      boolean exists = existence.group(1).isEmpty();
      return operator(existence.group(2), exists ? "Exists" : "DoesNotExist", List.of());
    }
    throw ApiFailure.badRequest(
        "unable to parse requirement: \"" + part + "\" in selector \"" + selector + "\"");
  }

  private static Predicate<Map<String, String>> operator(
      String key, String operator, List<String> values) {
    return switch (operator) {
      case "In" -> labels -> labels.containsKey(key) && values.contains(labels.get(key));
      case "NotIn" -> labels -> !labels.containsKey(key) || !values.contains(labels.get(key));
      case "Exists" -> labels -> labels.containsKey(key);
      case "DoesNotExist" -> labels -> !labels.containsKey(key);
      case "Gt" ->
          labels -> labels.containsKey(key) && number(labels.get(key)) > number(values.getFirst());
      case "Lt" ->
          labels -> labels.containsKey(key) && number(labels.get(key)) < number(values.getFirst());
      default -> labels -> false;
    };
  }

  private static long number(@Nullable String text) {
    return text != null && text.matches("-?\\d{1,18}") ? Long.parseLong(text) : 0;
  }

  /// Splits at commas outside parentheses.
  private static List<String> split(String selector) {
    List<String> parts = new ArrayList<>();
    int depth = 0;
    int start = 0;
    for (int i = 0; i <= selector.length(); i++) {
      char c = i == selector.length() ? ',' : selector.charAt(i);
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      if (c == ',' && (depth == 0 || i == selector.length())) {
        if (!selector.substring(start, i).isBlank()) {
          parts.add(selector.substring(start, i));
        }
        start = i + 1;
      }
    }
    return parts;
  }

  /// A selector object with `matchLabels` and `matchExpressions`; an empty one accepts everything.
  public static Predicate<Map<String, String>> object(JsonNode selector) {
    Predicate<Map<String, String>> all = labels -> true;
    for (Map.Entry<String, String> label : Json.stringMap(selector, "matchLabels").entrySet()) {
      all = all.and(operator(label.getKey(), "In", List.of(label.getValue())));
    }
    return all.and(expressions(Json.elements(selector, "matchExpressions")));
  }

  /// Requirements that all have to hold, each with `key`, `operator` and `values`.
  public static Predicate<Map<String, String>> expressions(List<JsonNode> expressions) {
    Predicate<Map<String, String>> all = labels -> true;
    for (JsonNode e : expressions) {
      all =
          all.and(
              operator(
                  Json.string(e, "key"), Json.string(e, "operator"), Json.strings(e, "values")));
    }
    return all;
  }

  /// A selector object as text, in the form of a label selector.
  public static String text(JsonNode selector) {
    List<String> parts = new ArrayList<>();
    Json.stringMap(selector, "matchLabels").forEach((key, value) -> parts.add(key + "=" + value));
    for (JsonNode e : Json.elements(selector, "matchExpressions")) {
      String key = Json.string(e, "key");
      String values = " (" + String.join(",", Json.strings(e, "values")) + ")";
      parts.add(
          switch (Json.string(e, "operator")) {
            case "In" -> key + " in" + values;
            case "NotIn" -> key + " notin" + values;
            case "DoesNotExist" -> "!" + key;
            default -> key;
          });
    }
    return String.join(",", parts);
  }

  /// A field selector such as `metadata.name=a,status.phase!=Running`.
  public static Predicate<ObjectNode> fields(String selector) {
    Predicate<ObjectNode> all = object -> true;
    for (String part : split(selector)) {
      int operator = part.indexOf('=');
      if (operator < 1) {
        throw ApiFailure.badRequest(
            "invalid selector: '" + selector + "'; can't understand '" + part + "'");
      }
      boolean negated = part.charAt(operator - 1) == '!';
      String[] path = part.substring(0, negated ? operator - 1 : operator).strip().split("\\.", -1);
      String value = part.substring(operator + (part.startsWith("==", operator) ? 2 : 1)).strip();
      all = all.and(object -> Json.string(object, path).equals(value) != negated);
    }
    return all;
  }

  public static Map<String, String> labelsOf(JsonNode object) {
    return Json.stringMap(object, "metadata", "labels");
  }
}
