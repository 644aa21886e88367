package dev.partita.operator;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/// Every second kill point of every flow, on the local control plane, or every one with
/// `-Dpartita.kill.stride=1`.
@DisabledIfSystemProperty(named = ControlPlane.KUBECONFIG, matches = ".+")
class KilledTest extends KillPoints {

  private static @Nullable ControlPlane shared;

  KilledTest() {
    super(Integer.getInteger("partita.kill.stride", 2));
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
