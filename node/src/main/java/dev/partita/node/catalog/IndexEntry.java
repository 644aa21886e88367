package dev.partita.node.catalog;

import dev.partita.node.index.IndexDefinition;
import org.jspecify.annotations.Nullable;

/// An Index.
///
/// @param message why it failed
public record IndexEntry(IndexDefinition definition, State state, @Nullable String message) {

  /// Where an Index is in its life.
  public enum State {
    /// Some Partition has not all entries yet.
    BUILDING,
    /// Every Partition of the collection has all entries.
    READY,
    /// It cannot be built.
    FAILED
  }

  IndexEntry with(State next, @Nullable String newMessage) {
    return new IndexEntry(definition, next, newMessage);
  }
}
