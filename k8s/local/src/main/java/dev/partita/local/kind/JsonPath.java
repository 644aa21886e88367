package dev.partita.local.kind;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The simple JSON paths of printer columns and scale subresources: fields, indexes, `[*]`, and
/// filters that compare a field with a text, such as
/// `.status.conditions[?(@.type=="Ready")].status`.
public final class JsonPath {
  private static final Pattern STEP =
      Pattern.compile(
          "\\.?\\['((?:\\\\.|[^'])+)'\\]" // ['quoted name']
              + "|\\.((?:\\\\.|[^.\\[\\]])+)" // .name, dots escaped by a backslash
              + "|\\[(-?\\d+|\\*)\\]" // [0] or [*]
              + "|\\[\\?\\(\\s*@\\.([^=!<>\\s]+)\\s*(==|!=)\\s*['\"]?([^'\"]*)['\"]?\\s*\\)\\]");

  private final List<Function<JsonNode, Stream<JsonNode>>> steps;

  private JsonPath(List<Function<JsonNode, Stream<JsonNode>>> steps) {
    this.steps = steps;
  }

  /// The path that `text` states, empty when it is none that is understood.
  public static Optional<JsonPath> parse(String text) {
    List<Function<JsonNode, Stream<JsonNode>>> steps = new ArrayList<>();
    Matcher matcher = STEP.matcher(text);
    int end = 0;
    while (end < text.length()) {
      if (!matcher.find(end) || matcher.start() != end) {
        return Optional.empty();
      }
      end = matcher.end();
      steps.add(step(matcher));
    }
    return Optional.of(new JsonPath(steps));
  }

  private static Function<JsonNode, Stream<JsonNode>> step(Matcher matcher) {
    String name = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
    if (name != null) {
      String field = name.replaceAll("\\\\(.)", "$1");
      return node -> Stream.of(node.path(field));
    }
    String index = matcher.group(3);
    if (index != null) {
      return index.equals("*")
          ? JsonPath::children
          : node -> Stream.of(node.path(position(node, Integer.parseInt(index))));
    }
    JsonPath field = parse("." + matcher.group(4)).orElse(new JsonPath(List.of()));
    boolean equal = matcher.group(5).equals("==");
    String wanted = matcher.group(6);
    return node ->
        children(node)
            .filter(item ->
                field.first(item).map(v -> v.asText().equals(wanted) == equal).orElse(false));
  }

  private static int position(JsonNode node, int index) {
    return index < 0 ? node.size() + index : index;
  }

  private static Stream<JsonNode> children(JsonNode node) {
    List<JsonNode> children = new ArrayList<>();
    node.forEach(children::add);
    return children.stream();
  }

  /// The first value at the path.
  public Optional<JsonNode> first(JsonNode root) {
    Stream<JsonNode> current = Stream.of(root);
    for (Function<JsonNode, Stream<JsonNode>> step : steps) {
      current = current.flatMap(step);
    }
    return current.filter(node -> !node.isMissingNode() && !node.isNull()).findFirst();
  }
}
