package dev.partita.operator.resource;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/// The looks of reconcilers at resources: one at a time at what has one name, and when the last one
/// was. For any thread.
///
/// The SDK has a resource looked at by one thread at a time, but by books that it keeps by name:
/// where one resource is gone and another is made under its name while a look at the first has not
/// ended, looks at the second overlap. Then what is known last need not be what is told last.
public final class Looks {

  /// Longer than every pause between two looks that is meant: 90 seconds where nothing happens, and
  /// 30 between failures. What had to wait for so long has been forgotten by somebody.
  public static final Duration PATIENCE = Duration.ofMinutes(5);

  private record Key(Class<?> kind, ResourceID id) {}

  /// Of those who look at what has a name, or wait to.
  private static final class Turn {
    private final ReentrantLock lock = new ReentrantLock(true);
    private int count;
  }

  private final InstantSource clock;
  private final Duration patience;
  private final Map<Key, Turn> turns = new ConcurrentHashMap<>();
  private final Map<Key, Instant> looks = new ConcurrentHashMap<>();
  private volatile boolean begun;

  /// @param patience how long a resource may go without a look
  public Looks(InstantSource clock, Duration patience) {
    this.clock = clock;
    this.patience = patience;
  }

  /// How long a resource may go without a look.
  Duration patience() {
    return patience;
  }

  /// Has a reconciler look at a resource, when nobody else looks at what has its name; or when the
  /// time is up for which a resource may go without a look.
  ///
  /// @return what the look has come to
  public <T> T at(HasMetadata resource, Supplier<T> look) {
    Key key = key(resource.getClass(), resource);
    Turn turn =
        turns.compute(
            key,
            (_, known) -> {
              Turn own = known == null ? new Turn() : known;
              own.count++;
              return own;
            });
    boolean alone = awaitTurn(turn);
    try {
      begun = true;
      looks.put(key, clock.instant());
      return look.get();
    } finally {
      if (alone) {
        turn.lock.unlock();
      }
      turns.computeIfPresent(key, (_, known) -> --known.count == 0 ? null : known);
    }
  }

  /// @return whether it is this one's turn; if not, the look before takes longer than any that ends
  private boolean awaitTurn(Turn turn) {
    try {
      return turn.lock.tryLock(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /// Those of the resources that nobody has looked at for too long, each of them once in that time.
  /// There are none before the first look at anything: an operator that does not lead looks at
  /// nothing.
  ///
  /// @param present all resources of the kind; others of it are forgotten
  <P extends HasMetadata> List<P> overlooked(Class<P> kind, List<P> present) {
    if (!begun) {
      return List.of();
    }
    Set<Key> keys = present.stream().map(each -> key(kind, each)).collect(Collectors.toSet());
    looks.keySet().removeIf(key -> key.kind().equals(kind) && !keys.contains(key));
    Instant now = clock.instant();
    return present.stream().filter(each -> isDue(key(kind, each), now)).toList();
  }

  private boolean isDue(Key key, Instant now) {
    Instant last = looks.putIfAbsent(key, now);
    return last != null && !now.isBefore(last.plus(patience)) && looks.replace(key, last, now);
  }

  private static Key key(Class<?> kind, HasMetadata resource) {
    return new Key(kind, ResourceID.fromResource(resource));
  }
}
