package dev.partita.operator.site;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.nodeclient.MemberView.State;
import dev.partita.operator.nodeclient.MemberView.SystemRole;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.nodeclient.PartitionView.ReplicaView;
import dev.partita.operator.nodeclient.PartitionView.Role;
import java.util.List;
import org.junit.jupiter.api.Test;

class VoterMarksTest {

  @Test
  void aReplicaThatVotesMarksTheClaimOfItsNode() {
    ClusterView cluster =
        cluster(
            List.of(
                member("1", "main-0", State.ACTIVE, SystemRole.LEARNER),
                member("2", "main-1", State.ACTIVE, SystemRole.LEARNER),
                member("3", "other-0", State.ACTIVE, SystemRole.VOTER)),
            List.of(
                new ReplicaView("1", Role.VOTER, true), new ReplicaView("2", Role.LEARNER, true)));

    assertThat(VoterMarks.votingClaims("main", cluster)).containsExactly("data-main-0");
    assertThat(VoterMarks.votingClaims("other", cluster)).containsExactly("data-other-0");
  }

  @Test
  void aVoterOfTheSystemPartitionCounts() {
    ClusterView cluster =
        cluster(List.of(member("1", "main-0", State.DRAINING, SystemRole.VOTER)), List.of());

    assertThat(VoterMarks.votingClaims("main", cluster)).containsExactly("data-main-0");
  }

  @Test
  void aNodeThatIsGoneDoesNot() {
    ClusterView cluster =
        cluster(
            List.of(member("1", "main-0", State.GONE, SystemRole.VOTER)),
            List.of(new ReplicaView("1", Role.VOTER, false)));

    assertThat(VoterMarks.votingClaims("main", cluster)).isEmpty();
  }

  private static ClusterView cluster(List<MemberView> nodes, List<ReplicaView> replicas) {
    return new ClusterView(
        1,
        "cluster",
        "1",
        nodes,
        List.of(
            new PartitionView(
                "p", "p", "c", 1, "1", replicas, 0, 0, 0, null, PartitionView.State.ACTIVE)),
        List.of(),
        List.of(),
        List.of());
  }

  private static MemberView member(String id, String name, State state, SystemRole role) {
    return new MemberView(id, name, name.split("-", -1)[0], null, state, true, role, 0, 0);
  }
}
