package dev.partita.node.replication;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.NodeId;
import dev.partita.node.raft.Role;
import dev.partita.node.replication.GroupStatus.PeerProgress;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GroupStatusTest {
  private static final NodeId LEADER = new NodeId(1);
  private static final NodeId OTHER = new NodeId(2);

  private static GroupStatus status(Role role, long commitIndex, PeerProgress... peers) {
    return new GroupStatus(
        new GroupId(5),
        role,
        3,
        LEADER,
        commitIndex,
        commitIndex,
        1,
        commitIndex,
        Configuration.of(Set.of(LEADER, OTHER), Set.of()),
        List.of(peers),
        0,
        false,
        null);
  }

  @Test
  void whoLacksLittleHasCaughtUp() {
    assertThat(status(Role.LEADER, 5_000, new PeerProgress(OTHER, 4_500, true, false)).caughtUp())
        .containsExactly(LEADER, OTHER);
    assertThat(status(Role.LEADER, 5_000, new PeerProgress(OTHER, 3_999, true, false)).caughtUp())
        .containsExactly(LEADER);
  }

  /// Or a move into a group with a short log would take a replica with data away for an empty one.
  @Test
  void whoHasNothingHasNotCaughtUpHoweverLittleThatIs() {
    assertThat(status(Role.LEADER, 3, new PeerProgress(OTHER, 0, true, false)).caughtUp())
        .containsExactly(LEADER);
    assertThat(status(Role.LEADER, 3, new PeerProgress(OTHER, 1, true, false)).caughtUp())
        .containsExactly(LEADER, OTHER);
  }

  @Test
  void whoIsAwayOrBeingSentASnapshotHasNotCaughtUp() {
    assertThat(
            status(
                    Role.LEADER,
                    5_000,
                    new PeerProgress(OTHER, 5_000, false, false),
                    new PeerProgress(new NodeId(3), 5_000, true, true))
                .caughtUp())
        .containsExactly(LEADER);
    assertThat(status(Role.FOLLOWER, 5_000).caughtUp()).isEmpty();
  }
}
