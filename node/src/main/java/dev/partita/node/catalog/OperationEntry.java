package dev.partita.node.catalog;

import org.jspecify.annotations.Nullable;

/// An operation as recorded, from the asking until it is acknowledged.
///
/// @param step what is being done, for people
/// @param message why it waits or failed
public record OperationEntry(
    String id, Operation operation, String step, State state, @Nullable String message) {

  /// The step of an operation that nobody has worked at yet.
  public static final String RECORDED = "Recorded";

  /// The step of a finished operation.
  public static final String FINISHED = "Finished";

  /// Whether it is finished.
  public enum State {
    /// Not yet.
    RUNNING,
    /// It did what it was asked for.
    DONE,
    /// It can never succeed.
    FAILED
  }
}
