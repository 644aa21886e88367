package dev.partita.testbed;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The commands of a page of documentation: its indented blocks, by the heading above them. Every
/// block is taken for commands unless its first line shows that it is something else, so that a new
/// one cannot be overlooked.
///
/// @param sections the blocks below each heading that has some, in the order of the page
record Page(Map<String, List<Block>> sections) {
  private static final String INDENT = "    ";
  private static final String HEADING = "## ";

  /// What no shell takes: a transcript with its prompt, an HTTP request, JSON or EDN, a resource, a
  /// drawing.
  private static final Pattern NO_COMMAND =
      Pattern.compile("\\$ .*|[A-Z]+ /.*|[\\[{].*|(kind|apiVersion|spec):.*|.*[─│┌▶].*");

  private static final Pattern HERE_DOCUMENT = Pattern.compile("<<-?'?([A-Z]+)'?");

  /// One block.
  ///
  /// @param text as it stands, without its indentation
  /// @param commands the same, command by command: with its continued lines and here-documents
  record Block(String text, List<String> commands) {

    static Block of(String text) {
      List<String> commands = new ArrayList<>();
      StringBuilder command = new StringBuilder();
      Optional<String> end = Optional.empty();
      for (String line : text.lines().toList()) {
        command.append(command.isEmpty() ? "" : "\n").append(line);
        if (end.isPresent()) {
          end = line.equals(end.orElseThrow()) ? Optional.empty() : end;
        } else {
          end = Optional.of(HERE_DOCUMENT.matcher(line)).filter(Matcher::find).map(m -> m.group(1));
        }
        if (end.isEmpty() && !line.endsWith("\\")) {
          commands.add(command.toString());
          command.setLength(0);
        }
      }
      return new Block(text, List.copyOf(commands));
    }
  }

  static Page read(Path file) throws IOException {
    Map<String, List<Block>> sections = new LinkedHashMap<>();
    String heading = "";
    StringBuilder block = new StringBuilder();
    List<String> lines = new ArrayList<>(Files.readAllLines(file));
    lines.add("");
    for (String line : lines) {
      if (line.startsWith(INDENT)) {
        block.append(line.substring(INDENT.length())).append('\n');
        continue;
      }
      if (!block.isEmpty() && !NO_COMMAND.matcher(firstLine(block)).matches()) {
        sections.computeIfAbsent(heading, _ -> new ArrayList<>()).add(Block.of(block.toString()));
      }
      block.setLength(0);
      if (line.startsWith(HEADING)) {
        heading = line.substring(HEADING.length());
      }
    }
    return new Page(sections);
  }

  private static String firstLine(StringBuilder block) {
    return block.substring(0, block.indexOf("\n"));
  }

  /// All commands of the page.
  List<String> commands() {
    return sections.values().stream()
        .flatMap(List::stream)
        .flatMap(block -> block.commands().stream())
        .toList();
  }
}
