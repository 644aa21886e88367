package dev.partita.operator.cluster;

import dev.partita.operator.resource.Labels;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// All objects of Sites in one namespace of another cluster, kept up to date by watches.
/// Thread-safe.
final class WatchedObjects implements AutoCloseable {

  private static final List<Class<? extends HasMetadata>> KINDS =
      List.of(
          ConfigMap.class,
          Service.class,
          PodDisruptionBudget.class,
          StatefulSet.class,
          Pod.class,
          PersistentVolumeClaim.class);

  private final Map<Class<?>, SharedIndexInformer<? extends HasMetadata>> informers =
      new LinkedHashMap<>();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final Consumer<String> changed;

  private WatchedObjects(Consumer<String> changed) {
    this.changed = changed;
  }

  /// Begins to watch, and returns before anything is known.
  ///
  /// @param changed hears of the names of Sites, on threads of the client
  static WatchedObjects start(KubernetesClient client, String namespace, Consumer<String> changed) {
    WatchedObjects watched = new WatchedObjects(changed);
    KINDS.forEach(kind -> watched.informers.put(kind, watched.informer(client, namespace, kind)));
    // Each tries for as long as it is not stopped.
    watched
        .informers
        .values()
        .forEach(informer -> {
          var _ = informer.start();
        });
    return watched;
  }

  private <T extends HasMetadata> SharedIndexInformer<T> informer(
      KubernetesClient client, String namespace, Class<T> kind) {
    return client
        .resources(kind)
        .inNamespace(namespace)
        .withLabel(Labels.SITE)
        .runnableInformer(0)
        .addEventHandler(new Changes())
        .exceptionHandler((_, thrown) -> {
          failure.set(thrown);
          return true;
        });
  }

  boolean hasSynced() {
    return informers.values().stream().allMatch(SharedIndexInformer::hasSynced);
  }

  /// Whether all are told of changes now.
  boolean isWatching() {
    return informers.values().stream().allMatch(SharedIndexInformer::isWatching);
  }

  /// What went wrong last, in whichever watch.
  Optional<Throwable> failure() {
    return Optional.ofNullable(failure.get());
  }

  <T extends HasMetadata> List<T> ofSite(Class<T> kind, String site) {
    return Objects.requireNonNull(informers.get(kind), kind::getName).getStore().list().stream()
        .filter(each -> site.equals(siteOf(each)))
        .map(kind::cast)
        .toList();
  }

  private static @Nullable String siteOf(HasMetadata object) {
    return object.getMetadata().getLabels() == null
        ? null
        : object.getMetadata().getLabels().get(Labels.SITE);
  }

  @Override
  public void close() {
    informers.values().forEach(SharedIndexInformer::stop);
  }

  private final class Changes implements ResourceEventHandler<HasMetadata> {

    @Override
    public void onAdd(HasMetadata object) {
      tell(object);
    }

    @Override
    public void onUpdate(HasMetadata before, HasMetadata after) {
      if (!Objects.equals(
          before.getMetadata().getResourceVersion(), after.getMetadata().getResourceVersion())) {
        tell(after);
      }
    }

    @Override
    public void onDelete(HasMetadata object, boolean finalStateUnknown) {
      tell(object);
    }

    private void tell(HasMetadata object) {
      String site = siteOf(object);
      if (site != null) {
        changed.accept(site);
      }
    }
  }
}
