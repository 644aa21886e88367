package dev.partita.launcher;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.readiness.Readiness;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/// Measures for how long pods are away when they restart: from the moment at which they are told to
/// end, to the readiness of those that come after them.
final class PodAbsences implements AutoCloseable {
  private static final long LOOK_MILLIS = 50;

  private final Supplier<List<Pod>> pods;
  private final Thread watcher;
  private final Map<String, Long> awaySinceNanos = new HashMap<>();
  private final List<Duration> ended = new CopyOnWriteArrayList<>();
  private volatile boolean closed;

  private PodAbsences(Supplier<List<Pod>> pods) {
    this.pods = pods;
    this.watcher = Thread.ofVirtual().name("pod-absences").start(this::watch);
  }

  static PodAbsences watch(Supplier<List<Pod>> pods) {
    return new PodAbsences(pods);
  }

  /// Those that are over.
  List<Duration> ended() {
    return List.copyOf(ended);
  }

  private void watch() {
    try {
      while (!closed) {
        try {
          pods.get().forEach(this::look);
        } catch (KubernetesClientException e) {
          // The next look comes soon.
        }
        Thread.sleep(LOOK_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void look(Pod pod) {
    String name = pod.getMetadata().getName();
    if (pod.getMetadata().getDeletionTimestamp() != null || !Readiness.isPodReady(pod)) {
      awaySinceNanos.putIfAbsent(name, System.nanoTime());
      return;
    }
    Long since = awaySinceNanos.remove(name);
    if (since != null) {
      ended.add(Duration.ofNanos(System.nanoTime() - since));
    }
  }

  @Override
  public void close() {
    closed = true;
    watcher.interrupt();
  }
}
