package dev.partita.node.catalog;

import dev.partita.node.index.IndexDefinition;
import org.jspecify.annotations.Nullable;

/// An Index.
///
/// @param message why it failed
public record IndexEntry(IndexDefinition definition, State state, @Nullable String message) {

  /// Where an Index is in its life.
  public enum State {
    /// Its fields lie in several column groups, and some group does not know of it yet.
    ANNOUNCED,
    /// All of these groups know of it, so whoever writes to them keeps its joint rows; those of
    /// older documents are being made.
    GATHERING,
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
      return this != READY && this != FAILED;
    }

    /// Whether no Partition has entries yet, because there is not all that they are made of.
    public boolean isBeforeBuilding() {
      return this == ANNOUNCED || this == GATHERING;
    }
  }

  IndexEntry with(State next, @Nullable String newMessage) {
    return new IndexEntry(definition, next, newMessage);
  }
}
