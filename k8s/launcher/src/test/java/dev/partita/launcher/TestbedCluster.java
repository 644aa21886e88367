package dev.partita.launcher;

import dev.partita.testbed.PartitaImages;
import dev.partita.testbed.Testbed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/// The real Kubernetes control plane of the test session, on which the images of the operator and
/// of the nodes are known: they stand for the commands that start what this checkout has built.
final class TestbedCluster {
  private TestbedCluster() {}

  /// Makes the images known.
  ///
  /// @return the administrator's kubeconfig
  static Path kubeconfig() {
    Path kubeconfig = Path.of(System.getProperty("partita.kubeconfig"));
    try {
      Testbed.addImages(
          kubeconfig.resolveSibling("images.json"),
          PartitaImages.of(Path.of(System.getProperty("partita.checkout"))));
      return kubeconfig;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static PartitaCommand.Run kubectl(Path home, String... arguments) throws Exception {
    List<String> command = new java.util.ArrayList<>(List.of("kubectl"));
    command.addAll(List.of(arguments));
    return PartitaCommand.run(home, command, Map.of("KUBECONFIG", kubeconfig().toString()));
  }
}
