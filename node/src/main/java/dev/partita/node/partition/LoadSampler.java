package dev.partita.node.partition;

import dev.partita.node.key.PrimaryKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Watches where in a Partition its requests go, in windows of [#WINDOW_NANOS], from a sample of
/// them. At the end of each window it has a [LoadProfile].
///
/// The point to split at is looked for among a weighted reservoir of keys (Chao, "A general purpose
/// unequal probability sampling plan", Biometrika 1982); each key in it counts what comes before,
/// behind and across it from the moment it was drawn. Popular keys are found by the space-saving
/// counters of Metwally, Agrawal and El Abbadi (ICDT 2005): a key that takes more than a
/// [#COUNTERS]th of the load is among them, and its count is at most that share too high, which is
/// known and subtracted.
///
/// For any thread. Recording a row takes the lock only once in [#STRIDE] times.
final class LoadSampler {
  /// Long enough to see a pattern, short enough to act on it.
  static final long WINDOW_NANOS = 10_000_000_000L;

  /// Of so many requests of a single row about one is looked at.
  static final int STRIDE = 8;

  /// Keys that compete for being the point to split at.
  private static final int RESERVOIR = 32;

  /// Keys that compete for being popular.
  static final int COUNTERS = 16;

  /// A window or a key of the reservoir that has seen less says nothing.
  static final int SAMPLES_MIN = 100;

  /// Writes that go to the end, of 1: more of them are a sequence.
  private static final double SEQUENCE_SHARE = 0.8;

  /// Load of one key, of 1: more of it cannot be divided in a useful way.
  static final double HOT_SHARE = 0.25;

  /// A key that was hot in the window before stays so down to this, so that it does not come and
  /// go.
  static final double STILL_HOT_SHARE = 0.15;

  /// How unequal the halves may be: their difference, of their sum.
  private static final double IMBALANCE_MAX = 0.25;

  /// Load that would go to both halves, of 1.
  private static final double ACROSS_MAX = 0.5;

  /// A key of the reservoir, and what has come since it was drawn.
  private static final class Candidate {
    private final PrimaryKey key;
    private double before;
    private double behind;
    private double across;
    private int samples;

    Candidate(PrimaryKey key) {
      this.key = key;
    }

    void count(@Nullable PrimaryKey first, @Nullable PrimaryKey end, double weight) {
      samples++;
      if (end != null && end.compareTo(key) <= 0) {
        before += weight;
      } else if (first != null && first.compareTo(key) >= 0) {
        behind += weight;
      } else {
        across += weight;
      }
    }

    void count(PrimaryKey point, double weight) {
      samples++;
      if (point.compareTo(key) < 0) {
        before += weight;
      } else {
        behind += weight;
      }
    }

    double imbalance() {
      return Math.abs(before - behind) / (before + behind);
    }

    double acrossShare() {
      return across / (before + behind + across);
    }

    boolean divides() {
      return samples >= SAMPLES_MIN
          && before > 0
          && behind > 0
          && imbalance() < IMBALANCE_MAX
          && acrossShare() < ACROSS_MAX;
    }
  }

  /// A key with a count, of which `excess` may be of keys that had the counter before.
  private record Popular(double count, double excess) {}

  private final RandomGenerator random;
  private final int stride;

  private final List<Candidate> reservoir = new ArrayList<>(RESERVOIR);
  private final Map<PrimaryKey, Popular> popular = new HashMap<>();
  private double total;
  private double written;
  private double ascending;
  private double descending;
  private int samples;

  /// The ends of what was written in this window and the one before.
  private @Nullable PrimaryKey lowest;

  private @Nullable PrimaryKey highest;
  private long windowEndNanos;
  private volatile LoadProfile profile = LoadProfile.NONE;

  LoadSampler(long nowNanos) {
    this(nowNanos, RandomGenerator.getDefault(), STRIDE);
  }

  LoadSampler(long nowNanos, RandomGenerator random, int stride) {
    this.random = random;
    this.stride = stride;
    this.windowEndNanos = nowNanos + WINDOW_NANOS;
  }

  /// A row was read.
  void read(PrimaryKey key) {
    if (isSampled()) {
      synchronized (this) {
        point(key, 1);
      }
    }
  }

  /// A row was written.
  void write(PrimaryKey key) {
    if (isSampled()) {
      synchronized (this) {
        point(key, 1);
        direction(key);
      }
    }
  }

  /// Rows between two keys were looked through.
  ///
  /// @param first the first of them, null for the first there is
  /// @param end the first that is not among them, null if it goes on to the end
  /// @param weight what it has cost, in requests of one row
  void scan(@Nullable PrimaryKey first, @Nullable PrimaryKey end, double weight) {
    // All of them: a few may be all that there is to do. Each row that is looked at stands for
    // others.
    double share = weight / stride;
    synchronized (this) {
      begin(share);
      reservoir.forEach(candidate -> candidate.count(first, end, share));
      if (first != null) {
        draw(first, share);
      }
    }
  }

  private boolean isSampled() {
    // The generator of the sampler is seeded in tests and shared, so it is used under the lock
    // only.
    return stride == 1 || ThreadLocalRandom.current().nextInt(stride) == 0;
  }

  private void point(PrimaryKey key, double weight) {
    begin(weight);
    reservoir.forEach(candidate -> candidate.count(key, weight));
    draw(key, weight);
    count(key, weight);
  }

  private void begin(double weight) {
    total += weight;
    samples++;
  }

  private void draw(PrimaryKey key, double weight) {
    if (reservoir.size() < RESERVOIR) {
      reservoir.add(new Candidate(key));
    } else if (random.nextDouble() * total < RESERVOIR * weight) {
      reservoir.set(random.nextInt(RESERVOIR), new Candidate(key));
    }
  }

  private void count(PrimaryKey key, double weight) {
    Popular known = popular.get(key);
    if (known != null) {
      popular.put(key, new Popular(known.count() + weight, known.excess()));
    } else if (popular.size() < COUNTERS) {
      popular.put(key, new Popular(weight, 0));
    } else {
      Map.Entry<PrimaryKey, Popular> least = least();
      double inherited = least.getValue().count();
      popular.remove(least.getKey());
      popular.put(key, new Popular(inherited + weight, inherited));
    }
  }

  private Map.Entry<PrimaryKey, Popular> least() {
    Iterator<Map.Entry<PrimaryKey, Popular>> all = popular.entrySet().iterator();
    Map.Entry<PrimaryKey, Popular> least = all.next();
    while (all.hasNext()) {
      Map.Entry<PrimaryKey, Popular> next = all.next();
      if (next.getValue().count() < least.getValue().count()) {
        least = next;
      }
    }
    return least;
  }

  private void direction(PrimaryKey key) {
    written++;
    if (highest == null || key.compareTo(highest) > 0) {
      ascending += highest == null ? 0 : 1;
      highest = key;
    }
    if (lowest == null || key.compareTo(lowest) < 0) {
      descending += lowest == null ? 0 : 1;
      lowest = key;
    }
  }

  /// What the last full window has shown. To be called often enough to end windows in time.
  LoadProfile profile(long nowNanos) {
    if (nowNanos - windowEndNanos >= 0) {
      synchronized (this) {
        if (nowNanos - windowEndNanos >= 0) {
          profile = judge();
          reset();
          windowEndNanos = nowNanos + WINDOW_NANOS;
        }
      }
    }
    return profile;
  }

  private LoadProfile judge() {
    if (samples < SAMPLES_MIN) {
      return LoadProfile.NONE;
    }
    LoadProfile.HotKey hot = hot();
    if (hot != null) {
      return new LoadProfile(hot, LoadProfile.Direction.NONE, null, null);
    }
    if (written >= SAMPLES_MIN && written >= total / 2) {
      if (ascending >= SEQUENCE_SHARE * written) {
        return new LoadProfile(null, LoadProfile.Direction.ASCENDING, null, highest);
      }
      if (descending >= SEQUENCE_SHARE * written) {
        return new LoadProfile(null, LoadProfile.Direction.DESCENDING, null, lowest);
      }
    }
    return new LoadProfile(null, LoadProfile.Direction.NONE, middle(), null);
  }

  private LoadProfile.@Nullable HotKey hot() {
    LoadProfile.HotKey hottest = null;
    for (Map.Entry<PrimaryKey, Popular> entry : popular.entrySet()) {
      double share = (entry.getValue().count() - entry.getValue().excess()) / total;
      LoadProfile.HotKey before = profile.hotKey();
      boolean wasHot = before != null && before.key().equals(entry.getKey());
      if (share >= (wasHot ? STILL_HOT_SHARE : HOT_SHARE)
          && (hottest == null || share > hottest.share())) {
        hottest = new LoadProfile.HotKey(entry.getKey(), share);
      }
    }
    return hottest;
  }

  private @Nullable PrimaryKey middle() {
    Candidate best = null;
    for (Candidate candidate : reservoir) {
      if (candidate.divides() && (best == null || score(candidate) < score(best))) {
        best = candidate;
      }
    }
    return best == null ? null : best.key;
  }

  private static double score(Candidate candidate) {
    return candidate.imbalance() + candidate.acrossShare();
  }

  /// The ends of what was written stay: a sequence goes on where the last window has ended. They
  /// are forgotten in a window without writes.
  private void reset() {
    if (written == 0) {
      lowest = null;
      highest = null;
    }
    reservoir.clear();
    popular.clear();
    total = 0;
    written = 0;
    ascending = 0;
    descending = 0;
    samples = 0;
  }
}
