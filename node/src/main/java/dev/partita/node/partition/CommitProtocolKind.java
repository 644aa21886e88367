package dev.partita.node.partition;

/// How the Partitions of a transaction agree on its outcome.
public enum CommitProtocolKind {
  /// The record decides: one round, and as long as the record's Partition is away nobody else can
  /// tell.
  TWO_PHASE,
  /// A majority of the participants decides: one round more, and any minority of them may be away.
  THREE_PHASE
}
