package dev.partita.operator;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;

/// Tests that share a control plane and run one after the other, each in a namespace of its own.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class SharedControlPlane extends OperatorFixture {
  private @Nullable ControlPlane controlPlane;

  /// Makes what is shared.
  ControlPlane connection() {
    return ControlPlane.connect();
  }

  @BeforeAll
  final void connect() {
    controlPlane = connection();
  }

  @BeforeEach
  final void createNamespace() {
    begin();
  }

  @AfterEach
  final void leaveNamespace() {
    end();
  }

  @AfterAll
  final void disconnect() {
    controlPlane().close();
  }

  @Override
  final ControlPlane controlPlane() {
    return Objects.requireNonNull(controlPlane);
  }
}
