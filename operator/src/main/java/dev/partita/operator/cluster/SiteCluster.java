package dev.partita.operator.cluster;

import dev.partita.operator.resource.Applied;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// The Kubernetes cluster that the objects of one Site are in, as one reconcile sees it.
public interface SiteCluster {

  /// For what is read or changed by name, as the API server has it now.
  KubernetesClient client();

  /// The Site's objects of a kind, as they were told of last. They are shared: never to be changed.
  <T extends HasMetadata> List<T> objects(Class<T> type);

  /// Makes the object what is desired, whoever else has written it.
  void apply(HasMetadata desired);

  /// The Site's object of that kind and name, as it was told of last.
  default <T extends HasMetadata> Optional<T> object(Class<T> type, String name) {
    return objects(type).stream()
        .filter(each -> each.getMetadata().getName().equals(name))
        .findFirst();
  }

  /// Applies the desired object unless the existing one was made from the same, by the hash that
  /// both carry.
  ///
  /// @return whether something was written
  default boolean applyIfChanged(HasMetadata desired) {
    Optional<? extends HasMetadata> existing =
        object(desired.getClass(), desired.getMetadata().getName());
    if (existing.isPresent()
        && Objects.equals(Applied.hash(existing.get()), Applied.hash(desired))) {
      return false;
    }
    apply(desired);
    return true;
  }
}
