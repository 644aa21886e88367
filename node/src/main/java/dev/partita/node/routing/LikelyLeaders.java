package dev.partita.node.routing;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Where Partitions are likely led: what answers told, and whom to ask if they told nothing. It may
/// be wrong at any time; who is asked says so. Safe for any thread.
final class LikelyLeaders {

  private final NodeId self;
  private final Predicate<NodeId> alive;

  /// It is checked against the members when used, so entries of dropped Partitions only take space.
  private final ConcurrentMap<PartitionId, NodeId> known = new ConcurrentHashMap<>();

  /// @param self asked first of all, if it has a replica
  /// @param alive whether a node was heard of lately
  LikelyLeaders(NodeId self, Predicate<NodeId> alive) {
    this.self = self;
    this.alive = alive;
  }

  /// Whether this node itself leads, as far as is known.
  boolean isHere(PartitionId partition) {
    return self.equals(known.get(partition));
  }

  /// A node has answered as a leader does.
  void leads(PartitionId partition, NodeId node) {
    known.put(partition, node);
  }

  /// A node has not.
  void doubt(PartitionId partition, NodeId node) {
    known.remove(partition, node);
  }

  /// Who has led the parent, or tells of the split, is to lead the children.
  void inherit(PartitionId parent, @Nullable NodeId teller, List<PartitionDescriptor> children) {
    NodeId leader = known.getOrDefault(parent, teller);
    if (leader != null) {
      children.forEach(child -> known.putIfAbsent(child.id(), leader));
    }
  }

  /// The hinted node, the leader of last time, or each voter in turn, this node first; nobody while
  /// none is alive.
  ///
  /// @param attempts how often somebody was asked before
  @Nullable NodeId target(PartitionDescriptor partition, @Nullable NodeId hint, int attempts) {
    if (hint != null && alive.test(hint)) {
      return hint;
    }
    Set<NodeId> voters = partition.members().voters();
    NodeId leader = known.get(partition.id());
    if (leader != null && voters.contains(leader) && alive.test(leader)) {
      return leader;
    }
    Set<NodeId> order = new LinkedHashSet<>();
    if (voters.contains(self)) {
      order.add(self);
    }
    voters.stream().filter(alive).forEach(order::add);
    return order.isEmpty() ? null : List.copyOf(order).get(attempts % order.size());
  }

  /// Forgets Partitions that are not in the catalog any more.
  void forget(Catalog present) {
    known.keySet().removeIf(id -> present.partition(id).isEmpty());
  }
}
