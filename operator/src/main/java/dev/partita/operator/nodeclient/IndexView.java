package dev.partita.operator.nodeclient;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/// An Index as the cluster sees it.
///
/// @param progress per cent of the build
/// @param message why it failed
public record IndexView(
    String id,
    String name,
    String collection,
    State state,
    int progress,
    long entries,
    @Nullable String message) {

  /// Where an Index is in its life.
  public enum State {
    /// Some Partition still builds its entries.
    @JsonProperty("Building")
    BUILDING,
    /// Every Partition has all entries.
    @JsonProperty("Ready")
    READY,
    /// It cannot be built.
    @JsonProperty("Failed")
    FAILED
  }
}
