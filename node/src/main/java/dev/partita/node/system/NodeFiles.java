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
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/// The two files that say who a node is: `node-id`, made at the first start, and `membership`,
/// written once when the node founds or joins a cluster; and two that say who has no part in it any
/// more: `lost-nodes`, others that were given up, and `given-up`, there once this node was. Each is
/// complete and durable before anybody else hears of what it says.
public final class NodeFiles {
  private static final String NODE_ID = "node-id";
  private static final String MEMBERSHIP = "membership";
  private static final String LOST_NODES = "lost-nodes";
  private static final String GIVEN_UP = "given-up";

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

  /// What [#saveLostNodes] has saved.
  public Set<NodeId> lostNodes() {
    Path file = directory.resolve(LOST_NODES);
    try {
      return Files.exists(file)
          ? Files.readAllLines(file).stream()
              .map(line -> new NodeId(Long.parseLong(line.strip())))
              .collect(Collectors.toSet())
          : Set.of();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Saves durably which other nodes were given up.
  public void saveLostNodes(Set<NodeId> nodes) {
    save(
        LOST_NODES, nodes.stream().sorted().map(node -> node + "\n").collect(Collectors.joining()));
  }

  /// Whether [#saveGivenUp] was called.
  public boolean isGivenUp() {
    return Files.exists(directory.resolve(GIVEN_UP));
  }

  /// Saves durably that this node was given up.
  public void saveGivenUp() {
    save(
        GIVEN_UP,
        "The other nodes go on without this one. Wipe its directory to let it join anew.\n");
  }

  private void save(String name, String text) {
    try {
      write(name, text.getBytes(StandardCharsets.UTF_8));
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
