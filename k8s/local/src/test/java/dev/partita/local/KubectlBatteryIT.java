package dev.partita.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Runs the transcripts of `src/test/resources/kubectl` with the kubectl on the PATH.
///
/// By default against a local control plane of its own; with `-Dpartita.kubeconfig=FILE` against
/// any API server, so that the same expectations hold a real one and the local one equal. Without
/// kubectl the battery is skipped, unless `-Dpartita.kubectl.required=true`.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KubectlBatteryIT {
  private static final Path TRANSCRIPTS = Path.of("src/test/resources/kubectl").toAbsolutePath();

  /// A kubectl that waits for something that never comes fails its step, not the whole build.
  private static final String COMMAND_SECONDS_MAX = "120";

  private Path directory = Path.of("");
  private final List<AutoCloseable> opened = new ArrayList<>();
  private Path kubeconfig = Path.of("");

  @BeforeAll
  void start(@TempDir Path temporary) throws IOException, InterruptedException {
    directory = temporary;
    if (run(directory, "command -v kubectl").exit() != 0) {
      String message = "no kubectl on the PATH: the battery of kubectl commands is NOT run";
      if (Boolean.getBoolean("partita.kubectl.required")) {
        fail(message);
      }
      System.err.println("\n*** " + message + " ***\n");
      Assumptions.abort(message);
    }
    String given = System.getProperty("partita.kubeconfig", "");
    if (given.isEmpty()) {
      LocalControlPlane plane = LocalControlPlane.start(directory.resolve("plane"));
      opened.add(plane);
      kubeconfig = Files.writeString(directory.resolve("kubeconfig"), plane.kubeconfig());
    } else {
      kubeconfig = Path.of(given);
    }
  }

  @AfterAll
  void stop() throws Exception {
    for (AutoCloseable resource : opened) {
      resource.close();
    }
  }

  static List<Transcript> transcripts() throws IOException {
    String only = System.getProperty("partita.transcript", "");
    try (Stream<Path> files = Files.list(TRANSCRIPTS)) {
      return files
          .filter(file -> file.toString().endsWith(".txt") && file.toString().contains(only))
          .sorted()
          .map(Transcript::read)
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("transcripts")
  void printsWhatIsExpected(Transcript transcript) throws IOException, InterruptedException {
    String namespace = "battery-" + UUID.randomUUID().toString().substring(0, 8);
    Path work = Files.createDirectories(directory.resolve(namespace));
    Path config = Files.copy(kubeconfig, work.resolve("kubeconfig"));
    String prefix = exports(work, config, namespace);
    Result created =
        run(
            work,
            prefix
                + "kubectl create namespace "
                + namespace
                + " && kubectl config set-context --current --namespace="
                + namespace
                + " && until kubectl get serviceaccount default; do sleep 0.2; done");
    assertThat(created.exit()).as(created.output()).isZero();
    List<String> failures = new ArrayList<>();
    try {
      for (Transcript.Step step : transcript.steps()) {
        Result result = run(TRANSCRIPTS.resolve("files"), prefix + step.command());
        if (!step.matches(result.shown())) {
          failures.add(
              transcript.name()
                  + ":"
                  + step.line()
                  + "\n$ "
                  + step.command()
                  + "\n--- expected\n"
                  + String.join("\n", step.expected())
                  + "\n--- actual\n"
                  + result.shown());
        }
      }
    } finally {
      Result deleted = run(work, prefix + "kubectl delete namespace --wait=false " + namespace);
      assertThat(deleted.exit()).as(deleted.output()).isZero();
    }
    assertThat(failures).as(String.join("\n\n", failures)).isEmpty();
  }

  private static String exports(Path work, Path config, String namespace) {
    return String.format(
        Locale.ROOT,
        "export KUBECONFIG=%s TMP=%s NAMESPACE=%s KUBECACHEDIR=%s\n",
        config,
        work,
        namespace,
        work.resolve("cache"));
  }

  private record Result(int exit, String output) {
    /// The output as a transcript shows it.
    String shown() {
      List<String> lines = new ArrayList<>(output.lines().map(String::stripTrailing).toList());
      while (!lines.isEmpty() && lines.getLast().isEmpty()) {
        lines.removeLast();
      }
      if (exit != 0) {
        lines.add("[exit " + exit + "]");
      }
      return String.join("\n", lines);
    }
  }

  private static Result run(Path directory, String script) throws InterruptedException {
    try {
      Process process =
          new ProcessBuilder("timeout", COMMAND_SECONDS_MAX, "bash", "-c", script)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .start();
      process.getOutputStream().close();
      try (InputStream output = process.getInputStream()) {
        String text = new String(output.readAllBytes(), StandardCharsets.UTF_8);
        return new Result(process.waitFor(), text);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
