package dev.partita.operator;

import dev.partita.operator.fake.FakeCluster;
import java.util.function.Supplier;
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

  /// What keeps the world from having stood still for long enough; null if nothing does.
  ///
  /// @param unsettled what there is to do, as far as it looks; null if nothing
  /// @param objects all that is in the API server, with versions
  @Nullable String disturbance(@Nullable String unsettled, Supplier<String> objects) {
    if (unsettled != null || !operator.activity().isIdle()) {
      since = null;
      return unsettled == null ? "the operator is at work: " + operator.activity() : unsettled;
    }
    Moment now =
        new Moment(
            objects.get(),
            cluster.stateReads(),
            operator.writes(),
            cluster.writes(),
            operator.activity().reconciles());
    Moment before = since;
    if (before == null || !before.isSameWorld(now)) {
      since = now;
      return before == null ? "it is still since just now" : now + " came after " + before;
    }
    return now.reads() >= before.reads() + READS
        ? null
        : "the nodes were read only %d times since".formatted(now.reads() - before.reads());
  }
}
