package dev.partita.launcher;

import java.nio.file.Path;

/// Where the launcher finds the build and keeps its own files.
///
/// @param checkout the root of the source tree
public record Workspace(Path checkout) {

  public Workspace {
    checkout = checkout.toAbsolutePath().normalize();
  }

  /// Everything that `up` leaves on disk; `down --wipe` deletes it.
  public Path directory() {
    return checkout.resolve(".partita");
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
