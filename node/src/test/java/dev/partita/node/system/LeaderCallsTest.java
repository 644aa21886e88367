package dev.partita.node.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.raft.NodeId;
import dev.partita.node.time.Clock;
import dev.partita.node.time.Deadline;
import dev.partita.node.time.SystemClock;
import dev.partita.node.transport.InMemoryNetwork;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LeaderCallsTest {
  private static final String SERVICE = "echo";
  private static final NodeId A = new NodeId(1);
  private static final NodeId B = new NodeId(2);
  private static final NodeId C = new NodeId(3);
  private static final List<NodeId> NODES = List.of(A, B, C);

  private final Clock clock = new SystemClock();
  private final InMemoryNetwork network = new InMemoryNetwork();
  private final Map<NodeId, NodeId> leaders = new ConcurrentHashMap<>();
  private final Map<NodeId, LeaderCalls> calls = new HashMap<>();

  @BeforeEach
  void connect() {
    for (NodeId node : NODES) {
      leaders.put(node, C);
      var made =
          new LeaderCalls(
              network.transport(node),
              clock,
              () -> Optional.ofNullable(leaders.get(node)),
              () -> new ArrayList<>(NODES));
      made.register(
          SERVICE,
          request ->
              CompletableFuture.completedFuture(
                  (node + ":" + text(request)).getBytes(StandardCharsets.UTF_8)));
      calls.put(node, made);
    }
  }

  @AfterEach
  void close() {
    network.close();
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private String call(NodeId from, Duration patience) {
    byte[] request = "hello".getBytes(StandardCharsets.UTF_8);
    return text(
        java.util.Objects.requireNonNull(calls.get(from))
            .call(SERVICE, request, Deadline.after(patience, clock)));
  }

  @Test
  void theLeaderIsAsked() {
    assertThat(call(A, Duration.ofMinutes(1))).isEqualTo(C + ":hello");
    assertThat(call(C, Duration.ofMinutes(1))).isEqualTo(C + ":hello");
  }

  @Test
  void whoDoesNotReachTheLeaderAsksByWayOfAnother() {
    network.cut(A, C);
    for (int i = 0; i < 20; i++) {
      assertThat(call(A, Duration.ofMinutes(1))).isEqualTo(C + ":hello");
    }
  }

  @Test
  void whoIsNotAnsweredByTheLeaderAsksByWayOfAnother() {
    network.cutOneWay(C, A);
    assertThat(call(A, Duration.ofMinutes(1))).isEqualTo(C + ":hello");
  }

  @Test
  void whoNeitherKnowsNorReachesTheLeaderAsksByWayOfAnother() {
    network.cut(A, C);
    leaders.remove(A);
    for (int i = 0; i < 20; i++) {
      assertThat(call(A, Duration.ofMinutes(1))).isEqualTo(C + ":hello");
    }
  }

  @Test
  void anotherLeaderIsAskedAsSoonAsItIsKnown() {
    network.isolate(C);
    leaders.put(B, B);
    assertThat(call(A, Duration.ofMinutes(1))).isEqualTo(B + ":hello");
  }

  @Test
  void whoReachesNobodySaysSo() {
    network.isolate(A);
    assertThatThrownBy(() -> call(A, Duration.ofMillis(300)))
        .isInstanceOfSatisfying(
            DatabaseException.class,
            failure -> assertThat(failure.code()).isEqualTo(ErrorCode.UNAVAILABLE));
  }
}
