package dev.partita.local.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/// One write.
///
/// @param revision the revision of the write; the object carries it as its resource version
/// @param object the new object; for a deletion the last one
/// @param previous the object before, null if there was none
public record StoreEvent(
    Type type, StoreKey key, long revision, ObjectNode object, @Nullable ObjectNode previous) {
  /// What a write does to its key.
  public enum Type {
    ADDED,
    MODIFIED,
    DELETED
  }
}
