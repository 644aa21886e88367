package dev.partita.operator.resource;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Keeps what has failed from being tried again at once. In memory only: after a restart it may be
/// tried once more.
public final class Backoff {

  /// How long a failure is left standing, for people to see and for the world to change.
  public static final Duration PAUSE = Duration.ofSeconds(10);

  /// Far more failures than there can be operations; beyond, the oldest entries do not matter.
  private static final int ENTRIES_MAX = 10_000;

  /// Far beyond any maximal pause, and far from an overflow.
  private static final int DOUBLINGS_MAX = 20;

  private final InstantSource clock;
  private final Map<String, Instant> seenFirst = new ConcurrentHashMap<>();
  private final Map<String, Integer> failures = new ConcurrentHashMap<>();
  private final Map<String, Refusal> refusals = new ConcurrentHashMap<>();

  private record Refusal(Instant until, String why) {}

  public Backoff(InstantSource clock) {
    this.clock = clock;
  }

  /// Whether the failure with that id has been standing long enough; then it is forgotten here.
  public boolean isOver(String id) {
    return isOver(id, PAUSE);
  }

  /// The same for what is costly to try: it is left standing twice as long each time that it fails.
  public boolean isOver(String id, Duration first, Duration max) {
    boolean over = isOver(id, pause(id, first, max));
    if (over) {
      failures.merge(id, 1, Integer::sum);
    }
    return over;
  }

  /// Notes that what is asked for by that id was refused: it is to be asked for again later, and
  /// each time twice as long after.
  public void refused(String id, String why, Duration first, Duration max) {
    if (refusals.size() > ENTRIES_MAX) {
      refusals.clear();
    }
    refusals.put(id, new Refusal(clock.instant().plus(pause(id, first, max)), why));
    failures.merge(id, 1, Integer::sum);
  }

  /// Why what is asked for by that id was refused, as long as it is not to be asked for again.
  public Optional<String> refusal(String id) {
    return Optional.ofNullable(refusals.get(id))
        .filter(each -> clock.instant().isBefore(each.until()))
        .map(Refusal::why);
  }

  private Duration pause(String id, Duration first, Duration max) {
    if (failures.size() > ENTRIES_MAX) {
      failures.clear();
    }
    int before = failures.getOrDefault(id, 0);
    Duration pause = first.multipliedBy(1L << Math.min(before, DOUBLINGS_MAX));
    return pause.compareTo(max) < 0 ? pause : max;
  }

  private boolean isOver(String id, Duration pause) {
    if (seenFirst.size() > ENTRIES_MAX) {
      seenFirst.clear();
    }
    Instant now = clock.instant();
    Instant first = seenFirst.computeIfAbsent(id, _ -> now);
    boolean over = !now.isBefore(first.plus(pause));
    if (over) {
      seenFirst.remove(id);
    }
    return over;
  }
}
