package dev.partita.launcher;

import java.io.IOException;

/// Sends signals to processes.
final class Signal {
  private Signal() {}

  /// @param name without `SIG`
  static void send(String name, long pid) {
    try {
      int exit = new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor();
      if (exit != 0 && ProcessHandle.of(pid).isPresent()) {
        throw new IllegalStateException("kill -" + name + " " + pid + " failed");
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
