package dev.partita.node.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/// An operation as recorded.
///
/// @param partition name of its Partition, where it has one
/// @param step name of the step that it is at
/// @param message why it waits or failed
public record OperationView(
    String id,
    OperationSpec.Kind kind,
    @Nullable String partition,
    String step,
    State state,
    @Nullable String message) {

  /// Whether it is finished.
  public enum State {
    /// Not yet.
    @JsonProperty("Running")
    RUNNING,
    /// It did what it was asked for.
    @JsonProperty("Done")
    DONE,
    /// It can never succeed; nothing is left half done.
    @JsonProperty("Failed")
    FAILED
  }
}
