package dev.partita.launcher;

import java.nio.file.Path;

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
