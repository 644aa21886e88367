package dev.partita.node.admin;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.Operation;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.catalog.ResourceName;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.index.IndexTerm;
import dev.partita.node.index.IndexValue;
import dev.partita.node.index.JsonData;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.BoundsJson;
import dev.partita.node.raft.NodeId;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Turns what the administration API takes into commands and operations, and refuses what makes no
/// sense.
final class SpecReader {
  /// Characters of a collection's name and of an operation's id.
  private static final int NAME_MAX = 253;

  private SpecReader() {}

  static CatalogCommand.CreatePartition partition(String name, PartitionSpec spec) {
    return checked(() ->
        new CatalogCommand.CreatePartition(
            resourceName(name), collection(spec.collection()), bounds(spec), replicas(spec)));
  }

  static Bounds bounds(PartitionSpec spec) {
    return checked(() -> BoundsJson.read(spec.bounds()));
  }

  private static List<NodeId> replicas(PartitionSpec spec) {
    return spec.replicas().stream().map(SpecReader::nodeId).toList();
  }

  static CatalogCommand.CreateIndex index(String name, IndexSpec spec) {
    return checked(() ->
        new CatalogCommand.CreateIndex(
            resourceName(name),
            collection(spec.collection()),
            spec.terms().stream().map(term -> IndexTerm.of(term.field())).toList(),
            spec.values().stream()
                .map(value ->
                    value.descending()
                        ? IndexValue.descending(value.field())
                        : IndexValue.ascending(value.field()))
                .toList(),
            spec.unique()));
  }

  static Operation operation(OperationSpec spec, Catalog catalog) {
    return checked(() ->
        switch (spec.kind()) {
          case MOVE_REPLICA ->
              new Operation.MoveReplica(
                  partition(spec, catalog).id(),
                  spec.remove() == null ? null : nodeId(spec.remove()),
                  spec.add() == null ? null : nodeId(spec.add()));
          case SPLIT_PARTITION ->
              new Operation.SplitPartition(
                  partition(spec, catalog).id(),
                  spec.at() == null || spec.at().isNull() ? null : JsonData.datum(spec.at()));
          case MERGE_PARTITIONS -> new Operation.MergePartitions(partition(spec, catalog).id());
          case TRANSFER_LEADER ->
              new Operation.TransferLeader(
                  partition(spec, catalog).id(), nodeId(needed("to", spec.to())));
          case DRAIN_NODE -> new Operation.DrainNode(node(spec, catalog));
          case CANCEL_DRAIN -> new Operation.CancelDrain(node(spec, catalog));
          case REMOVE_NODE -> new Operation.RemoveNode(node(spec, catalog));
        });
  }

  private static PartitionEntry partition(OperationSpec spec, Catalog catalog) {
    String name = needed("partition", spec.partition());
    return catalog
        .partition(name)
        .orElseThrow(() ->
            new DatabaseException(ErrorCode.UNKNOWN_PARTITION, "unknown partition")
                .with("partition", name));
  }

  private static NodeId node(OperationSpec spec, Catalog catalog) {
    NodeId node = nodeId(needed("nodeId", spec.nodeId()));
    if (!catalog.nodes().containsKey(node)) {
      throw new DatabaseException(ErrorCode.UNKNOWN_NODE, "unknown node").with("node", node);
    }
    return node;
  }

  private static String needed(String field, @Nullable String value) {
    if (value == null) {
      throw new DatabaseException(ErrorCode.INVALID_REQUEST, "a field is missing")
          .with("field", field);
    }
    return value;
  }

  static NodeId nodeId(String text) {
    return checked(() -> new NodeId(Long.parseLong(text)));
  }

  static String resourceName(String name) {
    return checked(() -> ResourceName.of(name).value());
  }

  static String operationId(String id) {
    if (id.isBlank() || id.length() > NAME_MAX) {
      throw new DatabaseException(ErrorCode.INVALID_REQUEST, "an id has 1 to 253 characters");
    }
    return id;
  }

  private static String collection(@Nullable String name) {
    if (name == null || name.isBlank() || name.length() > NAME_MAX) {
      throw new DatabaseException(
          ErrorCode.INVALID_DEFINITION, "the name of a collection has 1 to 253 characters");
    }
    return name;
  }

  private static <T> T checked(Supplier<T> reading) {
    try {
      return reading.get();
    } catch (NullPointerException e) {
      // JSON may leave out any component of a spec, whatever its type says.
      throw new DatabaseException(
          ErrorCode.INVALID_DEFINITION, "the definition lacks a field that it needs", e);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new DatabaseException(ErrorCode.INVALID_DEFINITION, "the definition makes no sense", e)
          .with("reason", e.getMessage());
    }
  }
}
