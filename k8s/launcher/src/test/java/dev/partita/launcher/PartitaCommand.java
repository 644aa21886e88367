package dev.partita.launcher;

import dev.partita.testbed.Shell;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Runs `./partita`, and other commands, as a user would.
final class PartitaCommand {

  /// What a command printed and how it ended.
  record Run(int exitCode, String output) {}

  private PartitaCommand() {}

  /// The command line of the built launcher.
  static List<String> of(String... arguments) {
    Path target = Path.of("target").toAbsolutePath();
    List<String> command =
        new ArrayList<>(
            List.of(
                JavaCommand.java(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:+UseSerialGC",
                "-Xmx384m",
                "-Dpartita.checkout=" + System.getProperty("partita.checkout"),
                "-cp",
                target.resolve("classes") + ":" + target.resolve("lib") + "/*",
                "dev.partita.launcher.Main"));
    command.addAll(List.of(arguments));
    return command;
  }

  /// A user's shell in the checkout, where `./partita` runs the built launcher.
  ///
  /// @param home what `PARTITA_HOME` says
  static Shell shell(Path home) {
    return Shell.in(Path.of(System.getProperty("partita.checkout")))
        .with("PARTITA_HOME", home.toString())
        .withCommand("./partita", of());
  }

  /// Runs a command to its end, with nothing inherited that names a cluster.
  ///
  /// @param home what `PARTITA_HOME` says
  static Run run(Path home, List<String> command, Map<String, String> environment)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder
        .environment()
        .keySet()
        .removeAll(List.of("KUBECONFIG", Images.OPERATOR_VARIABLE, Images.NODE_VARIABLE));
    builder.environment().put("PARTITA_HOME", home.toString());
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(process.waitFor(), output);
  }
}
