package dev.partita.launcher;

import dev.partita.launcher.Obstacles.Obstacle;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Tells an obstacle that stays from one that goes away by itself, while somebody waits.
///
/// The thread that waits owns it.
final class Blockage implements Supplier<Optional<String>> {
  /// A registry that was busy for a moment is no reason to give up.
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  /// Asking costs several lists.
  private static final Duration INTERVAL = Duration.ofSeconds(2);

  private final Progress progress;
  private final Supplier<Optional<Obstacle>> obstacle;
  private long nextLookNanos = System.nanoTime();
  private @Nullable Long blockedSinceNanos;
  private String shown = "";

  Blockage(Progress progress, Supplier<Optional<Obstacle>> obstacle) {
    this.progress = progress;
    this.obstacle = obstacle;
  }

  /// The obstacle, once it has stayed for long enough to be sure that waiting does not help.
  @Override
  public Optional<String> get() {
    long now = System.nanoTime();
    if (now < nextLookNanos) {
      return Optional.empty();
    }
    nextLookNanos = now + INTERVAL.toNanos();
    Optional<Obstacle> found = obstacle.get();
    found.map(Obstacle::message).filter(each -> !each.equals(shown)).ifPresent(this::show);
    if (found.isEmpty() || found.get().kind() != Obstacles.Kind.BLOCKING) {
      blockedSinceNanos = null;
      return Optional.empty();
    }
    if (blockedSinceNanos == null) {
      blockedSinceNanos = now;
    }
    return now - blockedSinceNanos > PATIENCE.toNanos()
        ? found.map(Obstacle::message)
        : Optional.empty();
  }

  /// The last obstacle that was seen, for the message of somebody who stops waiting.
  String pending() {
    return shown.isEmpty() ? "" : "; last seen: " + shown;
  }

  private void show(String message) {
    shown = message;
    progress.detail(message);
  }
}
