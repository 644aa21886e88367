package dev.partita.node.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.node.config.HostPort;
import dev.partita.node.raft.NodeId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeFilesTest {
  @TempDir Path directory;

  @Test
  void theIdentityIsMadeOnceAndLostWithTheDirectory() throws IOException {
    NodeId first = new NodeFiles(directory.resolve("a"), new SplittableRandom(1)).nodeId();
    assertThat(new NodeFiles(directory.resolve("a"), new SplittableRandom(2)).nodeId())
        .isEqualTo(first);
    assertThat(new NodeFiles(directory.resolve("b"), new SplittableRandom(2)).nodeId())
        .isNotEqualTo(first);
  }

  @Test
  void aMembershipIsKept() throws IOException {
    NodeFiles files = new NodeFiles(directory, new SplittableRandom(1));
    assertThat(files.membership()).isEmpty();
    Membership membership =
        new Membership(
            "c",
            true,
            List.of(new Membership.Peer(new NodeId(5), new HostPort("h.example", 7000))));
    files.save(membership);
    assertThat(new NodeFiles(directory, new SplittableRandom(1)).membership()).contains(membership);
  }
}
