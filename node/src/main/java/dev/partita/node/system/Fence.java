package dev.partita.node.system;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.RecoveryEntry;
import dev.partita.node.raft.NodeId;
import java.util.HashSet;
import java.util.Set;

/// Keeps out the nodes that were given up when groups lost their quorum: they may be a majority of
/// what these groups were, and would take up again what others have gone on without.
///
/// Whom to keep out stands in a file of this node, written before any group goes on, and in the
/// catalog, for nodes that join later. A node that is kept out learns of it in its first handshake
/// with any of the others, and then keeps itself out, for good: it has to be wiped.
///
/// Thread-safe; [#excludes] is asked for each frame.
public final class Fence {
  private final NodeFiles files;
  private volatile Set<NodeId> lost;
  private volatile boolean givenUp;

  public Fence(NodeFiles files) {
    this.files = files;
    this.lost = Set.copyOf(files.lostNodes());
    this.givenUp = files.isGivenUp();
  }

  /// Whether a node has no part in this cluster any more.
  public boolean excludes(NodeId node) {
    return lost.contains(node);
  }

  /// The nodes that are kept out.
  public Set<NodeId> excluded() {
    return lost;
  }

  /// Keeps out more nodes; durable when it returns.
  public synchronized void exclude(Set<NodeId> nodes) {
    if (lost.containsAll(nodes)) {
      return;
    }
    var all = new HashSet<>(lost);
    all.addAll(nodes);
    files.saveLostNodes(all);
    lost = Set.copyOf(all);
  }

  /// Follows the catalog. Blocks for the file where a recovery is news.
  public void follow(Catalog catalog) {
    if (!catalog.recoveries().isEmpty()) {
      exclude(RecoveryEntry.lostIn(catalog));
    }
  }

  /// Whether this node itself was given up.
  public boolean isGivenUp() {
    return givenUp;
  }

  /// Learns that this node was given up, until [#keepGivenUp] for as long as it runs.
  public void giveUp() {
    givenUp = true;
  }

  /// Remembers for good that this node was given up.
  public void keepGivenUp() {
    files.saveGivenUp();
  }
}
