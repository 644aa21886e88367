package dev.partita.local.runner;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Probes a process until it ends: startup first, then readiness and liveness side by side, each on
/// a thread of its own.
final class ProbeLoop implements AutoCloseable {
  /// While a process starts, it is looked at more often than its probe asks, so that it is in use
  /// as soon as it can be.
  private static final Duration STARTING_PERIOD = Duration.ofMillis(250);

  private final Process process;
  private final List<Thread> threads = new ArrayList<>();

  private ProbeLoop(Process process) {
    this.process = process;
  }

  /// Starts to probe.
  ///
  /// @param readiness told about every change between ready and not ready
  /// @param unhealthy called when the startup or liveness probe has failed for good
  static ProbeLoop start(
      JsonNode container,
      String address,
      Process process,
      Consumer<Boolean> readiness,
      Runnable unhealthy) {
    ProbeLoop loop = new ProbeLoop(process);
    loop.threads.add(
        Thread.ofVirtual()
            .name("probe-" + address)
            .start(() -> loop.run(container, address, readiness, unhealthy)));
    return loop;
  }

  private void run(
      JsonNode container, String address, Consumer<Boolean> readiness, Runnable unhealthy) {
    try {
      JsonNode startup = container.path("startupProbe");
      if (Probe.declared(startup) && !started(Probe.of(container, startup, address))) {
        unhealthy.run();
        return;
      }
      JsonNode liveness = container.path("livenessProbe");
      if (Probe.declared(liveness)) {
        Probe probe = Probe.of(container, liveness, address);
        Thread thread =
            Thread.ofVirtual()
                .name("liveness-" + address)
                .start(() -> watchLiveness(probe, unhealthy));
        synchronized (threads) {
          threads.add(thread);
        }
      }
      JsonNode ready = container.path("readinessProbe");
      if (Probe.declared(ready)) {
        watchReadiness(Probe.of(container, ready, address), readiness);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean started(Probe probe) throws InterruptedException {
    Thread.sleep(probe.initialDelay());
    for (int failures = 0; process.isAlive() && failures < probe.failureThreshold(); failures++) {
      if (probe.succeeds()) {
        return true;
      }
      Thread.sleep(probe.period());
    }
    return !process.isAlive();
  }

  private void watchReadiness(Probe probe, Consumer<Boolean> readiness)
      throws InterruptedException {
    Thread.sleep(probe.initialDelay());
    int run = 0;
    boolean ready = false;
    boolean starting = true;
    while (process.isAlive()) {
      boolean success = probe.succeeds();
      run = success == ready ? 0 : run + 1;
      if (run >= (success ? probe.successThreshold() : probe.failureThreshold())) {
        ready = success;
        starting = false;
        run = 0;
        readiness.accept(ready);
      }
      boolean often = starting && STARTING_PERIOD.compareTo(probe.period()) < 0;
      Thread.sleep(often ? STARTING_PERIOD : probe.period());
    }
  }

  private void watchLiveness(Probe probe, Runnable unhealthy) {
    try {
      Thread.sleep(probe.initialDelay());
      int failures = 0;
      while (process.isAlive()) {
        failures = probe.succeeds() ? 0 : failures + 1;
        if (failures >= probe.failureThreshold()) {
          unhealthy.run();
          return;
        }
        Thread.sleep(probe.period());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    synchronized (threads) {
      threads.forEach(Thread::interrupt);
    }
  }
}
