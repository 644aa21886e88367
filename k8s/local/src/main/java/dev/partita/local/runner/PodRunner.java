package dev.partita.local.runner;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.api.PodLogs;
import dev.partita.local.controller.ControlLoop;
import dev.partita.local.json.Json;
import dev.partita.local.object.Cluster;
import dev.partita.local.store.StoreEvent;
import dev.partita.local.store.StoreKey;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Runs a process for every pod that is bound to a node, and ends it when the pod is to go.
///
/// After a start, pods that an earlier run left in the store are run again.
public final class PodRunner implements ControlLoop.Reconciler<StoreKey>, AutoCloseable {
  /// What pods see the newest content of, without being started again.
  private static final Set<String> MOUNTED = Set.of("/configmaps", "/secrets");

  private static final Duration CLOSE_GRACE = Duration.ofSeconds(20);

  private final Cluster cluster;
  private final PodProcess.Context context;
  private final HostsFile hosts;
  private final Guardian guardian;
  private final Map<StoreKey, PodProcess> processes = new ConcurrentHashMap<>();
  private volatile boolean closed;

  private PodRunner(
      Cluster cluster, PodProcess.Context context, HostsFile hosts, Guardian guardian) {
    this.cluster = cluster;
    this.context = context;
    this.hosts = hosts;
    this.guardian = guardian;
  }

  /// A runner that keeps its files in `directory`. The caller closes it.
  ///
  /// @param hosts file for the names of the pods
  /// @param images the command that stands for an image, by its name with or without tag
  /// @throws IOException if there is no network for the pods, or files cannot be used
  public static PodRunner open(
      Cluster cluster, Path directory, Path hosts, Map<String, List<String>> images)
      throws IOException {
    ProcessFiles files = new ProcessFiles(directory.resolve("run"));
    files.endLeftovers();
    forgetAddresses(cluster);
    LogFiles logs =
        new LogFiles(
            directory.resolve("logs"),
            (namespace, pod) -> cluster.find(Cluster.PODS, namespace, pod) != null);
    PodProcess.Context context =
        new PodProcess.Context(
            cluster,
            new PodLaunch.Settings(directory, hosts, images),
            new Addresses(directory.resolve("addresses")),
            logs,
            files);
    return new PodRunner(
        cluster, context, new HostsFile(hosts, directory), Guardian.start(files.directory()));
  }

  /// What an earlier run has written about its pods is no longer true: their processes are gone,
  /// and their addresses may belong to pods of another control plane by now.
  private static void forgetAddresses(Cluster cluster) {
    for (ObjectNode pod : cluster.list(Cluster.PODS, "")) {
      if (Json.has(pod, "status", "podIP")) {
        cluster.modify(
            Cluster.PODS,
            Json.string(pod, "metadata", "namespace"),
            Json.string(pod, "metadata", "name"),
            "status",
            PodStatus::forget);
      }
    }
  }

  public PodLogs logs() {
    return context.logs();
  }

  @Override
  public Set<StoreKey> touched(StoreEvent event) {
    String resource = event.key().resource();
    return resource.equals(Cluster.PODS) || MOUNTED.contains(resource)
        ? Set.of(event.key())
        : Set.of();
  }

  @Override
  public synchronized Optional<Duration> reconcile(StoreKey key) {
    if (closed) {
      return Optional.empty();
    }
    if (MOUNTED.contains(key.resource())) {
      processes.forEach((pod, process) -> {
        if (pod.namespace().equals(key.namespace())) {
          process.refreshVolumes();
        }
      });
      return Optional.empty();
    }
    ObjectNode pod = cluster.find(Cluster.PODS, key.namespace(), key.name());
    PodProcess running = processes.get(key);
    hosts.write(cluster.list(Cluster.PODS, ""), context.addresses());
    if (running != null
        && (pod == null || !Json.string(pod, "metadata", "uid").equals(running.uid()))) {
      end(key, running, Duration.ZERO);
      return Optional.empty();
    }
    if (pod == null || !Json.has(pod, "spec", "nodeName")) {
      return Optional.empty();
    }
    if (Json.has(pod, "metadata", "deletionTimestamp")) {
      Duration grace =
          Duration.ofSeconds(Json.number(pod, 0, "metadata", "deletionGracePeriodSeconds"));
      end(key, running == null ? PodProcess.ended(context, pod) : running, grace);
    } else if (running == null
        && !List.of("Succeeded", "Failed").contains(Json.string(pod, "status", "phase"))) {
      processes.put(key, PodProcess.start(context, pod));
    }
    return Optional.empty();
  }

  private void end(StoreKey key, PodProcess process, Duration grace) {
    if (!process.stop(grace)) {
      return;
    }
    Thread.ofVirtual()
        .name("end-" + key.name())
        .start(() -> {
          try {
            process.await();
            processes.remove(key, process);
            process.forget();
            // A pod of the same name may have come while this one ended.
            reconcile(key);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  /// Ends all processes. The pods stay in the store.
  @Override
  public void close() {
    closed = true;
    processes.values().forEach(process -> process.stop(CLOSE_GRACE));
    try {
      for (PodProcess process : processes.values()) {
        process.await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    guardian.close();
    context.addresses().close();
  }
}
