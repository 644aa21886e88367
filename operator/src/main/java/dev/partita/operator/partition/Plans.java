package dev.partita.operator.partition;

import dev.partita.crd.Partition;
import dev.partita.operator.nodeclient.ClusterView;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.OwnerReference;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The plan of each namespace, made once for all of its Partitions: each needs the whole, and most
/// observations wake all of them. Thread-safe; one thread makes the plan of a namespace.
final class Plans {

  /// What a plan rests on.
  ///
  /// @param cluster one observation: another one of the same state was made at another time
  /// @param steady ids of the nodes that have been heard from for a while
  record Basis(
      ClusterView cluster, DeclaredSites sites, Set<String> steady, List<Wanted> resources) {

    Basis {
      resources = List.copyOf(resources);
    }

    static Basis of(
        ClusterView cluster, DeclaredSites sites, Set<String> steady, Stream<Partition> resources) {
      return new Basis(
          cluster, sites, steady, resources.map(Partition::getMetadata).map(Wanted::of).toList());
    }

    @SuppressWarnings("ReferenceEquality") // It is the observation that counts, not the state.
    private boolean isSame(Basis other) {
      return cluster == other.cluster
          && sites.equals(other.sites)
          && steady.equals(other.steady)
          && resources.equals(other.resources);
    }
  }

  /// A resource but for its status, which no plan rests on.
  record Wanted(
      String uid,
      @Nullable Long generation,
      boolean isDeleted,
      @Nullable Map<String, String> labels,
      @Nullable Map<String, String> annotations,
      List<OwnerReference> owners) {

    private static Wanted of(ObjectMeta metadata) {
      return new Wanted(
          metadata.getUid(),
          metadata.getGeneration(),
          metadata.getDeletionTimestamp() != null,
          metadata.getLabels(),
          metadata.getAnnotations(),
          metadata.getOwnerReferences());
    }
  }

  private record Made(Basis basis, Plan plan) {}

  private final Map<String, Made> byNamespace = new ConcurrentHashMap<>();

  /// The plan of a namespace; made if what the last one rests on is not so any more.
  Plan of(String namespace, Basis basis, Supplier<Plan> make) {
    return byNamespace
        .compute(
            namespace,
            (_, last) ->
                last != null && last.basis().isSame(basis) ? last : new Made(basis, make.get()))
        .plan();
  }
}
