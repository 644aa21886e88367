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
    /// Every Partition has all entries; the terms of documents that were there before a unique
    /// index are being claimed.
    CLAIMING,
    /// Every Partition of the collection has all entries.
    READY,
    /// It cannot be built.
    FAILED;

    /// Whether something is still being done for it.
    public boolean isUnfinished() {
      return this == BUILDING || this == CLAIMING;
    }
  }

  IndexEntry with(State next, @Nullable String newMessage) {
    return new IndexEntry(definition, next, newMessage);
  }
}
