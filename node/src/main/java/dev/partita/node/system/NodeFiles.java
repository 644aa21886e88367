package dev.partita.node.system;

import dev.partita.node.catalog.CatalogCodec;
import dev.partita.node.raft.NodeId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// The two files that say who a node is: `node-id`, made at the first start, and `membership`,
/// written once when the node founds or joins a cluster. Each is complete and durable before
/// anybody else hears of what it says.
public final class NodeFiles {
  private static final String NODE_ID = "node-id";
  private static final String MEMBERSHIP = "membership";

  private final Path directory;
  private final NodeId nodeId;

  /// Opens the files in a directory, which is made if absent; chooses the node's id at the first
  /// time.
  ///
  /// @param random a source that no other node shares, such as a SecureRandom
  /// @throws IOException if the directory cannot be read or written
  public NodeFiles(Path directory, RandomGenerator random) throws IOException {
    this.directory = Files.createDirectories(directory);
    Path file = directory.resolve(NODE_ID);
    if (Files.exists(file)) {
      this.nodeId = new NodeId(Long.parseLong(Files.readString(file).strip()));
    } else {
      this.nodeId = new NodeId(random.nextLong(1, Long.MAX_VALUE));
      write(NODE_ID, (nodeId + "\n").getBytes(StandardCharsets.UTF_8));
    }
  }

  /// The node's identity.
  public NodeId nodeId() {
    return nodeId;
  }

  /// What [#save] has saved.
  public Optional<Membership> membership() {
    Path file = directory.resolve(MEMBERSHIP);
    try {
      return Files.exists(file)
          ? Optional.of(CatalogCodec.decode(Files.readAllBytes(file), Membership.class))
          : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Saves a membership durably.
  public void save(Membership membership) {
    try {
      write(MEMBERSHIP, CatalogCodec.encode(membership));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void write(String name, byte[] content) throws IOException {
    Path draft = directory.resolve(name + ".new");
    try (FileChannel channel =
        FileChannel.open(
            draft,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      ByteBuffer buffer = ByteBuffer.wrap(content);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
    }
    Files.move(draft, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    try (FileChannel parent = FileChannel.open(directory, StandardOpenOption.READ)) {
      parent.force(true);
    }
  }
}
