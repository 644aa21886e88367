package dev.partita.node.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An Index as observed.
///
/// @param progress of the build over all Partitions, 0 to 100
/// @param entries over all Partitions
/// @param message why it failed
public record IndexView(
    String id,
    String name,
    String collection,
    List<IndexSpec.Term> terms,
    List<IndexSpec.Value> values,
    boolean unique,
    State state,
    int progress,
    long entries,
    @Nullable String message) {
  public IndexView {
    terms = List.copyOf(terms);
    values = List.copyOf(values);
  }

  /// Where an Index is in its life.
  public enum State {
    /// Some Partition still builds its entries.
    @JsonProperty("Building")
    BUILDING,
    /// Every Partition of the collection has all entries.
    @JsonProperty("Ready")
    READY,
    /// It cannot be built, for instance because existing rows violate its uniqueness.
    @JsonProperty("Failed")
    FAILED
  }
}
