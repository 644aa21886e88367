package dev.partita.bench;

import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The processes that a benchmark starts for others to work with. They end with it, also when it is
/// interrupted or told to stop; only `kill -9` leaves them running. For any thread.
final class Children {
  private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();
  private static volatile boolean ending;

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(Children::end, "children"));
  }

  private Children() {}

  static Process start(ProcessBuilder builder) throws IOException {
    Process process = builder.start();
    RUNNING.add(process);
    var _ = process.onExit().thenRun(() -> RUNNING.remove(process));
    if (ending) {
      process.destroyForcibly();
    }
    return process;
  }

  private static void end() {
    ending = true;
    RUNNING.forEach(Process::destroyForcibly);
  }
}
