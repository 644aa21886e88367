package dev.partita.operator.nodeclient;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.partita.crd.DeletionPolicy;
import dev.partita.crd.Edge;
import dev.partita.crd.PartitionSpec;
import dev.partita.crd.Range;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpNodeAdminTest {

  private final List<String> requests = new ArrayList<>();
  private final HttpServer server;
  private final HttpNodeAdmin admin = new HttpNodeAdmin(new OperatorCredentials());
  private volatile @Nullable String cluster;
  private int status = 200;
  private String response = "{}";
  private boolean stopsMidway;

  HttpNodeAdminTest() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
  }

  @BeforeEach
  void start() {
    server.createContext(
        "/",
        exchange -> {
          String body =
              new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
          cluster = exchange.getRequestHeaders().getFirst("Partita-Cluster");
          requests.add(
              (exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + body).strip());
          byte[] bytes = response.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, bytes.length + (stopsMidway ? 1 : 0));
          exchange.getResponseBody().write(bytes);
          if (stopsMidway) {
            exchange.getResponseBody().flush();
          } else {
            exchange.close();
          }
        });
    server.start();
  }

  @AfterEach
  void stop() {
    admin.close();
    server.stop(0);
  }

  @Test
  void stateIsReadWhateverElseItContains() {
    response =
        """
        {"revision":5,"clusterId":"u","leaderNodeId":"1","future":{},
         "nodes":[{"nodeId":"1","name":"s-0","site":"s","zone":"z","peerAddress":"p","httpAddress":"h","state":"Draining",
                   "alive":true,"systemMember":"Voter","replicas":3,"leaders":1,"bytes":9}],
         "partitions":[{"id":"7","name":"p","collection":"c","bounds":{"range":{}},"epoch":3,"leaderNodeId":null,
                        "replicas":[{"nodeId":"1","role":"Learner","caughtUp":false}],"rows":9007199254740993,"bytes":1,
                        "operationsPerSecond":0.5,"state":"Creating"}],
         "indexes":[],"operations":[{"id":"o","kind":"MoveReplica","partition":"p","step":"x","state":"Failed","message":"m"}],
         "requests":[{"id":"r","action":"Delete","kind":"Index","name":"i","spec":{}}]}
        """;
    assertThat(admin.state(endpoint()))
        .isInstanceOfSatisfying(
            Answer.Done.class,
            done -> {
              ClusterView view = (ClusterView) done.value();
              assertThat(view.nodes().getFirst().state()).isEqualTo(MemberView.State.DRAINING);
              assertThat(view.partitions().getFirst().rows()).isEqualTo(9007199254740993L);
              assertThat(view.partitions().getFirst().leaderNodeId()).isNull();
              assertThat(view.operations().getFirst().state())
                  .isEqualTo(OperationView.State.FAILED);
              assertThat(view.requests().getFirst().action()).isEqualTo(RequestView.Action.DELETE);
            });
  }

  @Test
  void partitionIsAskedForWithTheBoundsOfTheResource() {
    response =
        "{\"id\":\"1\",\"name\":\"p\",\"collection\":\"c\",\"epoch\":1,\"replicas\":[],\"state\":\"Creating\"}";
    PartitionSpec spec =
        new PartitionSpec(
            "c",
            Range.between(new Edge.Whole(Long.MIN_VALUE), new Edge.Whole(Long.MAX_VALUE)),
            null,
            null,
            3,
            null,
            null,
            null,
            null,
            null,
            DeletionPolicy.Retain,
            false);
    admin.putPartition(endpoint(), "p", PartitionRequest.of(spec, List.of("1", "2")));
    assertThat(requests)
        .containsExactly(
            "PUT /admin/v1/partitions/p {\"collection\":\"c\",\"bounds\":{\"range\":{\"start\":-9223372036854775808,"
                + "\"end\":9223372036854775807}},\"replicas\":[\"1\",\"2\"]}");
  }

  @Test
  void deletingNamesWhatBecomesOfTheRows() {
    admin.deletePartition(endpoint(), "p", DeletionPolicy.Delete);
    admin.deletePartition(endpoint(), "p", DeletionPolicy.Retain);
    assertThat(requests)
        .containsExactly(
            "DELETE /admin/v1/partitions/p?rows=delete",
            "DELETE /admin/v1/partitions/p?rows=retain");
  }

  @Test
  void operationsCarryOnlyWhatTheirKindNeeds() {
    response = "{\"id\":\"o\",\"kind\":\"MoveReplica\",\"step\":\"s\",\"state\":\"Running\"}";
    admin.putOperation(endpoint(), "o", OperationSpec.moveReplica("p", null, "4"));
    assertThat(requests)
        .containsExactly(
            "PUT /admin/v1/operations/o {\"kind\":\"MoveReplica\",\"partition\":\"p\",\"add\":\"4\"}");
  }

  @Test
  void aProblemDocumentIsARefusal() {
    status = 409;
    response =
        "{\"title\":\"t\",\"status\":409,\"detail\":\"overlaps\",\"code\":\"OVERLAP\",\"with\":\"other\"}";
    assertThat(admin.deleteIndex(endpoint(), "i"))
        .isEqualTo(new Answer.Refused<>(409, "OVERLAP", "overlaps", "other"));
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 421, 429, 500, 503})
  void whatMayPassIsNoRefusal(int unavailable) {
    status = unavailable;
    assertThat(admin.state(endpoint())).isInstanceOf(Answer.Unreachable.class);
  }

  @Test
  void aRequestSaysWhichClusterIsMeant() {
    admin.deleteIndex(endpoint().inCluster("u-1"), "i");
    assertThat(cluster).isEqualTo("u-1");
    admin.node(endpoint());
    assertThat(cluster).isNull();
  }

  @Test
  void aMalformedAnswerIsNoAnswer() {
    response = "<html>";
    assertThat(admin.state(endpoint())).isInstanceOf(Answer.Unreachable.class);
  }

  @Test
  @Timeout(60)
  void aNodeThatStopsMidwayIsUnreachable() {
    stopsMidway = true;
    assertThat(admin.state(endpoint())).isInstanceOf(Answer.Unreachable.class);
  }

  @Test
  void nobodyThereIsUnreachable() {
    assertThat(admin.state(new Endpoint("x", "127.0.0.1:1")))
        .isInstanceOf(Answer.Unreachable.class);
  }

  private Endpoint endpoint() {
    return new Endpoint("s-0", "127.0.0.1:" + server.getAddress().getPort());
  }
}
