package dev.partita.node.cluster;

import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.ClaimPartitions;
import dev.partita.node.catalog.NodeEntry;
import dev.partita.node.catalog.Operation;
import dev.partita.node.catalog.OperationEntry;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Keeps the claims of unique indexes where their anchors are. Nobody declares the Partitions of
/// claims, so nobody else moves them: when an anchor has moved they follow, one replica at a time.
final class ClaimsPlan {

  /// What the ids of the moves begin with.
  static final String MOVES = "claims-";

  private ClaimsPlan() {}

  static List<CatalogCommand> next(ClusterView view) {
    List<CatalogCommand> commands = new ArrayList<>();
    for (OperationEntry operation : view.catalog().operations().values()) {
      if (operation.id().startsWith(MOVES) && operation.state() != OperationEntry.State.RUNNING) {
        commands.add(new CatalogCommand.ForgetOperation(operation.id()));
      }
    }
    for (PartitionEntry entry : view.catalog().partitions().all()) {
      if (ClaimPartitions.isHidden(entry.collection())
          && entry.state() == PartitionEntry.State.ACTIVE
          && !isMoving(view, entry.id())) {
        move(view, entry).ifPresent(commands::add);
      }
    }
    return commands;
  }

  private static boolean isMoving(ClusterView view, PartitionId partition) {
    return view.catalog().operations().values().stream()
        .anyMatch(entry ->
            entry.state() == OperationEntry.State.RUNNING
                && entry.operation() instanceof Operation.MoveReplica move
                && move.partition().equals(partition));
  }

  /// The next replica that is not where it should be. While the anchor itself moves there is
  /// nothing to follow yet.
  private static Optional<CatalogCommand> move(ClusterView view, PartitionEntry claims) {
    PartitionEntry anchor = ClaimPartitions.anchor(view.catalog(), claims).orElse(null);
    if (anchor == null) {
      return leave(view, claims);
    }
    if (anchor.state() != PartitionEntry.State.ACTIVE || isMoving(view, anchor.id())) {
      return Optional.empty();
    }
    NodeId add =
        anchor.voters().stream()
            .filter(node -> !claims.members().contains(node))
            .filter(view::isAlive)
            .findFirst()
            .orElse(null);
    NodeId remove =
        claims.members().stream()
            .filter(node -> !anchor.voters().contains(node))
            .findFirst()
            .orElse(null);
    boolean shrinks = claims.voters().size() > anchor.voters().size();
    if (add == null && (remove == null || !shrinks)) {
      return Optional.empty();
    }
    boolean grows = claims.voters().size() < anchor.voters().size();
    return Optional.of(move(claims, grows ? null : remove, add));
  }

  /// A collection without Partitions, whose rows may be retained, has claims but no place. They
  /// only go away from nodes that are to go.
  private static Optional<CatalogCommand> leave(ClusterView view, PartitionEntry claims) {
    NodeId remove =
        claims.members().stream()
            .filter(node -> !isStaying(view.catalog().nodes().get(node)))
            .findFirst()
            .orElse(null);
    NodeId add =
        view.catalog().nodes().values().stream()
            .filter(node -> isStaying(node) && !node.place().edge() && view.isAlive(node.id()))
            .map(NodeEntry::id)
            .filter(node -> !claims.members().contains(node))
            .findFirst()
            .orElse(null);
    return remove == null || (add == null && claims.voters().size() == 1)
        ? Optional.empty()
        : Optional.of(move(claims, remove, add));
  }

  private static boolean isStaying(@Nullable NodeEntry node) {
    return node != null && node.state() == NodeEntry.State.ACTIVE;
  }

  private static CatalogCommand move(
      PartitionEntry claims, @Nullable NodeId remove, @Nullable NodeId add) {
    return new CatalogCommand.PutOperation(
        MOVES + claims.id() + "-" + claims.epoch(),
        new Operation.MoveReplica(claims.id(), remove, add));
  }
}
