package dev.partita.node.catalog;

import dev.partita.node.raft.NodeId;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// That groups have gone on without a quorum, because a person has given up nodes for ever. Kept
/// for good: the nodes must never take part again.
///
/// @param id of the plan that was carried out
/// @param atMillis when, by the clock of the node that did it
/// @param lost the nodes that were given up
/// @param acknowledged whether a person has seen to what may be lost
public record RecoveryEntry(
    String id, long atMillis, List<NodeId> lost, List<Recovered> groups, boolean acknowledged) {
  public RecoveryEntry {
    lost = List.copyOf(lost);
    groups = List.copyOf(groups);
  }

  /// A group that goes on from one replica.
  ///
  /// @param group 0 for the system partition, else the id of the Partition
  /// @param name of the Partition
  /// @param kept whose replica it goes on from
  /// @param lastIndex where the log of that replica ended
  /// @param loss what may be lost, for people
  public record Recovered(long group, String name, NodeId kept, long lastIndex, String loss) {}

  RecoveryEntry acknowledge() {
    return new RecoveryEntry(id, atMillis, lost, groups, true);
  }

  /// All nodes that any of these recoveries has given up.
  public static Set<NodeId> lostIn(Catalog catalog) {
    return catalog.recoveries().values().stream()
        .flatMap(entry -> entry.lost().stream())
        .collect(Collectors.toSet());
  }
}
