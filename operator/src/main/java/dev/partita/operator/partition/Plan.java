package dev.partita.operator.partition;

import dev.partita.crd.Partition;
import dev.partita.operator.placement.EdgePlacement;
import dev.partita.operator.placement.Placement;
import java.util.List;

/// Where everything belongs, by one observation.
///
/// @param declared the Partitions that are placed
record Plan(List<Partition> declared, DueMerges merges, Placement placement, EdgePlacement edges) {}
