package dev.partita.operator.cluster;

import dev.partita.crd.Site;
import dev.partita.operator.resource.ContentHash;
import dev.partita.operator.resource.Labels;
import dev.partita.operator.status.Verdict;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The clusters beside the operator's own in which Sites are, each by a Secret with a kubeconfig.
/// Thread-safe.
///
/// A connection begins with the first reconcile of a Site that needs it, which only the leading
/// operator does, and ends with the last one, or when its Secret says something else.
public final class OtherClusters implements AutoCloseable {

  /// Hears that something has changed in the cluster of a Site.
  public interface Listener {
    void changed(String namespace, String site);
  }

  /// How often to look whether a cluster answers, and what a Secret says, which the operator has no
  /// right to watch: a small request each, and a person waits for no longer.
  public static final Duration LOOK_INTERVAL = Duration.ofSeconds(3);

  private final KubernetesClient home;
  private final Function<Config, KubernetesClient> connect;
  private final InstantSource clock;
  private final Duration lookInterval;
  private final Map<Key, Connection> connections = new ConcurrentHashMap<>();
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();

  /// @param home for the cluster of the operator, where the Secrets are
  /// @param connect makes a client of another one
  public OtherClusters(
      KubernetesClient home,
      Function<Config, KubernetesClient> connect,
      InstantSource clock,
      Duration lookInterval) {
    this.home = home;
    this.connect = connect;
    this.clock = clock;
    this.lookInterval = lookInterval;
  }

  /// Adds a listener; it stays until [#close].
  public void addListener(Listener listener) {
    listeners.add(listener);
  }

  /// How often there may be news of a cluster that cannot be worked on.
  public Duration lookInterval() {
    return lookInterval;
  }

  /// Whether the cluster of a Site that is elsewhere can be worked on.
  public Access access(Site site) {
    return connection(site).access(site);
  }

  /// What is to be said after a call to that cluster has failed; nothing if it was another's fault.
  public Optional<Access.Denied> failed(Site site, KubernetesClientException failure) {
    return connection(site).failed(site, failure);
  }

  /// The node pods of all Sites of a namespace, in all clusters that answer, as they are now. What
  /// cannot be seen has to be judged by what its nodes say.
  public List<Pod> podsNow(String namespace) {
    List<Pod> pods =
        new ArrayList<>(
            home.pods().inNamespace(namespace).withLabel(Labels.SITE).list().getItems());
    connections.forEach((key, connection) -> {
      if (key.namespace().equals(namespace)) {
        pods.addAll(connection.podsNow());
      }
    });
    return pods;
  }

  /// A Site is no more.
  public void forget(Site site) {
    Key key = Key.of(site);
    Connection connection = connections.get(key);
    if (connection != null && connection.isUnusedWithout(site)) {
      connections.remove(key, connection);
    }
  }

  /// Has the Site looked at again.
  public void wake(Site site) {
    tell(site.getMetadata().getNamespace(), site.getMetadata().getName());
  }

  @Override
  public void close() {
    connections.values().forEach(Connection::close);
  }

  private Connection connection(Site site) {
    return connections.computeIfAbsent(Key.of(site), Connection::new);
  }

  private void tell(String namespace, String site) {
    listeners.forEach(listener -> listener.changed(namespace, site));
  }

  private record Key(String namespace, String secret) {

    static Key of(Site site) {
      return new Key(
          site.getMetadata().getNamespace(),
          Objects.requireNonNull(site.getSpec().kubeconfigSecret(), "a Site of this cluster"));
    }
  }

  /// The state of one connection. Nothing here calls the other cluster while it is locked.
  private final class Connection {

    private final Key key;
    private Instant lookedAt = Instant.EPOCH;
    private @Nullable String hash;
    private @Nullable OtherCluster cluster;
    private @Nullable String unusable;

    Connection(Key key) {
      this.key = key;
    }

    synchronized Access access(Site site) {
      boolean leaving = site.isMarkedForDeletion();
      if (!clock.instant().isBefore(lookedAt.plus(lookInterval))) {
        lookAtSecret();
        lookedAt = clock.instant();
      }
      OtherCluster known = cluster;
      // Where a whole namespace is deleted, the Secret may be gone before its Sites.
      if (known != null && (unusable == null || leaving)) {
        return known.access(site.getMetadata().getName());
      }
      return new Access.Denied(
          Verdict.stalled(
              "KubeconfigUnusable",
              "Secret %s %s".formatted(key.secret(), Objects.requireNonNullElse(unusable, ""))),
          List.of(),
          true);
    }

    private void lookAtSecret() {
      Secret secret = home.secrets().inNamespace(key.namespace()).withName(key.secret()).get();
      if (secret == null) {
        unusable = "does not exist";
        return;
      }
      String present = ContentHash.of(secret.getData() == null ? Map.of() : secret.getData());
      if (present.equals(hash)) {
        return;
      }
      hash = present;
      switch (Kubeconfig.of(secret, home.getKubernetesSerialization())) {
        case Kubeconfig.Unusable(String reason) -> unusable = reason;
        case Kubeconfig.Usable(Config config) -> {
          unusable = null;
          close();
          cluster =
              OtherCluster.start(
                  key.namespace(),
                  key.secret(),
                  connect.apply(config),
                  lookInterval,
                  site -> tell(key.namespace(), site));
        }
      }
    }

    synchronized Optional<Access.Denied> failed(Site site, KubernetesClientException failure) {
      return Optional.ofNullable(cluster)
          .flatMap(known -> known.failed(site.getMetadata().getName(), failure));
    }

    List<Pod> podsNow() {
      OtherCluster known;
      synchronized (this) {
        known = cluster;
      }
      return known == null ? List.of() : known.podsNow();
    }

    synchronized boolean isUnusedWithout(Site site) {
      if (cluster == null) {
        return true;
      }
      cluster.forget(site.getMetadata().getName());
      boolean unused = cluster.isUnused();
      if (unused) {
        close();
      }
      return unused;
    }

    synchronized void close() {
      if (cluster != null) {
        cluster.close();
        cluster = null;
      }
    }
  }
}
