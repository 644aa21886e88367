package dev.partita.node.storage;

import org.jspecify.annotations.Nullable;

/// The disk failed or stored data is damaged. Not for recovery: the node, or at least the replica,
/// stops; it never goes on as if the write had happened or the data were right.
public final class StorageFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public StorageFailure(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
