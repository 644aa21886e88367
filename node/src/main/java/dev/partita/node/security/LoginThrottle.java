package dev.partita.node.security;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/// Slows down who guesses passwords: after some failures in a row of one user from one address,
/// further attempts are refused unseen for a time that doubles with each further failure. By the
/// pair, so that nobody can lock another out from elsewhere.
///
/// Thread-safe. Remembers a bounded number of pairs; those that failed longest ago are forgotten
/// first.
public final class LoginThrottle {
  /// A person mistypes a few times.
  private static final int FREE_FAILURES = 5;

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration PAUSE_MAX = Duration.ofMinutes(5);

  /// About 2 MiB.
  private static final int PAIRS_MAX = 10_000;

  private final Map<Pair, Failures> byPair =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Pair, Failures> eldest) {
          return size() > PAIRS_MAX;
        }
      };

  private record Pair(String user, String address) {}

  private record Failures(int count, long pausedUntilNanos) {}

  /// How long this pair has to wait; zero if it may try.
  ///
  /// @param nowNanos of a monotonic clock
  public synchronized Duration pause(String user, String address, long nowNanos) {
    Failures failures = byPair.get(new Pair(user, address));
    if (failures == null || failures.count() < FREE_FAILURES) {
      return Duration.ZERO;
    }
    long left = failures.pausedUntilNanos() - nowNanos;
    return left > 0 ? Duration.ofNanos(left) : Duration.ZERO;
  }

  /// Counts a failure.
  public synchronized void failed(String user, String address, long nowNanos) {
    Pair pair = new Pair(user, address);
    Failures before = byPair.remove(pair);
    int count = before == null ? 1 : before.count() + 1;
    int doublings = Math.clamp(count - FREE_FAILURES, 0, 30);
    Duration pause = FIRST_PAUSE.multipliedBy(1L << doublings);
    long nanos = (pause.compareTo(PAUSE_MAX) > 0 ? PAUSE_MAX : pause).toNanos();
    byPair.put(pair, new Failures(count, nowNanos + nanos));
  }

  /// Forgets the failures of a pair that has succeeded.
  public synchronized void succeeded(String user, String address) {
    byPair.remove(new Pair(user, address));
  }

  /// How many pairs are remembered.
  synchronized int size() {
    return byPair.size();
  }
}
