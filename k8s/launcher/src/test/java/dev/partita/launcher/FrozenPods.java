package dev.partita.launcher;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Stops the processes of node pods without ending them (SIGSTOP), as a cut line or a hanging
/// machine would look, and lets them go on. A pod that its liveness probe has replaced meanwhile is
/// stopped again.
final class FrozenPods implements AutoCloseable {
  private static final long LOOK_MILLIS = 200;

  private final Path home;
  private final Path nodeJar;
  private final Set<String> frozen = ConcurrentHashMap.newKeySet();
  private final Set<Long> stopped = ConcurrentHashMap.newKeySet();
  private final Thread watcher;
  private volatile boolean closed;

  /// @param home of the suite whose pods they are
  FrozenPods(Path home, Path nodeJar) {
    this.home = home;
    this.nodeJar = nodeJar;
    this.watcher = Thread.ofVirtual().name("frozen-pods").start(this::watch);
  }

  void freeze(String pod) {
    frozen.add(pod);
  }

  void thaw() {
    frozen.clear();
    stopped.forEach(pid -> Signal.send("CONT", pid));
    stopped.clear();
  }

  private void watch() {
    try {
      while (!closed) {
        for (String pod : frozen) {
          pids(pod).stream()
              .filter(pid -> !stopped.contains(pid))
              .forEach(pid -> {
                Signal.send("STOP", pid);
                stopped.add(pid);
              });
        }
        Thread.sleep(LOOK_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// The processes of a pod, told by the name in their environment.
  private List<Long> pids(String pod) {
    return OwnProcesses.of(home, nodeJar).stream()
        .map(ProcessHandle::pid)
        .filter(pid -> OwnProcesses.environment(pid).contains("\0PARTITA_NAME=" + pod + "\0"))
        .toList();
  }

  @Override
  public void close() {
    closed = true;
    watcher.interrupt();
    thaw();
  }
}
