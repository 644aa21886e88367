package dev.partita.launcher;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Stops the processes of node pods without ending them (SIGSTOP), as a cut line or a hanging
/// machine would look, and lets them go on. A pod that its liveness probe has replaced meanwhile is
/// stopped again.
final class FrozenPods implements AutoCloseable {
  private static final long LOOK_MILLIS = 200;

  private final Path nodeJar;
  private final Set<String> frozen = ConcurrentHashMap.newKeySet();
  private final Set<Long> stopped = ConcurrentHashMap.newKeySet();
  private final Thread watcher;
  private volatile boolean closed;

  FrozenPods(Path nodeJar) {
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
    return ProcessHandle.allProcesses()
        .filter(process -> process.info().commandLine().orElse("").contains(nodeJar.toString()))
        .map(ProcessHandle::pid)
        .filter(pid -> environment(pid).contains("\0PARTITA_NAME=" + pod + "\0"))
        .toList();
  }

  private static String environment(long pid) {
    try {
      return "\0"
          + Files.readString(Path.of("/proc/" + pid + "/environ"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return ""; // it has ended
    }
  }

  @Override
  public void close() {
    closed = true;
    watcher.interrupt();
    thaw();
  }
}
