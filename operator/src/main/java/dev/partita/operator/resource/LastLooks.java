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
import java.util.stream.Collectors;

/// When reconcilers last looked at each resource. For any thread.
public final class LastLooks {

  /// Longer than every pause between two looks that is meant: 90 seconds where nothing happens, and
  /// 30 between failures. What had to wait for so long has been forgotten by somebody.
  public static final Duration PATIENCE = Duration.ofMinutes(5);

  private record Key(Class<?> kind, ResourceID id) {}

  private final InstantSource clock;
  private final Duration patience;
  private final Map<Key, Instant> looks = new ConcurrentHashMap<>();
  private volatile boolean begun;

  /// @param patience how long a resource may go without a look
  public LastLooks(InstantSource clock, Duration patience) {
    this.clock = clock;
    this.patience = patience;
  }

  /// How long a resource may go without a look.
  Duration patience() {
    return patience;
  }

  /// A reconciler looks at a resource now.
  public void looked(HasMetadata resource) {
    begun = true;
    looks.put(key(resource.getClass(), resource), clock.instant());
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
