package dev.partita.operator.placement;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What to do next about a Partition's replicas.
public sealed interface Step {

  /// The replicas are where they belong.
  record Settled() implements Step {}

  /// Create the replicas on these nodes; the first is the natural leader.
  record Create(List<String> nodes) implements Step {
    public Create {
      nodes = List.copyOf(nodes);
    }
  }

  /// Add a replica, remove one, or both.
  record Move(String partition, @Nullable String remove, @Nullable String add) implements Step {
    public Move {
      if (remove == null && add == null) {
        throw new IllegalArgumentException("a move without effect");
      }
    }
  }

  /// The demand cannot be met with the nodes there are.
  ///
  /// @param message names what is missing and what a person can do about it
  record Impossible(String message) implements Step {}
}
