package dev.partita.operator.nodeclient;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/// The operator's answer to a resource request.
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

  /// The custom resource was made or deleted.
  public static RequestAnswer accepted() {
    return new RequestAnswer(State.ACCEPTED, null);
  }

  /// The custom resource will not be made.
  public static RequestAnswer refused(String reason) {
    return new RequestAnswer(State.REFUSED, reason);
  }
}
