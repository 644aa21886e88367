package dev.partita.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.node.admin.IndexSpec;
import dev.partita.node.admin.IndexView;
import dev.partita.node.admin.PartitionView;
import dev.partita.node.admin.PartitionWish;
import dev.partita.node.config.HostPort;
import dev.partita.node.config.NodeSettings;
import dev.partita.node.config.Place;
import dev.partita.node.time.Deadline;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A single node without an operator, as an application's own tests use it.
class DevNodeTest {
  @TempDir Path directory;

  private Node start() throws IOException {
    Node node =
        Node.start(
            new NodeSettings(
                directory,
                "dev",
                new Place("dev", "", "", "", false),
                new NodeSettings.Peer(
                    new HostPort("127.0.0.1", 0), new HostPort("127.0.0.1", 0), List.of(), null),
                new HostPort("127.0.0.1", 1),
                true,
                NodeSettings.Storage.DEFAULT));
    await().atMost(TestCluster.PATIENCE).until(node::ready);
    return node;
  }

  private static Deadline deadline(Node node) {
    return Deadline.after(TestCluster.PATIENCE, node.clock());
  }

  @Test
  void doesWhatClientsAskForByItselfAndKeepsIt() throws IOException {
    try (Node node = start()) {
      PartitionView partition =
          node.admin()
              .requestPartition(
                  "my_partition",
                  new PartitionWish("things", TestCluster.json("{\"range\":{}}"), 1, List.of()),
                  deadline(node))
              .orElseThrow();
      assertThat(partition.state()).isEqualTo(PartitionView.State.ACTIVE);
      IndexView index =
          node.admin()
              .requestIndex(
                  "my_index",
                  new IndexSpec("things", List.of(new IndexSpec.Term("color")), null, false),
                  deadline(node));
      assertThat(index.state()).isEqualTo(IndexView.State.READY);
      assertThat(node.router().partition("my_partition")).isNotNull();
      assertThat(node.router().index("my_index")).isNotNull();
    }
    // On another port, as it may be after each restart.
    try (Node node = start()) {
      assertThat(node.admin().state(deadline(node)).partitions())
          .extracting(PartitionView::state)
          .containsExactly(PartitionView.State.ACTIVE);
      node.admin().requestIndexDeletion("my_index", deadline(node));
      node.admin().requestPartitionDeletion("my_partition", deadline(node));
      assertThat(node.admin().state(deadline(node)).partitions()).isEmpty();
    }
  }
}
