package dev.partita.launcher;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Where the launcher finds the build and keeps its own files.
///
/// @param checkout the root of the source tree
/// @param directory everything that `up` leaves on disk; `down --wipe` deletes it
public record Workspace(Path checkout, Path directory) {

  public Workspace {
    checkout = checkout.toAbsolutePath().normalize();
    directory = directory.toAbsolutePath().normalize();
  }

  /// The source tree of the system property `partita.checkout`, and its folder `.partita` unless
  /// the environment names another one in `PARTITA_HOME`.
  static Workspace ofEnvironment() {
    Path checkout = Path.of(System.getProperty("partita.checkout", "."));
    String home = System.getenv("PARTITA_HOME");
    return new Workspace(
        checkout, home == null || home.isBlank() ? checkout.resolve(".partita") : Path.of(home));
  }

  public Path kubeconfig() {
    return directory().resolve("kubeconfig");
  }

  /// The cluster that the user has named in `KUBECONFIG`. Empty when there is none, or when it is
  /// the local control plane of this workspace, which users are told to export.
  ///
  /// @throws LaunchFailure when it names no readable file, or several
  Optional<Path> namedKubeconfig(Map<String, String> environment) {
    String given = environment.get("KUBECONFIG");
    if (given == null || given.isBlank()) {
      return Optional.empty();
    }
    if (given.contains(File.pathSeparator)) {
      throw new LaunchFailure(
          "KUBECONFIG names several files: put what you mean into one with 'kubectl config view"
              + " --flatten --minify > FILE' and set KUBECONFIG=FILE");
    }
    Path file = Path.of(given).toAbsolutePath().normalize();
    if (file.equals(kubeconfig())) {
      return Optional.empty();
    }
    if (!Files.isReadable(file)) {
      throw new LaunchFailure(
          "cannot read "
              + file
              + ", which KUBECONFIG names: correct it, or unset KUBECONFIG to use"
              + " a control plane on this machine");
    }
    return Optional.of(file);
  }

  public Path stateFile() {
    return directory().resolve("state.json");
  }

  public Path launcherLog() {
    return directory().resolve("up.log");
  }

  public Path operatorLog() {
    return directory().resolve("operator.log");
  }

  /// Objects, volumes and logs of the local control plane.
  public Path controlPlane() {
    return directory().resolve("control-plane");
  }

  public Path customResourceDefinitions() {
    return checkout.resolve("crds");
  }

  /// What makes the operator run in a cluster.
  List<Path> operatorManifests() {
    Path base = checkout.resolve("k8s/base");
    return List.of(base.resolve("namespace.yaml"), base.resolve("operator.yaml"));
  }

  public Path samples() {
    return checkout.resolve("k8s/samples");
  }

  public Path nodeJar() {
    return checkout.resolve("node/target/quarkus-app/quarkus-run.jar");
  }

  public Path operatorJar() {
    return checkout.resolve("operator/target/quarkus-app/quarkus-run.jar");
  }
}
