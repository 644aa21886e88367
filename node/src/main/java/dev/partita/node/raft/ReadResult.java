package dev.partita.node.raft;

import org.jspecify.annotations.Nullable;

/// What became of a [Raft#readIndex].
public sealed interface ReadResult {

  /// Its context will come out in [Effects#confirmedReads] or [Effects#lostReads].
  record Waiting() implements ReadResult {}

  /// This replica does not lead.
  record NotLeader(@Nullable NodeId leader) implements ReadResult {}
}
