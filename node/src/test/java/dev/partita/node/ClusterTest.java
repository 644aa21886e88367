package dev.partita.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.partita.node.admin.BootstrapRequest;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import dev.partita.node.partition.Response;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterTest {
  private static final String ALL = "{\"range\":{}}";

  @TempDir Path directory;

  @Test
  void writesAreReadThroughAnyNode() {
    try (TestCluster cluster = TestCluster.founded(directory, 3)) {
      cluster.createPartition("all", "things", ALL, 0, 1, 2);
      for (int through = 0; through < 3; through++) {
        assertThat(cluster.put(through, "things", through, "{\"n\":" + through + "}"))
            .isInstanceOf(Response.Writes.class);
      }
      for (int through = 0; through < 3; through++) {
        for (int key = 0; key < 3; key++) {
          assertThat(cluster.text(through, "things", key)).isEqualTo("{\"n\":" + key + "}");
        }
      }
    }
  }
}
