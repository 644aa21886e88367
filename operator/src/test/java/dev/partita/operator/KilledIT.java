package dev.partita.operator;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// Kill points of every flow on a real Kubernetes control plane: a sample of them, since each takes
/// seconds there, or every one with `-Dpartita.kill.stride=1`.
@EnabledIfSystemProperty(named = ControlPlane.KUBECONFIG, matches = ".+")
class KilledIT extends KillPoints {

  private static @Nullable ControlPlane shared;

  KilledIT() {
    super(Integer.getInteger("partita.kill.stride", 15));
  }

  @BeforeAll
  static void connect() {
    shared = ControlPlane.connect();
  }

  @AfterAll
  static void disconnect() {
    if (shared != null) {
      shared.close();
    }
  }

  @Override
  ControlPlane controlPlane() {
    return Objects.requireNonNull(shared);
  }
}
