package dev.partita.node.raft;

/// What the data of an [Entry] is. The order is part of the log's format.
public enum EntryKind {
  /// A command of the state machine; opaque to the core.
  COMMAND,
  /// An encoded [Configuration], which takes effect as soon as it is in the log.
  CONFIGURATION,
  /// Nothing: what a new leader appends to commit the entries of earlier terms.
  EMPTY
}
