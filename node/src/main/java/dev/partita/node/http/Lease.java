package dev.partita.node.http;

import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// What a request holds until its answer is with the client, or its connection has broken: longer
/// than its handler runs, because a client may take its time to read. Thread-safe.
final class Lease {
  private static final String KEY = Lease.class.getName();

  /// Guarded by this.
  private final List<Runnable> releases = new ArrayList<>();

  /// Guarded by this.
  private boolean ended;

  private Lease() {}

  /// Begins the lease of a request; on its event loop, before anything is awaited.
  static Lease begin(RoutingContext context) {
    Lease lease = new Lease();
    context.put(KEY, lease);
    context.addEndHandler(_ -> lease.end());
    return lease;
  }

  /// The lease that was begun for a request.
  static Lease of(RoutingContext context) {
    return Objects.requireNonNull(context.<Lease>get(KEY));
  }

  /// Has something released at the end; at once if the end was before.
  void onEnd(Runnable release) {
    synchronized (this) {
      if (!ended) {
        releases.add(release);
        return;
      }
    }
    release.run();
  }

  private void end() {
    List<Runnable> all;
    synchronized (this) {
      ended = true;
      all = List.copyOf(releases);
      releases.clear();
    }
    all.forEach(Runnable::run);
  }
}
