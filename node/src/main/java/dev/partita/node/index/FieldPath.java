package dev.partita.node.index;

import java.util.ArrayList;
import java.util.List;

/// Where in a JSON document a field is: names of nested objects joined by dots, `[*]` after a name
/// for every element of an array. `size`, `address.city`, `tags[*]`, `items[*].sku`. A dot, bracket
/// or backslash inside a name is written with a backslash before it.
///
/// @param steps outermost first, at least one
public record FieldPath(List<Step> steps) {

  /// Characters of the text form; the custom resource has the same bound.
  public static final int LENGTH_MAX = 256;

  static final int STEPS_MAX = 16;

  private static final String SPECIAL = ".[]\\";

  /// One step down into a document.
  public sealed interface Step {}

  /// Into the member of an object with this name.
  public record Member(String name) implements Step {
    public Member {
      if (name.isEmpty()) {
        throw new IllegalArgumentException("a name in a field path is not empty");
      }
    }
  }

  /// Into every element of an array.
  public record Elements() implements Step {}

  public FieldPath {
    steps = List.copyOf(steps);
    if (steps.isEmpty() || !(steps.getFirst() instanceof Member)) {
      throw new IllegalArgumentException("a field path begins with a name");
    }
    if (steps.size() > STEPS_MAX) {
      throw new IllegalArgumentException("a field path has at most " + STEPS_MAX + " steps");
    }
  }

  /// Reads the text form.
  ///
  /// @throws IllegalArgumentException if the text is not a path, saying why
  public static FieldPath parse(String text) {
    if (text.length() > LENGTH_MAX) {
      throw new IllegalArgumentException(
          "a field path has at most " + LENGTH_MAX + " characters: " + text.length());
    }
    var steps = new ArrayList<Step>();
    int at = 0;
    while (true) {
      var name = new StringBuilder();
      at = readName(text, at, name);
      if (name.isEmpty()) {
        throw new IllegalArgumentException("a name in a field path is empty: " + text);
      }
      steps.add(new Member(name.toString()));
      while (text.startsWith("[*]", at)) {
        steps.add(new Elements());
        at += 3;
      }
      if (at == text.length()) {
        return new FieldPath(steps);
      }
      if (text.charAt(at) != '.') {
        throw new IllegalArgumentException(
            "only [*] may stand in brackets, and a dot or the end after it: " + text);
      }
      at++;
    }
  }

  /// Reads up to the next special character that has no backslash before it; answers where that is.
  private static int readName(String text, int start, StringBuilder name) {
    int at = start;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '\\') {
        at++;
        if (at == text.length()) {
          throw new IllegalArgumentException("a field path ends with a backslash: " + text);
        }
        c = text.charAt(at);
      } else if (SPECIAL.indexOf(c) >= 0) {
        break;
      }
      name.append(c);
      at++;
    }
    return at;
  }

  /// The member of the document that it begins with.
  public String column() {
    return steps.getFirst() instanceof Member(String name) ? name : "";
  }

  /// The text form, which [#parse] reads.
  @Override
  public String toString() {
    var text = new StringBuilder();
    for (Step step : steps) {
      switch (step) {
        case Member(String name) -> {
          if (!text.isEmpty()) {
            text.append('.');
          }
          for (int at = 0; at < name.length(); at++) {
            char c = name.charAt(at);
            if (SPECIAL.indexOf(c) >= 0) {
              text.append('\\');
            }
            text.append(c);
          }
        }
        case Elements() -> text.append("[*]");
      }
    }
    return text.toString();
  }
}
