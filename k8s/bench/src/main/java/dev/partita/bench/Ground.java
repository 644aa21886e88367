package dev.partita.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What three nodes stand on while they are tortured, so that all of it can fail: their network,
/// disks and clocks. It is laid before they start and taken away after them.
final class Ground implements Nodes.Wiring, AutoCloseable {
  /// The node whose disk is small enough to be filled, if there is one.
  static final int SMALL_DISK = 2;

  /// Logs and rows of a node for some minutes, and more than is ever used of it.
  private static final int SMALL_DISK_MEBIBYTES = 1024;

  /// Logs that are cut, memtables that are flushed and versions that are collected while there is
  /// trouble, and rows that do not grow for ever.
  private static final Map<String, String> SMALL =
      Map.of(
          "PARTITA_LOG_SIZE", "64Mi",
          "PARTITA_MEMTABLE_SIZE", "4Mi",
          "PARTITA_RETENTION", "PT15M");

  private final CutNetwork network;
  private final NodeFaults inside;
  private final @Nullable FakeTime fakeTime;
  private final Optional<DiskSpace> smallDisk;

  /// @param directory of the nodes
  /// @param fakeTime what moves the clocks of whole processes; null for those of the nodes alone
  Ground(Path directory, @Nullable FakeTime fakeTime) throws IOException, InterruptedException {
    this.network = new CutNetwork(directory);
    this.inside = new NodeFaults(directory);
    this.fakeTime = fakeTime;
    this.smallDisk = DiskSpace.mount(Nodes.data(directory, SMALL_DISK), SMALL_DISK_MEBIBYTES);
  }

  CutNetwork network() {
    return network;
  }

  NodeFaults inside() {
    return inside;
  }

  /// Empty where only root could have made one.
  Optional<DiskSpace> smallDisk() {
    return smallDisk;
  }

  /// Sets how many seconds a node's clock is ahead, or behind if negative.
  void setClock(int node, int seconds) throws IOException {
    if (fakeTime == null) {
      inside.setClock(node, seconds);
    } else {
      fakeTime.set(node, seconds);
    }
  }

  /// Starts the nodes.
  Nodes start(Path jar, Path directory) throws IOException {
    return Nodes.start(jar, directory, new Nodes.Setup(this, SMALL));
  }

  @Override
  public String advertised(int node, int port) {
    return network.advertised(node, port);
  }

  @Override
  public void open(List<Integer> ports) throws IOException {
    network.open(ports);
  }

  @Override
  public Optional<Path> hostsFile(int node) {
    return network.hostsFile(node);
  }

  @Override
  public Map<String, String> environment(int node) throws IOException {
    return fakeTime == null ? Map.of() : fakeTime.environment(node);
  }

  @Override
  public List<String> javaOptions(int node) {
    return inside.javaOptions(node);
  }

  @Override
  public void close() throws IOException {
    network.close();
    if (smallDisk.isPresent()) {
      smallDisk.get().close();
    }
  }
}
