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
  @Execution(ExecutionMode.CONCURRENT)
  void scalingOutAndInEndTheSame() {
    scaleOutAndIn();
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void cancelledScaleInEndsTheSame() {
    scaleInThatIsCancelled();
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void changeOfReplicasEndsTheSame() {
    replicasChange();
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void changeOfPlacementEndsTheSame() {
    placementChange();
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void creatingAndDeletingAnIndexEndTheSame() {
    indexCreationAndDeletion();
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void deletingAPartitionThatRetainsItsRowsEndsTheSame() {
    partitionDeletion("Retain", true);
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void deletingAPartitionWithItsRowsEndsTheSame() {
    partitionDeletion("Delete", false);
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void deletingAPartitionWhileAReplicaMovesEndsTheSame() {
    partitionDeletionWhileAReplicaMoves();
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void rollingRestartEndsTheSame() {
    rollingRestart();
  }

  @Test
  @Execution(ExecutionMode.CONCURRENT)
  void growingStorageEndsTheSame() {
    storageGrowth();
  }
}
