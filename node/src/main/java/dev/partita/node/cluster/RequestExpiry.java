package dev.partita.node.cluster;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.ResourceRequest;
import dev.partita.node.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Finds clients' requests that nobody waits for any more: whoever asked forgets its request by
/// itself, unless its node died. Ages count from when this leader saw a request first. Owned by the
/// driver's loop.
final class RequestExpiry {
  /// Longer than any client waits.
  static final Duration AGE_MAX = Duration.ofMinutes(30);

  private final Clock clock;
  private Map<String, Long> firstSeenNanos = new HashMap<>();

  RequestExpiry(Clock clock) {
    this.clock = clock;
  }

  /// The ids of the requests to forget.
  List<String> due(Catalog catalog) {
    long now = clock.monotonicNanos();
    Map<String, Long> seen = new HashMap<>();
    List<String> due = new ArrayList<>();
    for (ResourceRequest request : catalog.requests().values()) {
      long first = firstSeenNanos.getOrDefault(request.id(), now);
      seen.put(request.id(), first);
      if (now - first > AGE_MAX.toNanos()) {
        due.add(request.id());
      }
    }
    firstSeenNanos = seen;
    return due;
  }
}
