package dev.partita.node.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The commands of a page, run as one script.
final class PageScript {
  private PageScript() {}

  /// Runs them.
  ///
  /// @param page below the checkout
  /// @param node that takes the place of the one that the page names
  /// @return what the commands have printed, all of which have succeeded
  static String run(String page, URL node) throws Exception {
    assumeThat(List.of("bash", "curl", "jq")).allMatch(PageScript::isInstalled);
    String script =
        Files.readAllLines(Path.of(System.getProperty("partita.checkout"), page)).stream()
            .filter(line -> line.startsWith("    "))
            .map(line -> line.substring(4))
            .collect(Collectors.joining("\n"));
    Process process =
        new ProcessBuilder(
                "bash",
                "-euc",
                script.replace("localhost:8080", node.getHost() + ":" + node.getPort()))
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  private static boolean isInstalled(String tool) {
    return Stream.of(System.getenv("PATH").split(":", -1))
        .anyMatch(each -> Files.isExecutable(Path.of(each, tool)));
  }
}
