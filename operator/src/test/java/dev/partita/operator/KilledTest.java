package dev.partita.operator;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/// Every kill point of every flow, on the local control plane, some flows at a time: they mostly
/// wait.
@DisabledIfSystemProperty(named = ControlPlane.KUBECONFIG, matches = ".+")
@Execution(ExecutionMode.CONCURRENT)
class KilledTest extends KillPoints {

  private static @Nullable ControlPlane shared;

  KilledTest() {
    super(1);
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
  void cancelledScaleInEndsTheSame() {
    scaleInThatIsCancelled();
  }

  @Test
  void changeOfReplicasEndsTheSame() {
    replicasChange();
  }

  @Test
  void changeOfPlacementEndsTheSame() {
    placementChange();
  }

  @Test
  void creatingAndDeletingAnIndexEndTheSame() {
    indexCreationAndDeletion();
  }

  @Test
  void deletingAPartitionThatRetainsItsRowsEndsTheSame() {
    partitionDeletion("Retain", true);
  }

  @Test
  void deletingAPartitionWithItsRowsEndsTheSame() {
    partitionDeletion("Delete", false);
  }

  @Test
  void deletingAPartitionWhileAReplicaMovesEndsTheSame() {
    partitionDeletionWhileAReplicaMoves();
  }

  @Test
  void rollingRestartEndsTheSame() {
    rollingRestart();
  }
}
