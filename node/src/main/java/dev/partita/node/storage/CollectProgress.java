package dev.partita.node.storage;

/// What one step of [Storage#collect] did, and what it left for the next one.
///
/// @param examined versions looked at
/// @param dropped versions removed for good
/// @param rows the rows that remain to be looked at
/// @param entries the index entries that remain to be looked at
public record CollectProgress(long examined, long dropped, Span rows, Span entries) {
  /// Whether everything was looked at.
  public boolean isDone() {
    return rows.isEmpty() && entries.isEmpty();
  }
}
