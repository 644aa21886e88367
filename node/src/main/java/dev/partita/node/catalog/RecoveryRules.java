package dev.partita.node.catalog;

import dev.partita.node.catalog.CatalogResult.Reason;
import dev.partita.node.catalog.CatalogRules.Transition;
import dev.partita.node.raft.NodeId;

/// What becomes of the catalog when nodes are given up.
final class RecoveryRules {
  private RecoveryRules() {}

  /// Sets the revision itself.
  static Transition record(Catalog before, CatalogCommand.RecordRecovery command) {
    RecoveryEntry recovery = command.recovery();
    if (before.recoveries().containsKey(recovery.id())) {
      return Transition.applied(before);
    }
    Catalog after = before.withRecovery(recovery);
    for (NodeId lost : recovery.lost()) {
      NodeEntry known = after.nodes().get(lost);
      if (known != null) {
        after = after.withNode(known.with(NodeEntry.State.GONE));
      }
    }
    if (command.handedOut().isAfter(after.window().end())) {
      // Nobody owns the window, so whoever leads begins behind its end.
      after = after.withWindow(new TimestampWindow(command.handedOut(), null));
    }
    return Transition.applied(
        after
            .withNextId(Math.max(after.nextId(), command.nextId()))
            .withRevision(Math.max(before.revision(), command.revision()) + 1));
  }

  static Transition acknowledge(Catalog before, String id) {
    RecoveryEntry known = before.recoveries().get(id);
    if (known == null) {
      return Transition.refused(before, Reason.NOT_FOUND, "unknown recovery", id, null);
    }
    return Transition.applied(
        known.acknowledged() ? before : before.withRecovery(known.acknowledge()));
  }
}
