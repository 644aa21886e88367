package dev.partita.launcher;

import java.time.Duration;

/// Runs something over and over on a thread of its own, whatever becomes of it.
final class Repeatedly implements AutoCloseable {
  private final Thread thread;
  private volatile boolean closed;

  /// What is run. Its failures are what the tests provoke.
  interface Action {
    void run() throws Exception;
  }

  Repeatedly(Duration pause, Action action) {
    thread =
        Thread.ofVirtual()
            .start(() -> {
              while (!closed) {
                try {
                  action.run();
                } catch (Exception _) {
                  // A node that is frozen does not answer.
                }
                try {
                  Thread.sleep(pause);
                } catch (InterruptedException e) {
                  return;
                }
              }
            });
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}
