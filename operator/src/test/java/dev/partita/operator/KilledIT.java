package dev.partita.operator;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/// A sample of the kill points on a real Kubernetes control plane.
@EnabledIfSystemProperty(named = ControlPlane.KUBECONFIG, matches = ".+")
class KilledIT extends KillPoints {

  private static @Nullable ControlPlane shared;

  KilledIT() {
    super(5);
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

  @Test
  void scalingOutAndInEndTheSame() {
    scaleOutAndIn();
  }

  @Test
  void changeOfPlacementEndsTheSame() {
    placementChange();
  }
}
