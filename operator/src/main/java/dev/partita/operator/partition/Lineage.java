package dev.partita.operator.partition;

import dev.partita.crd.Partition;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.resource.Labels;
import io.fabric8.kubernetes.api.model.OwnerReference;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// Pure: which resources somebody has declared, and which the operator has made for the parts of
/// Partitions that were split. What the nodes know decides; only of what they do not know, the
/// marks that the operator has left on a resource do.
///
/// Immutable: one instance sees one observation.
final class Lineage {

  /// What a resource stands for.
  sealed interface Role {

    /// Somebody wants this Partition to be.
    record Declared() implements Role {}

    /// The operator has made it for a part of another Partition.
    record Part(String parent) implements Role {}

    /// The operator has made it for a part that the nodes do not know.
    ///
    /// @param parent empty where the resource does not tell any more
    record Unknown(String parent) implements Role {}

    /// Somebody has declared it under a name that the nodes have given to a part of another one.
    record NameTaken(String parent) implements Role {}
  }

  private final Map<String, String> parents;
  private final Set<String> known;

  Lineage(ClusterView cluster) {
    this.parents = cluster.parents();
    this.known = cluster.partitions().stream().map(PartitionView::name).collect(Collectors.toSet());
  }

  Role roleOf(Partition partition) {
    String name = partition.getMetadata().getName();
    String parent = parents.get(name);
    if (parent != null) {
      return isMarked(partition) ? new Role.Part(parent) : new Role.NameTaken(parent);
    }
    return known.contains(name) || !isMarked(partition)
        ? new Role.Declared()
        : new Role.Unknown(owner(partition).map(OwnerReference::getName).orElse(""));
  }

  /// Whether it is to be placed: it stands for what the nodes have or shall have under its name.
  boolean isPlaced(Partition partition) {
    return switch (roleOf(partition)) {
      case Role.Declared _, Role.Part _ -> true;
      case Role.Unknown _, Role.NameTaken _ -> false;
    };
  }

  /// Whether the operator has made the resource.
  static boolean isMarked(Partition partition) {
    Map<String, String> labels = partition.getMetadata().getLabels();
    return (labels != null && labels.containsKey(Labels.PARENT)) || owner(partition).isPresent();
  }

  /// The reference to the Partition that this one was split from.
  static Optional<OwnerReference> owner(Partition partition) {
    return partition.getMetadata().getOwnerReferences().stream()
        .filter(owner -> Boolean.TRUE.equals(owner.getController()))
        .filter(owner -> owner.getKind().equals(partition.getKind()))
        .findFirst();
  }
}
