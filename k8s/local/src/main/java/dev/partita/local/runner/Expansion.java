package dev.partita.local.runner;

import java.util.Comparator;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Replaces variables and mount paths in the texts of a container.
final class Expansion {
  private static final Pattern VARIABLE =
      Pattern.compile("\\$(\\$|\\(([A-Za-z_][-A-Za-z0-9_.]*)\\))");

  private Expansion() {}

  /// Replaces `$(NAME)` by the value of a variable; an unknown one stays, `$$` is a dollar sign.
  static String variables(String text, Map<String, String> values) {
    return VARIABLE
        .matcher(text)
        .replaceAll(match -> {
          if (match.group(1).equals("$")) {
            return Matcher.quoteReplacement("$");
          }
          return Matcher.quoteReplacement(values.getOrDefault(match.group(2), match.group()));
        });
  }

  /// Replaces each mount path, where it stands as a path of its own or begins one, by the directory
  /// that stands for it. What has been put in is not looked at again: the directory may lie below
  /// another mount path.
  static String mounts(String text, Map<String, String> directories) {
    if (directories.isEmpty()) {
      return text;
    }
    String longestFirst =
        directories.keySet().stream()
            .sorted(Comparator.comparingInt(String::length).reversed())
            .map(Pattern::quote)
            .collect(Collectors.joining("|"));
    return Pattern.compile("(?<![\\w./-])(" + longestFirst + ")(?=$|/|[^\\w.-])")
        .matcher(text)
        .replaceAll(match ->
            Matcher.quoteReplacement(directories.getOrDefault(match.group(1), match.group(1))));
  }
}
