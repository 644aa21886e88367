package dev.partita.operator;

import dev.partita.operator.fake.FakeCluster;
import org.jspecify.annotations.Nullable;

/// Tells when a world stands still. Conditions alone do not: they speak of what the operator has
/// seen, and it may not have seen yet that there is something to do.
///
/// A world stands still when the operator has read the nodes' state several times since anything
/// has changed, has drawn all conclusions from it, and nobody has written anything. Used by one
/// thread.
final class Stillness {

  /// One read may have been under way when the last change was made; the next one sees it, and its
  /// conclusions are drawn before the one after that.
  private static final int READS = 3;

  private final TestOperator operator;
  private final FakeCluster cluster;
  private @Nullable Moment since;

  private record Moment(
      String objects, int reads, int operatorWrites, int nodeWrites, int reconciles) {

    boolean isSameWorld(Moment other) {
      return objects.equals(other.objects)
          && operatorWrites == other.operatorWrites
          && nodeWrites == other.nodeWrites
          && reconciles == other.reconciles;
    }
  }

  Stillness(TestOperator operator, FakeCluster cluster) {
    this.operator = operator;
    this.cluster = cluster;
  }

  /// Whether the world has stood still for long enough.
  ///
  /// @param settled whether it looks as if there were nothing to do
  /// @param objects all that is in the API server, with versions
  boolean hasLasted(boolean settled, String objects) {
    if (!settled || !operator.activity().isIdle()) {
      since = null;
      return false;
    }
    Moment now =
        new Moment(
            objects,
            cluster.stateReads(),
            operator.writes(),
            cluster.writes(),
            operator.activity().reconciles());
    if (since == null || !since.isSameWorld(now)) {
      since = now;
      return false;
    }
    return now.reads() >= since.reads() + READS;
  }
}
