package dev.partita.node.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/// The operator's answer to a resource request (`PUT /admin/v1/requests/{id}`).
///
/// @param message why it was refused
public record RequestAnswer(State state, @Nullable String message) {

  /// Whether the custom resource was made or deleted.
  public enum State {
    /// It was.
    @JsonProperty("Accepted")
    ACCEPTED,
    /// It was not, and will not be.
    @JsonProperty("Refused")
    REFUSED
  }
}
