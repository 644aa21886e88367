package dev.partita.operator.partition;

import dev.partita.crd.Partition;
import dev.partita.operator.placement.EdgePlacement;
import dev.partita.operator.placement.Placement;
import dev.partita.operator.placement.Step;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// Where everything belongs, by one observation.
///
/// @param lineage which resources stand for what
/// @param declared the Partitions that are placed
/// @param rebalance the next move that evens out the nodes
/// @param transfer the next hand-over of a leadership
record Plan(
    Lineage lineage,
    List<Partition> declared,
    DueMerges merges,
    Placement placement,
    EdgePlacement edges,
    Supplier<Optional<Step.Move>> rebalance,
    Supplier<Optional<LeaderTransfers.Wanted>> transfer) {}
