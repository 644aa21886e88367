package dev.partita.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// The commands of a page of documentation, which are the lines of its indented blocks, and which
/// of them were run.
final class PageCommands {
  private static final Path CHECKOUT = Path.of(System.getProperty("partita.checkout"));

  private final Path page;
  private final Path kubeconfig;
  private final Set<String> documented;
  private final Set<String> run = new TreeSet<>();

  private PageCommands(Path page, Path kubeconfig, Set<String> documented) {
    this.page = page;
    this.kubeconfig = kubeconfig;
    this.documented = documented;
  }

  /// @param page below the checkout
  /// @param kubeconfig what the commands find in `KUBECONFIG`
  static PageCommands of(String page, Path kubeconfig) throws IOException {
    Path file = CHECKOUT.resolve(page);
    return new PageCommands(
        file,
        kubeconfig,
        Files.readAllLines(file).stream()
            .filter(line -> line.startsWith("    "))
            .map(String::strip)
            .collect(Collectors.toCollection(TreeSet::new)));
  }

  /// Runs a command as the page has it.
  ///
  /// @return what it printed
  String run(String command) throws IOException, InterruptedException {
    return run(command, command);
  }

  /// Runs a command of the page with what its words in capitals stand for.
  String run(String command, String filledIn) throws IOException, InterruptedException {
    assertThat(documented).as("commands of " + page).contains(command);
    run.add(command);
    return shell(filledIn);
  }

  /// Runs a command that the page does not have, and that has to succeed.
  String shell(String command) throws IOException, InterruptedException {
    PartitaCommand.Run ended = attempt(command);
    assertThat(ended.exitCode()).as(command + ": " + ended.output()).isZero();
    return ended.output();
  }

  /// Runs a command that may fail.
  PartitaCommand.Run attempt(String command) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder("bash", "-c", command)
            .directory(CHECKOUT.toFile())
            .redirectErrorStream(true);
    builder.environment().putAll(Map.of("KUBECONFIG", kubeconfig.toString()));
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new PartitaCommand.Run(process.waitFor(), output.strip());
  }

  /// What a shell takes for these words.
  static String quoted(List<String> words) {
    return words.stream()
        .map(word -> "'" + word.replace("'", "'\\''") + "'")
        .collect(Collectors.joining(" "));
  }

  /// Every command of the page has been run.
  void assertComplete() {
    assertThat(run).as("commands of " + page + " that were run").containsAll(documented);
  }
}
