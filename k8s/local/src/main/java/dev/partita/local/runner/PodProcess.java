package dev.partita.local.runner;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.object.Cluster;
import dev.partita.local.object.DeleteRequest;
import dev.partita.local.runner.PodLaunch.RefusedException;
import dev.partita.local.runner.PodStatus.Container;
import dev.partita.local.runner.PodStatus.State;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// Keeps the process of one pod running, and reports about it.
///
/// One virtual thread starts the process, waits for its end and starts it again after a growing
/// pause; another probes it. The rest of the control plane calls [#stop] and [#await] only.
final class PodProcess {
  private static final Duration BACKOFF_FIRST = Duration.ofMillis(500);
  private static final Duration BACKOFF_MAX = Duration.ofSeconds(30);

  /// A process that ran for so long is not in a crash loop.
  private static final Duration STEADY = Duration.ofMinutes(1);

  /// Ignores the interrupt that a terminal sends to the whole group: the control plane stops pods
  /// itself.
  private static final List<String> SHIELD =
      List.of("/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh");

  /// What all processes share.
  record Context(
      Cluster cluster,
      PodLaunch.Settings settings,
      Addresses addresses,
      LogFiles logs,
      ProcessFiles files) {}

  private final Context context;
  private final ObjectNode pod;
  private final String namespace;
  private final String name;
  private final String uid;
  private final String address;
  private final CountDownLatch stopping = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicBoolean ready = new AtomicBoolean();
  private volatile @Nullable Process process;
  private volatile Duration grace = Duration.ofSeconds(30);
  private int restarts;
  private ObjectNode lastState = Json.object();

  private PodProcess(Context context, ObjectNode pod) {
    this.context = context;
    this.pod = pod;
    this.namespace = Json.string(pod, "metadata", "namespace");
    this.name = Json.string(pod, "metadata", "name");
    this.uid = Json.string(pod, "metadata", "uid");
    this.address = context.addresses().of(namespace, name);
  }

  static PodProcess start(Context context, ObjectNode pod) {
    PodProcess process = new PodProcess(context, pod);
    Thread.ofVirtual().name("pod-" + process.name).start(process::run);
    return process;
  }

  /// The process of a pod that was never started here, or is gone already.
  static PodProcess ended(Context context, ObjectNode pod) {
    PodProcess process = new PodProcess(context, pod);
    process.ended.countDown();
    return process;
  }

  String uid() {
    return uid;
  }

  /// Asks the process to end; it is killed when the grace period is over. Returns at once.
  ///
  /// @return false if it has been asked before; then it is only killed if there is no grace any
  ///   more
  synchronized boolean stop(Duration gracePeriod) {
    Process running = process;
    if (isStopping()) {
      if (gracePeriod.isZero() && running != null) {
        running.destroyForcibly();
      }
      return false;
    }
    grace = gracePeriod;
    stopping.countDown();
    if (running != null) {
      Thread.ofVirtual().name("stop-" + name).start(() -> terminate(running));
    }
    return true;
  }

  /// Waits until the process has ended after [#stop].
  void await() throws InterruptedException {
    ended.await();
  }

  /// Shows the process the present content of its ConfigMaps and Secrets. What is gone or wrong
  /// meanwhile leaves the files as they are.
  void refreshVolumes() {
    try {
      new Volumes(context.cluster(), context.settings().directory(), pod).refresh();
    } catch (IOException | RefusedException e) {
      context.cluster().event(pod, "Warning", "FailedMount", String.valueOf(e.getMessage()));
    }
  }

  private boolean isStopping() {
    return stopping.getCount() == 0;
  }

  private void run() {
    try {
      Duration backoff = BACKOFF_FIRST;
      boolean again = true;
      while (again && !isStopping()) {
        Instant started = Instant.now();
        again = runOnce(started);
        boolean steady = Duration.between(started, Instant.now()).compareTo(STEADY) > 0;
        backoff = steady ? BACKOFF_FIRST : backoff;
        if (again && !isStopping()) {
          stopping.await(backoff.toMillis(), TimeUnit.MILLISECONDS);
          backoff =
              backoff.multipliedBy(2).compareTo(BACKOFF_MAX) > 0
                  ? BACKOFF_MAX
                  : backoff.multipliedBy(2);
        }
      }
      stopping.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      ended.countDown();
    }
  }

  /// Runs the process once.
  ///
  /// @return whether it is to be started again
  private boolean runOnce(Instant started) throws InterruptedException {
    JsonNode container = pod.path("spec").path("containers").path(0);
    Process running;
    try {
      PodLaunch launch = PodLaunch.of(context.cluster(), context.settings(), pod, address);
      running = launch(launch);
    } catch (RefusedException e) {
      waiting(e.reason(), String.valueOf(e.getMessage()));
      return true;
    } catch (IOException e) {
      waiting("RunContainerError", String.valueOf(e.getMessage()));
      return true;
    }
    context.files().write(namespace, name, running);
    process = running;
    if (isStopping()) {
      terminate(running);
    }
    context
        .cluster()
        .event(pod, "Normal", "Started", "Started container " + Json.string(container, "name"));
    ready.set(!Probe.declared(container.path("readinessProbe")));
    report("Running", new State.Running(started, running.pid()));
    ProbeLoop probes =
        ProbeLoop.start(container, address, running, this::readiness, this::unhealthy);
    int exitCode = running.waitFor();
    probes.close();
    context.files().remove(namespace, name);
    process = null;
    ready.set(false);
    return afterEnd(exitCode, started);
  }

  private Process launch(PodLaunch launch) throws IOException {
    List<String> command = new ArrayList<>(SHIELD);
    command.addAll(launch.command());
    Path log = context.logs().begin(namespace, name);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().clear();
    builder.environment().putAll(launch.environment());
    builder.directory(workingDirectory(launch));
    return builder.start();
  }

  private File workingDirectory(PodLaunch launch) throws IOException {
    String wanted = Json.string(pod.path("spec").path("containers").path(0), "workingDir");
    Path directory =
        wanted.isEmpty()
            ? context.settings().directory().resolve("pods").resolve(namespace).resolve(name)
            : Path.of(Expansion.mounts(wanted, launch.mounts()));
    return Files.createDirectories(directory).toFile();
  }

  private boolean afterEnd(int exitCode, Instant started) {
    State.Terminated terminated = new State.Terminated(exitCode, started, Instant.now());
    String policy = Json.at(pod, "spec", "restartPolicy").asText("Always");
    boolean again =
        !isStopping() && (policy.equals("Always") || (policy.equals("OnFailure") && exitCode != 0));
    lastState = again ? PodStatus.json(terminated) : lastState;
    if (again) {
      restarts++;
      context.cluster().event(pod, "Warning", "BackOff", "Back-off restarting failed container");
      report(
          "Running",
          new State.Waiting("CrashLoopBackOff", "the process ended with exit code " + exitCode));
    } else {
      String phase = isStopping() ? "Running" : exitCode == 0 ? "Succeeded" : "Failed";
      report(phase, terminated);
    }
    return again;
  }

  private void waiting(String reason, String message) {
    context.cluster().event(pod, "Warning", "Failed", message);
    report("Pending", new State.Waiting(reason, message));
  }

  private void readiness(boolean isReady) {
    Process running = process;
    if (ready.getAndSet(isReady) != isReady && running != null) {
      Instant since = running.info().startInstant().orElseGet(Instant::now);
      report("Running", new State.Running(since, running.pid()));
      if (!isReady) {
        context.cluster().event(pod, "Warning", "Unhealthy", "Readiness probe failed");
      }
    }
  }

  private void unhealthy() {
    context
        .cluster()
        .event(
            pod, "Warning", "Unhealthy", "Liveness probe failed, the container will be restarted");
    Process running = process;
    if (running != null) {
      terminate(running);
    }
  }

  private void report(String phase, State state) {
    Container container = new Container(state, ready.get(), restarts, lastState.deepCopy());
    context
        .cluster()
        .modify(
            Cluster.PODS,
            namespace,
            name,
            "status",
            object -> {
              if (Json.string(object, "metadata", "uid").equals(uid)) {
                PodStatus.write(object, phase, address, container);
              }
              return object;
            });
  }

  private void terminate(Process running) {
    running.destroy();
    try {
      if (!running.waitFor(grace.toMillis(), TimeUnit.MILLISECONDS)) {
        running.destroyForcibly();
      }
    } catch (InterruptedException e) {
      running.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /// Removes the pod object, after the process has ended.
  void forget() {
    context.cluster().delete(Cluster.PODS, namespace, name, DeleteRequest.now(uid));
  }
}
