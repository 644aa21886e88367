package dev.partita.chart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The commands of `k8s/docs/install.md`: the indented blocks below each heading, as they stand.
final class InstallPage {
  private static final String INDENT = "    ";
  private static final String HEADING = "## ";

  private final Map<String, List<String>> sections = new LinkedHashMap<>();
  private final Set<String> taken = new LinkedHashSet<>();

  private InstallPage() {}

  static InstallPage read() throws IOException {
    InstallPage page = new InstallPage();
    Path file = Chart.CHECKOUT.resolve("k8s/docs/install.md");
    String heading = "";
    StringBuilder block = new StringBuilder();
    for (String line : Files.readAllLines(file)) {
      if (line.startsWith(INDENT)) {
        block.append(line.substring(INDENT.length())).append('\n');
        continue;
      }
      page.add(heading, block);
      if (line.startsWith(HEADING)) {
        heading = line.substring(HEADING.length());
      }
    }
    page.add(heading, block);
    return page;
  }

  private void add(String heading, StringBuilder block) {
    if (!block.isEmpty()) {
      sections.computeIfAbsent(heading, _ -> new ArrayList<>()).add(block.toString());
      block.setLength(0);
    }
  }

  /// The blocks of a section, which somebody is about to run.
  List<String> take(String heading) {
    assertThat(sections).as("sections with commands").containsKey(heading);
    taken.add(heading);
    return sections.getOrDefault(heading, List.of());
  }

  /// Headings of the sections whose commands nobody has run.
  Set<String> left() {
    Set<String> left = new LinkedHashSet<>(sections.keySet());
    left.removeAll(taken);
    return left;
  }
}
