package dev.partita.node.cluster;

import static dev.partita.node.cluster.Views.node;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.partition.LoadProfile;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.SplitPoints;
import dev.partita.node.time.FakeClock;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ReportBoardTest {
  private static final PartitionId PARTITION = new PartitionId(7);

  private final FakeClock clock = new FakeClock();
  private final ReportBoard board = new ReportBoard(node(1), clock);

  private boolean reportInFull(int node, String edition, long term, long rows) {
    return board.accept(report(node, edition, List.of(leading(term, rows))));
  }

  private boolean reportTheSame(int node, String edition) {
    return board.accept(report(node, edition, null));
  }

  private NodeReport report(int node, String edition, @Nullable List<PartitionReport> leading) {
    return new NodeReport(node(node), board.id(), edition, leading, 1, 0, List.of(), List.of());
  }

  private static PartitionReport leading(long term, long rows) {
    return new PartitionReport(
        PARTITION,
        term,
        2,
        List.of(node(2), node(3)),
        List.of(),
        false,
        List.of(node(2), node(3)),
        rows,
        0,
        0,
        0,
        LoadProfile.NONE,
        SplitPoints.UNKNOWN,
        List.of(),
        null,
        null,
        null);
  }

  private long rows() {
    return led().report().rows();
  }

  private ReportBoard.LedPartition led() {
    return requireNonNull(board.partitions().get(PARTITION));
  }

  @Test
  void anIdleNodeNeedsToSayOnlyThatNothingHasChanged() {
    assertThat(reportTheSame(2, "a")).as("never heard of").isFalse();
    assertThat(reportInFull(2, "a", 1, 500)).isTrue();
    assertThat(reportTheSame(2, "a")).isTrue();
    assertThat(rows()).isEqualTo(500);

    board.clear();
    assertThat(reportTheSame(2, "a")).as("after another leader").isFalse();
  }

  /// A report is sent again when it is not answered in time, so the first may come after newer
  /// ones.
  @Test
  void aReportThatComesLateIsNotBelievedForLong() {
    reportInFull(2, "a", 1, 500);
    reportInFull(2, "b", 1, 1000);
    reportInFull(2, "a", 1, 500);

    assertThat(reportTheSame(2, "b")).isFalse();
    assertThat(reportInFull(2, "b", 1, 1000)).isTrue();
    assertThat(reportTheSame(2, "b")).isTrue();
    assertThat(rows()).isEqualTo(1000);
  }

  @Test
  void theLeaderOfTheHighestTermIsBelieved() {
    reportInFull(3, "c", 2, 700);
    reportInFull(2, "a", 1, 500);
    assertThat(rows()).isEqualTo(700);
    assertThat(led().leader()).isEqualTo(node(3));
  }

  @Test
  void whoSaysNothingForLongIsNotAlive() {
    reportInFull(2, "a", 1, 500);
    clock.advance(ReportBoard.SILENCE_MAX);
    assertThat(board.alive()).containsExactly(node(2));
    clock.advance(ReportBoard.SILENCE_MAX);
    assertThat(board.alive()).isEmpty();
  }
}
