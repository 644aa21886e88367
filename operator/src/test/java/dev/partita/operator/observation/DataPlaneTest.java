package dev.partita.operator.observation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.crd.DeletionPolicy;
import dev.partita.operator.fake.FakeCluster;
import dev.partita.operator.fake.FakeNode;
import dev.partita.operator.nodeclient.Answer;
import dev.partita.operator.nodeclient.Bootstrap;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.Endpoint;
import dev.partita.operator.nodeclient.HttpNodeAdmin;
import dev.partita.operator.nodeclient.OperatorCredentials;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The pods of two databases that exchange their addresses.
class DataPlaneTest {
  private static final String OWN = "uid-own";
  private static final String FOREIGN = "uid-foreign";
  private static final String NODE = "main-0";

  private final HttpNodeAdmin admin = new HttpNodeAdmin(new OperatorCredentials());
  private final FakeCluster ownCluster = new FakeCluster();
  private final FakeCluster foreignCluster = new FakeCluster();
  private final DataPlane dataPlane = new DataPlane("default", admin);
  private FakeNode own;
  private FakeNode foreign;

  @BeforeEach
  void start() throws IOException {
    own = start(ownCluster, OWN);
    foreign = start(foreignCluster, FOREIGN);
  }

  private FakeNode start(FakeCluster cluster, String clusterId) throws IOException {
    FakeNode node =
        FakeNode.start(
            cluster, "1", NODE, "main", new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    assertThat(
            admin.bootstrap(
                endpoint(node),
                new Bootstrap(clusterId, List.of(new Bootstrap.Member("1", NODE, "p:1")))))
        .isInstanceOf(Answer.Done.class);
    return node;
  }

  @AfterEach
  void stop() {
    own.close();
    foreign.close();
    admin.close();
  }

  private static Endpoint endpoint(FakeNode node) {
    return new Endpoint(NODE, "127.0.0.1:" + node.address().getPort());
  }

  private void report(FakeNode node) {
    report("main", "site-1", node);
  }

  private void report(String site, String uid, FakeNode node) {
    dataPlane.report(site, uid, List.of(endpoint(node)));
  }

  @Test
  void theNodesOfTheOwnClusterAreSeen() {
    dataPlane.identify(OWN);
    report(own);
    assertThat(dataPlane.observe()).map(ClusterView::clusterId).contains(OWN);
  }

  @Test
  void aNodeOfAnotherClusterAtAReusedAddressIsNotTakenForAnOwnOne() {
    dataPlane.identify(OWN);
    report(foreign);
    assertThat(dataPlane.observe()).isEmpty();
  }

  @Test
  void aNodeOfAnotherClusterAtAReusedAddressDoesNothing() {
    dataPlane.identify(OWN);
    report(own);
    assertThat(dataPlane.observe()).isPresent();
    int writes = foreignCluster.writes();
    report(foreign);
    assertThat(dataPlane.ask((node, at) -> node.deletePartition(at, "p", DeletionPolicy.Delete)))
        .isInstanceOf(Answer.Unreachable.class);
    assertThat(dataPlane.askNode(endpoint(foreign), (node, at) -> node.node(at)))
        .isInstanceOf(Answer.Unreachable.class);
    assertThat(foreignCluster.writes()).isEqualTo(writes);
    assertThat(dataPlane.observe()).map(ClusterView::clusterId).contains(OWN);
  }

  @Test
  void whatWasSeenBeforeTheClusterWasKnownIsForgotten() {
    report(own);
    dataPlane.identify(FOREIGN);
    assertThat(dataPlane.view()).isEmpty();
  }

  @Test
  void whatWasSeenIsUnknownOnceAllSitesWereMadeAgain() {
    dataPlane.identify(OWN);
    report("main", "site-1", own);
    report("other", "site-2", own);
    assertThat(dataPlane.observe()).isPresent();

    report("main", "site-3", own);
    assertThat(dataPlane.view()).isPresent();
    report("other", "site-4", own);
    assertThat(dataPlane.view()).isEmpty();
    assertThat(dataPlane.observe()).isPresent();
  }
}
