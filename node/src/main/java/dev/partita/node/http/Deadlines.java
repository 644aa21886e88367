package dev.partita.node.http;

import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.SystemClock;
import jakarta.inject.Singleton;
import java.time.Duration;

/// How long requests may take before they are answered with a refusal.
@Singleton
final class Deadlines {
  /// Longer than any election; a client's own timeout is usually 30 seconds.
  private static final Duration DATA = Duration.ofSeconds(10);

  private static final Duration ADMINISTRATION = Duration.ofSeconds(5);

  /// Creating a partition takes the operator and an election, building an index takes reading every
  /// row.
  private static final Duration CREATION = Duration.ofMinutes(2);

  private final Clock clock = new SystemClock();

  Deadline data() {
    return Deadline.after(DATA, clock);
  }

  /// So much later than now.
  Deadline soon(Duration patience) {
    return Deadline.after(patience, clock);
  }

  boolean isOver(Deadline deadline) {
    return deadline.isExpired(clock);
  }

  Deadline administration() {
    return Deadline.after(ADMINISTRATION, clock);
  }

  Deadline creation() {
    return Deadline.after(CREATION, clock);
  }
}
