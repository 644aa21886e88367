package dev.partita.operator.observation;

import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.IndexView;
import dev.partita.operator.nodeclient.PartitionView;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What is different between two observations, as far as reconcilers care.
///
/// @param structural something other than figures: everybody has to look
/// @param partitions names of the Partitions whose figures moved
/// @param indexes names of the Indexes whose figures moved
record Change(boolean structural, Set<String> partitions, Set<String> indexes) {

  /// Compares what reconcilers were told last with what is known now; null is "unknown".
  static Change between(@Nullable ClusterView told, @Nullable ClusterView known) {
    if (told == null || known == null) {
      return new Change((told == null) != (known == null), Set.of(), Set.of());
    }
    if (!structure(told).equals(structure(known))) {
      return new Change(true, Set.of(), Set.of());
    }
    return new Change(
        false,
        withAncestors(
            known,
            known.partitions().stream()
                .filter(each -> !Objects.equals(told.partition(each.name()).orElse(null), each))
                .map(PartitionView::name)),
        known.indexes().stream()
            .filter(each -> !Objects.equals(told.index(each.name()).orElse(null), each))
            .map(IndexView::name)
            .collect(Collectors.toSet()));
  }

  /// The figures of a Partition that was split are those of its parts.
  private static Set<String> withAncestors(ClusterView view, Stream<String> names) {
    Map<String, String> parents = view.parents();
    Set<String> all = new HashSet<>();
    names.forEach(name -> {
      for (String at = name; at != null && all.add(at); ) {
        at = parents.get(at);
      }
    });
    return all;
  }

  boolean isNothing() {
    return !structural && partitions.isEmpty() && indexes.isEmpty();
  }

  /// The observation without its figures. Requests are answered by the polling thread itself.
  private static ClusterView structure(ClusterView view) {
    return new ClusterView(
        0,
        view.clusterId(),
        view.leaderNodeId(),
        view.nodes(),
        view.partitions().stream().map(Change::withoutFigures).toList(),
        view.indexes().stream().map(Change::withoutFigures).toList(),
        view.operations(),
        List.of(),
        view.recoveries());
  }

  private static PartitionView withoutFigures(PartitionView view) {
    return new PartitionView(
        view.id(),
        view.name(),
        view.collection(),
        view.epoch(),
        view.leaderNodeId(),
        view.replicas(),
        0,
        0,
        0,
        0,
        null,
        view.state(),
        view.children(),
        view.bounds(),
        PartitionView.SplitPoints.UNKNOWN,
        view.home());
  }

  private static IndexView withoutFigures(IndexView view) {
    return new IndexView(
        view.id(), view.name(), view.collection(), view.state(), 0, 0, view.message());
  }
}
