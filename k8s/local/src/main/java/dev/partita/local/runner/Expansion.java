package dev.partita.local.runner;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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
  /// that stands for it.
  static String mounts(String text, Map<String, String> directories) {
    String result = text;
    List<Map.Entry<String, String>> longestFirst =
        directories.entrySet().stream()
            .sorted(
                Comparator.comparingInt((Map.Entry<String, String> e) -> e.getKey().length())
                    .reversed())
            .toList();
    for (Map.Entry<String, String> mount : longestFirst) {
      Pattern path =
          Pattern.compile("(?<![\\w./-])" + Pattern.quote(mount.getKey()) + "(?=$|/|[^\\w.-])");
      result = path.matcher(result).replaceAll(Matcher.quoteReplacement(mount.getValue()));
    }
    return result;
  }
}
