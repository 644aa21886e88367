package dev.partita.operator.nodeclient;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/// An operation as the cluster has recorded it.
///
/// @param partition name of its Partition, where it has one
/// @param message why it waits or failed
public record OperationView(
    String id,
    OperationSpec.Kind kind,
    @Nullable String partition,
    String step,
    State state,
    @Nullable String message) {

  /// Whether it still runs.
  public boolean isRunning() {
    return state == State.RUNNING;
  }

  /// How far it is.
  public enum State {
    /// It runs.
    @JsonProperty("Running")
    RUNNING,
    /// It is finished.
    @JsonProperty("Done")
    DONE,
    /// It will not be finished.
    @JsonProperty("Failed")
    FAILED
  }
}
