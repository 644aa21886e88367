package dev.partita.node.partition;

import java.util.Optional;
import java.util.stream.Stream;

/// How the Partitions of a transaction agree on its outcome.
public enum CommitProtocolKind {
  /// The record decides: one round, and as long as the record's Partition is away nobody else can
  /// tell.
  TWO_PHASE("2pc"),
  /// A majority of the participants decides: one round more, and any minority of them may be away.
  THREE_PHASE("3pc");

  private final String text;

  CommitProtocolKind(String text) {
    this.text = text;
  }

  /// As clients write it.
  public String text() {
    return text;
  }

  /// The one that clients write so.
  public static Optional<CommitProtocolKind> of(String text) {
    return Stream.of(values()).filter(kind -> kind.text.equals(text)).findFirst();
  }
}
