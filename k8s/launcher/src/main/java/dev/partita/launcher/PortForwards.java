package dev.partita.launcher;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.LocalPortForward;
import io.fabric8.kubernetes.client.readiness.Readiness;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/// A loopback address for each ready node pod of a cluster that this machine has no route into:
/// `kubectl port-forward`, kept for as long as the pod is ready.
///
/// Safe for several threads.
final class PortForwards implements Supplier<List<InetSocketAddress>>, AutoCloseable {
  private final Cluster cluster;
  private final int port;
  private final Map<String, LocalPortForward> forwardByUid = new HashMap<>();
  private boolean closed;

  PortForwards(Cluster cluster, int port) {
    this.cluster = cluster;
    this.port = port;
  }

  @Override
  public List<InetSocketAddress> get() {
    try {
      return forward(cluster.pods().stream().filter(Readiness::isPodReady).toList());
    } catch (KubernetesClientException e) {
      // Every way into the cluster leads through the API server: without it no node is reachable.
      return List.of();
    }
  }

  private synchronized List<InetSocketAddress> forward(List<Pod> ready) {
    Set<String> uids = new HashSet<>();
    List<InetSocketAddress> addresses = new ArrayList<>();
    for (Pod pod : ready) {
      uids.add(pod.getMetadata().getUid());
      addresses.add(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), forward(pod).getLocalPort()));
    }
    forwardByUid
        .entrySet()
        .removeIf(each -> {
          if (uids.contains(each.getKey())) {
            return false;
          }
          closeQuietly(each.getValue());
          return true;
        });
    return addresses;
  }

  private LocalPortForward forward(Pod pod) {
    String uid = pod.getMetadata().getUid();
    LocalPortForward existing = forwardByUid.get(uid);
    if (existing != null && existing.isAlive()) {
      return existing;
    }
    if (closed) {
      throw new IllegalStateException("closed");
    }
    LocalPortForward forward = cluster.client().pods().resource(pod).portForward(port);
    forwardByUid.put(uid, forward);
    return forward;
  }

  @Override
  public synchronized void close() {
    closed = true;
    forwardByUid.values().forEach(PortForwards::closeQuietly);
    forwardByUid.clear();
  }

  private static void closeQuietly(LocalPortForward forward) {
    try {
      forward.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
