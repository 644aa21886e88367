package dev.partita.node.catalog;

import dev.partita.node.partition.CommitProtocolKind;

/// What holds for the whole database and everybody who uses it.
///
/// @param commitProtocol of transactions that do not say how they are to commit
public record DatabaseSettings(CommitProtocolKind commitProtocol) {
  /// What holds until somebody says otherwise.
  public static final DatabaseSettings DEFAULT = new DatabaseSettings(CommitProtocolKind.TWO_PHASE);
}
