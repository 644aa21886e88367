package dev.partita.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Commands and what they are expected to print, read from a text file.
///
/// A line `$ command` is followed by the expected output, standard error included, with `{{…}}` for
/// regular expressions and a line `...` for any lines; a last line `[exit N]` stands for an exit
/// code other than 0. Lines that begin with `#` are comments. Blanks at the ends of lines and empty
/// lines at the end do not count.
record Transcript(String name, List<Step> steps) {
  private static final Pattern HOLE = Pattern.compile("\\{\\{(.*?)}}");

  /// One command.
  record Step(int line, String command, List<String> expected) {
    boolean matches(String output) {
      StringBuilder regex = new StringBuilder();
      for (String text : expected) {
        if (text.equals("...")) {
          regex.append("(?:[^\\n]*\\n)*");
        } else {
          regex.append(line(text)).append("\\n");
        }
      }
      return Pattern.matches(regex.toString(), output.isEmpty() ? "" : output + "\n");
    }

    private static String line(String text) {
      StringBuilder regex = new StringBuilder();
      Matcher hole = HOLE.matcher(text);
      int end = 0;
      while (hole.find()) {
        regex
            .append(Pattern.quote(text.substring(end, hole.start())))
            .append("(?:")
            .append(hole.group(1))
            .append(")");
        end = hole.end();
      }
      return regex.append(Pattern.quote(text.substring(end))).toString();
    }
  }

  static Transcript read(Path file) {
    List<Step> steps = new ArrayList<>();
    try {
      List<String> lines = Files.readAllLines(file);
      for (int i = 0; i < lines.size(); i++) {
        if (lines.get(i).startsWith("$ ")) {
          List<String> expected = new ArrayList<>();
          int next = i + 1;
          while (next < lines.size()
              && !lines.get(next).startsWith("$ ")
              && !lines.get(next).startsWith("# ")) {
            expected.add(lines.get(next).stripTrailing());
            next++;
          }
          while (!expected.isEmpty() && expected.getLast().isEmpty()) {
            expected.removeLast();
          }
          steps.add(new Step(i + 1, lines.get(i).substring(2), List.copyOf(expected)));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new Transcript(String.valueOf(file.getFileName()), List.copyOf(steps));
  }

  @Override
  public String toString() {
    return name;
  }
}
