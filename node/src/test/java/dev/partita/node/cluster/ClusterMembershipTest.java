package dev.partita.node.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.catalog.CatalogCommand;
import dev.partita.node.catalog.NodeEntry;
import dev.partita.node.config.HostPort;
import dev.partita.node.config.Place;
import dev.partita.node.raft.NodeId;
import dev.partita.node.system.Membership;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What a node is told that joins.
final class ClusterMembershipTest {
  private static final Membership.Peer FOUNDER = peer(1);
  private static final Membership.Peer OTHER = peer(2);
  private static final Membership.Peer NEWCOMER = peer(3);
  private static final Membership OWN = new Membership("cluster", true, List.of(FOUNDER, OTHER));

  private final Views views = new Views();

  private static Membership.Peer peer(long number) {
    return new Membership.Peer(new NodeId(number), new HostPort("node-" + number, 7000));
  }

  private static NodeEntry entry(Membership.Peer peer, NodeEntry.State state) {
    return new NodeEntry(
        peer.id(),
        peer.address().host(),
        new Place("main", "", "", "", false),
        peer.address(),
        new HostPort(peer.address().host(), 8080),
        state);
  }

  private void register(Membership.Peer peer) {
    views.apply(new CatalogCommand.RegisterNode(entry(peer, NodeEntry.State.ACTIVE)));
  }

  private List<Membership.Peer> told(Membership.Peer answering) {
    return ClusterMembership.told(OWN, answering, views.catalog).peers();
  }

  @Test
  void theFoundersAreToldBeforeTheyAreInTheCatalog() {
    register(NEWCOMER);
    assertThat(told(FOUNDER)).containsExactlyInAnyOrder(FOUNDER, OTHER, NEWCOMER);
  }

  @Test
  void whoAnswersIsToldAlthoughItIsInNoCatalogYet() {
    register(NEWCOMER);
    assertThat(told(peer(4))).contains(peer(4));
  }

  @Test
  void theCatalogKnowsWhereMembersAreByNow() {
    var moved = new Membership.Peer(FOUNDER.id(), new HostPort("elsewhere", 7000));
    register(moved);
    assertThat(told(OTHER)).contains(moved).doesNotContain(FOUNDER);
  }

  @Test
  void whoWasRemovedIsNotTold() {
    register(FOUNDER);
    register(OTHER);
    views.apply(new CatalogCommand.SetNodeState(OTHER.id(), NodeEntry.State.GONE));
    assertThat(told(FOUNDER)).containsExactly(FOUNDER);
  }
}
