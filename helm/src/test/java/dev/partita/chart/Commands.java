package dev.partita.chart;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.testbed.PartitaImages;
import dev.partita.testbed.Testbed;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/// Runs commands of a user's shell in the checkout, with helm and kubectl on the path and the test
/// session's control plane in `KUBECONFIG`.
final class Commands {
  /// Longer than any command here waits by itself.
  private static final String TIMEOUT_SECONDS = "600";

  private final Path binaries;
  private final Path kubeconfig;
  private final Path home;

  private Commands(Path binaries, Path kubeconfig, Path home) {
    this.binaries = binaries;
    this.kubeconfig = kubeconfig;
    this.home = home;
  }

  /// Builds helm where it is not in the cache, and makes the images known.
  static Commands prepare(Path directory) throws IOException {
    Path kubeconfig = Path.of(System.getProperty("partita.kubeconfig"));
    Testbed.addImages(kubeconfig.resolveSibling("images.json"), PartitaImages.of(Chart.CHECKOUT));
    Path binaries = Files.createDirectories(directory.resolve("bin"));
    Files.createSymbolicLink(
        binaries.resolve("helm"),
        Testbed.built(Chart.CHECKOUT.resolve("k8s/testbed/helm/build.sh")));
    Files.createSymbolicLink(binaries.resolve("kubectl"), Testbed.build(Chart.CHECKOUT));
    return new Commands(binaries, kubeconfig, directory);
  }

  /// Runs a script that has to succeed.
  ///
  /// @return what it printed
  String run(String script) throws IOException, InterruptedException {
    Run run = execute(script);
    assertThat(run.exitCode()).as("%s%n%s", script, run.output()).isZero();
    return run.output();
  }

  /// Runs a script that has to fail.
  ///
  /// @return what it printed
  String refused(String script) throws IOException, InterruptedException {
    Run run = execute(script);
    assertThat(run.exitCode()).as("%s%n%s", script, run.output()).isNotZero();
    return run.output();
  }

  private record Run(int exitCode, String output) {}

  private Run execute(String script) throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder("timeout", TIMEOUT_SECONDS, "bash", "-euo", "pipefail", "-c", script)
            .directory(Chart.CHECKOUT.toFile())
            .redirectErrorStream(true);
    builder.environment().put("KUBECONFIG", kubeconfig.toString());
    builder.environment().put("HELM_CACHE_HOME", home.resolve("helm").toString());
    builder.environment().merge("PATH", binaries.toString(), (path, own) -> own + ":" + path);
    System.out.println("$ " + script.strip());
    Process process = builder.start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Run(process.waitFor(), output);
  }
}
