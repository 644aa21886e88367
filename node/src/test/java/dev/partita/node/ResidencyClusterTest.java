package dev.partita.node;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.admin.OperationSpec;
import dev.partita.node.admin.OperationView;
import dev.partita.node.partition.Response;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Rows are on the disks of the nodes that have a replica, and on no others: whoever takes
/// requests, and while replicas move and are repaired.
final class ResidencyClusterTest {
  private static final byte[] MARKER = "resident-of-one-place".getBytes(StandardCharsets.US_ASCII);
  private static final int ROWS = 50;
  private static final int OUTSIDE = 4;

  @TempDir Path directory = Path.of("");

  private void write(TestCluster cluster, int through, int from) {
    for (int key = from; key < from + ROWS; key++) {
      String document =
          "{\"text\":\"%s\"}".formatted(new String(MARKER, StandardCharsets.US_ASCII));
      assertThat(cluster.put(through, "things", key, document)).isInstanceOf(Response.Writes.class);
    }
  }

  private boolean isOnDisk(int node) {
    try (Stream<Path> files = Files.walk(directory.resolve("n-" + node))) {
      return files.filter(Files::isRegularFile).anyMatch(ResidencyClusterTest::contains);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean contains(Path file) {
    try {
      byte[] bytes = Files.readAllBytes(file);
      for (int at = 0; at + MARKER.length <= bytes.length; at++) {
        if (bytes[at] == MARKER[0]
            && Arrays.equals(bytes, at, at + MARKER.length, MARKER, 0, MARKER.length)) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void rowsAreNeverOnTheDiskOfANodeWithoutAReplica() {
    try (TestCluster cluster = TestCluster.founded(directory, 3)) {
      cluster.add();
      assertThat(cluster.add()).isEqualTo(OUTSIDE);
      cluster.awaitReady();
      cluster.createPartition("all", "things", "{\"range\":{}}", 0, 1, 2);
      // The node outside takes the requests, and only passes them on.
      write(cluster, OUTSIDE, 0);

      OperationView moved =
          cluster.run("move", OperationSpec.moveReplica("all", cluster.id(2), cluster.id(3)));
      assertThat(moved.state()).isEqualTo(OperationView.State.DONE);
      write(cluster, OUTSIDE, ROWS);
      cluster.kill(1);
      write(cluster, OUTSIDE, 2 * ROWS);
      cluster.start(1);
      cluster.awaitReady();

      assertThat(cluster.text(OUTSIDE, "things", ROWS)).contains("resident-of-one-place");
      assertThat(isOnDisk(0)).as("the search finds what is there").isTrue();
      assertThat(isOnDisk(3)).as("and on the node that has got a replica").isTrue();
      assertThat(isOnDisk(OUTSIDE)).isFalse();
    }
  }
}
