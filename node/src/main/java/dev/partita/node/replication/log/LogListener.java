package dev.partita.node.replication.log;

/// Hears of every batch that was made durable, for metrics. Called by the log's writer, so it is
/// quick.
@FunctionalInterface
public interface LogListener {

  /// Ignores everything.
  LogListener NONE = (_, _, _) -> {};

  /// A batch became durable with one sync.
  ///
  /// @param records of all groups in it
  /// @param bytes written
  /// @param syncNanos how long the sync took
  void written(int records, int bytes, long syncNanos);
}
