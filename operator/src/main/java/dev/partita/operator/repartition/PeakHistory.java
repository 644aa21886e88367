package dev.partita.operator.repartition;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/// The most that was seen of one range over a long time, in slots of it. Begins anew with another
/// range, but not when its replicas move: what its clients ask does not change by that. Immutable.
///
/// @param id of the Partition, which has the same bounds as long as it has this id
/// @param since when it was seen first
/// @param seen when it was seen last
/// @param current the slot that is not complete yet
/// @param complete the slots before it, the newest last
public record PeakHistory(
    String id, Instant since, Instant seen, Slot current, List<Slot> complete) {

  /// The slots that a history remembers, beside the current one: few enough for thousands of
  /// ranges, enough that a peak is not remembered for much longer than it has to be.
  static final int SLOTS = 13;

  /// After this without a look, nobody knows what was in between. A clock that is set back by less
  /// changes nothing.
  private static final Duration GAP_MAX = Duration.ofMinutes(10);

  /// The most that was seen in some time.
  record Slot(Instant begun, long bytes, Load load) {

    private Slot with(long seenBytes, Load seen) {
      return new Slot(begun, Math.max(bytes, seenBytes), load.with(seen, Math::max));
    }
  }

  public PeakHistory {
    complete = List.copyOf(complete);
  }

  /// A range of which nothing was seen before.
  public static PeakHistory begin(String id, long bytes, Load load, Instant now) {
    return new PeakHistory(id, now, now, new Slot(now, bytes, load), List.of());
  }

  /// With one more look.
  ///
  /// @param slot how long a slot is
  public PeakHistory seen(String nowId, long bytes, Load load, Duration slot, Instant now) {
    boolean gap = Duration.between(seen, now).abs().compareTo(GAP_MAX) > 0;
    if (!nowId.equals(id) || gap) {
      return begin(nowId, bytes, load, now);
    }
    if (Duration.between(current.begun(), now).compareTo(slot) < 0) {
      return new PeakHistory(id, since, now, current.with(bytes, load), complete);
    }
    List<Slot> next = new ArrayList<>(complete);
    next.add(current);
    if (next.size() > SLOTS) {
      next.removeFirst();
    }
    return new PeakHistory(id, since, now, new Slot(now, bytes, load), next);
  }

  /// The largest size that is remembered.
  long bytes() {
    return complete.stream().mapToLong(Slot::bytes).reduce(current.bytes(), Math::max);
  }

  /// The highest load that is remembered, of each figure.
  Load load() {
    return complete.stream()
        .map(Slot::load)
        .reduce(current.load(), (one, other) -> one.with(other, Math::max));
  }
}
