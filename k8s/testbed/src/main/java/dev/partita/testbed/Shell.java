package dev.partita.testbed;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// A user's shell in the checkout: bash, which ends at the first command that fails. Immutable.
public final class Shell {
  /// Longer than any command of a suite waits by itself.
  private static final String TIMEOUT_SECONDS = "1000";

  private static final String CLUSTER = "KUBECONFIG";

  private final Path checkout;
  private final Map<String, String> environment;
  private final String prelude;

  /// How a script ended.
  ///
  /// @param output of both streams, without white space at its end
  public record Run(int exitCode, String output) {}

  private Shell(Path checkout, Map<String, String> environment, String prelude) {
    this.checkout = checkout;
    this.environment = environment;
    this.prelude = prelude;
  }

  /// A shell that inherits everything but the way to a cluster.
  public static Shell in(Path checkout) {
    return new Shell(checkout, Map.of(), "");
  }

  /// The same with a variable.
  public Shell with(String variable, String value) {
    Map<String, String> more = new HashMap<>(environment);
    more.put(variable, value);
    return new Shell(checkout, Map.copyOf(more), prelude);
  }

  /// The same in which a command has been built already: its name stands for these words, which its
  /// arguments follow.
  ///
  /// @param name as people write it; one with slashes is fine
  public Shell withCommand(String name, List<String> words) {
    return new Shell(
        checkout, environment, prelude + name + "() { " + quoted(words) + " \"$@\"; }\n");
  }

  /// Runs a script, whatever comes of it.
  public Run attempt(String script) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
                "timeout", TIMEOUT_SECONDS, "bash", "-euo", "pipefail", "-c", prelude + script)
            .directory(checkout.toFile())
            .redirectErrorStream(true);
    builder.environment().remove(CLUSTER);
    builder.environment().putAll(environment);
    System.out.println("$ " + script.strip());
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(process.waitFor(), output.stripTrailing());
  }

  /// Runs a script that has to succeed.
  ///
  /// @return what it printed
  /// @throws AssertionError with what it printed, if it fails
  public String run(String script) throws IOException, InterruptedException {
    Run run = attempt(script);
    if (run.exitCode() != 0) {
      throw new AssertionError(
          "exit code %d of%n%s%n%s".formatted(run.exitCode(), script, run.output()));
    }
    return run.output();
  }

  /// Runs a script that has to fail.
  ///
  /// @return what it printed
  /// @throws AssertionError with what it printed, if it succeeds
  public String refused(String script) throws IOException, InterruptedException {
    Run run = attempt(script);
    if (run.exitCode() == 0) {
      throw new AssertionError("not refused:%n%s%n%s".formatted(script, run.output()));
    }
    return run.output();
  }

  private static String quoted(List<String> words) {
    return words.stream()
        .map(word -> "'" + word.replace("'", "'\\''") + "'")
        .collect(Collectors.joining(" "));
  }
}
