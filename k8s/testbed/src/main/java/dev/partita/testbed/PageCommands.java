package dev.partita.testbed;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// Runs the commands of a page of documentation as they stand there, and knows which of them nobody
/// has run yet. Not safe for several threads.
public final class PageCommands {
  private final DocumentedPage documented;
  private final Page page;
  private final Shell shell;
  private final Set<String> left;

  private PageCommands(DocumentedPage documented, Page page, Shell shell) {
    this.documented = documented;
    this.page = page;
    this.shell = shell;
    this.left = new LinkedHashSet<>(page.commands());
    this.left.removeAll(documented.notRun().keySet());
  }

  /// The commands of a page.
  ///
  /// @param shell where the commands find what the page takes for granted
  public static PageCommands of(Path checkout, DocumentedPage documented, Shell shell) {
    try {
      return new PageCommands(documented, Page.read(checkout.resolve(documented.path())), shell);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + documented.path(), e);
    }
  }

  /// Runs commands that the page does not have.
  public Shell shell() {
    return shell;
  }

  /// Runs a command as the page has it.
  ///
  /// @return what it printed
  public String run(String command) throws IOException, InterruptedException {
    return run(command, command);
  }

  /// Runs a command of the page with what stands for something else in it filled in.
  ///
  /// @return what it printed
  public String run(String command, String filledIn) throws IOException, InterruptedException {
    if (!page.commands().contains(command)) {
      throw new AssertionError(documented.path() + " has no command " + command);
    }
    left.remove(command);
    return shell.run(filledIn);
  }

  /// Runs the commands of sections, one after the other in one shell.
  ///
  /// @return what they printed
  public String runSections(String... headings) throws IOException, InterruptedException {
    return runSections(Map.of(), headings);
  }

  /// Runs the commands of sections in one shell, with what is different here.
  ///
  /// @param here what stands on the page, and what stands for it here
  /// @return what they printed
  public String runSections(Map<String, String> here, String... headings)
      throws IOException, InterruptedException {
    List<String> blocks = new ArrayList<>();
    for (String heading : headings) {
      blocks.addAll(blocks(heading));
    }
    String script = String.join("", blocks);
    for (Map.Entry<String, String> each : here.entrySet()) {
      if (!script.contains(each.getKey())) {
        throw new AssertionError("nowhere in these sections: " + each.getKey());
      }
      script = script.replace(each.getKey(), each.getValue());
    }
    return shell.run(script);
  }

  /// The blocks of a section, which somebody is about to run.
  public List<String> blocks(String heading) {
    List<Page.Block> blocks = page.sections().get(heading);
    if (blocks == null) {
      throw new AssertionError(
          "%s has no commands below '%s', but below %s"
              .formatted(documented.path(), heading, page.sections().keySet()));
    }
    blocks.forEach(block -> block.commands().forEach(left::remove));
    return blocks.stream().map(Page.Block::text).toList();
  }

  /// Every command of the page has been run.
  ///
  /// @throws AssertionError with those that have not
  public void assertComplete() {
    if (!left.isEmpty()) {
      throw new AssertionError(
          left.stream()
              .map(command -> "    " + command)
              .collect(Collectors.joining("\n", "not run of " + documented.path() + ":\n", "\n")));
    }
  }
}
