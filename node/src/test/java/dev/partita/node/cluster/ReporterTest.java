package dev.partita.node.cluster;

import static dev.partita.node.cluster.Views.node;
import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.catalog.CatalogCodec;
import dev.partita.node.key.Datum;
import dev.partita.node.key.PrimaryKey;
import dev.partita.node.partition.Bounds;
import dev.partita.node.partition.Epoch;
import dev.partita.node.partition.LoadProfile;
import dev.partita.node.partition.PartitionDescriptor;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.ReplicaReport;
import dev.partita.node.partition.SplitPoints;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.Role;
import dev.partita.node.replication.GroupStatus;
import dev.partita.node.replication.GroupStatus.PeerProgress;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ReporterTest {
  private static final PartitionId PARTITION = new PartitionId(7);
  private static final Configuration APPLIED =
      Configuration.of(Set.of(node(1), node(2), node(3)), Set.of(node(4)));

  private static final LoadProfile HOT =
      new LoadProfile(
          new LoadProfile.HotKey(PrimaryKey.of(Datum.of(-7), Datum.of("ü")), 0.5),
          LoadProfile.Direction.NONE,
          null,
          null);

  private static final SplitPoints POINTS = new SplitPoints(true, Datum.of("ö"), Datum.of(5), null);

  private static ReplicaReport replica(Configuration inLog, PeerProgress... peers) {
    return new ReplicaReport(
        PARTITION,
        new PartitionDescriptor(
            PARTITION, "p", 1, "things", Bounds.Range.ALL, new Epoch(2), APPLIED),
        new GroupStatus(
            PARTITION.group(),
            Role.LEADER,
            5,
            node(1),
            10_000,
            10_000,
            1,
            10_000,
            inLog,
            List.of(peers),
            0,
            false,
            null),
        true,
        0,
        0,
        0,
        0,
        HOT,
        POINTS,
        List.of(),
        null,
        false,
        null,
        null);
  }

  @Test
  void theLoadIsToldAsItIs() {
    PartitionReport report = Reporter.describe(replica(APPLIED));

    assertThat(CatalogCodec.decode(CatalogCodec.encode(report), PartitionReport.class))
        .isEqualTo(report);
    assertThat(report.load()).isEqualTo(HOT);
    assertThat(report.points()).isEqualTo(POINTS);
  }

  /// Otherwise a move would count as published in an epoch that does not have its members yet.
  @Test
  void membersGoWithTheEpochWhileAChangeIsUnderWay() {
    Configuration next = Configuration.of(Set.of(node(1), node(2), node(4)), Set.of());
    PartitionReport report = Reporter.describe(replica(next));
    assertThat(report.epoch()).isEqualTo(2);
    assertThat(report.voters()).containsExactly(node(1), node(2), node(3));
    assertThat(report.learners()).containsExactly(node(4));
    assertThat(report.changing()).isTrue();
    assertThat(Reporter.describe(replica(APPLIED)).changing()).isFalse();
  }

  @Test
  void whoeverIsNearAndHeardOfHasCaughtUp() {
    PartitionReport report =
        Reporter.describe(
            replica(
                APPLIED,
                new PeerProgress(node(2), 9_990, true, false),
                new PeerProgress(node(3), 9_990, false, false),
                new PeerProgress(node(4), 20, true, false),
                new PeerProgress(node(5), 10_000, true, true)));
    assertThat(report.caughtUp()).containsExactly(node(1), node(2));
  }
}
