package dev.partita.local.controller;

import dev.partita.local.store.Store;
import dev.partita.local.store.StoreEvent;
import dev.partita.local.store.Watch;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A thread that reconciles whatever is touched by a write, and nothing otherwise.
///
/// @param <K> names what is reconciled
public final class ControlLoop<K> implements AutoCloseable {
  private static final Logger LOG = System.getLogger(ControlLoop.class.getName());
  private static final Duration IDLE = Duration.ofHours(1);
  private static final Duration RETRY = Duration.ofSeconds(1);

  /// What a loop does.
  public interface Reconciler<K> {
    /// What a write touches.
    Set<K> touched(StoreEvent event);

    /// Brings what `key` names to what it should be.
    ///
    /// @return when to look again though nothing is written, empty for never
    Optional<Duration> reconcile(K key);
  }

  private final Store store;
  private final Reconciler<K> reconciler;
  private final Map<K, Instant> due = new HashMap<>();
  private final Thread thread;

  private ControlLoop(String name, Store store, Reconciler<K> reconciler) {
    this.store = store;
    this.reconciler = reconciler;
    this.thread = Thread.ofVirtual().name(name).unstarted(this::run);
  }

  public static <K> ControlLoop<K> start(String name, Store store, Reconciler<K> reconciler) {
    ControlLoop<K> loop = new ControlLoop<>(name, store, reconciler);
    loop.thread.start();
    return loop;
  }

  private void run() {
    try {
      while (true) {
        try (Watch watch = store.watchFromStart(key -> true)) {
          while (!watch.broken()) {
            step(watch);
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Store.ClosedException e) {
      LOG.log(Level.DEBUG, "{0} was still at work when the store was closed", thread.getName());
    }
  }

  private void step(Watch watch) throws InterruptedException {
    Set<K> work = new HashSet<>();
    @Nullable StoreEvent event = watch.poll(untilDue());
    while (event != null) {
      work.addAll(reconciler.touched(event));
      event = watch.poll(Duration.ZERO);
    }
    Instant now = Instant.now();
    due.entrySet().stream()
        .filter(e -> !e.getValue().isAfter(now))
        .map(Map.Entry::getKey)
        .forEach(work::add);
    for (K key : work) {
      due.remove(key);
      reconcile(key);
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
  }

  private Duration untilDue() {
    Instant now = Instant.now();
    Duration wait =
        due.values().stream()
            .min(Instant::compareTo)
            .map(next -> Duration.between(now, next))
            .orElse(IDLE);
    return wait.isNegative() ? Duration.ZERO : wait.plusMillis(1);
  }

  private void reconcile(K key) {
    try {
      reconciler.reconcile(key).ifPresent(delay -> due.put(key, Instant.now().plus(delay)));
    } catch (Store.ClosedException e) {
      throw e;
    } catch (RuntimeException e) {
      LOG.log(
          Level.WARNING, thread.getName() + ": " + key + " is tried again: " + e.getMessage(), e);
      due.put(key, Instant.now().plus(RETRY));
    }
  }

  /// Ends the loop after the step that it is in.
  @Override
  public void close() {
    thread.interrupt();
    try {
      thread.join(Duration.ofSeconds(5));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
