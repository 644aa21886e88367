package dev.partita.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;

/// Faults inside the processes of three nodes, by a [FaultAgent] in each: slow and failing disks,
/// and clocks that are wrong. That is portable: it needs neither root nor a device of the kernel, a
/// compiler or a library. What RocksDB writes is out of its reach; it goes on a disk that is full
/// ([DiskSpace]).
final class NodeFaults {
  private static final int COUNT = 3;

  private final Path directory;
  private final Path agent;
  private final List<Faults> faults = new ArrayList<>();

  /// What a node suffers from.
  private record Faults(int syncDelayMillis, boolean diskFails, int clockSeconds) {
    static final Faults NONE = new Faults(0, false, 0);
  }

  /// None to begin with.
  ///
  /// @param directory for what the agents read
  NodeFaults(Path directory) throws IOException {
    this.directory = directory;
    this.agent = directory.resolve("fault-agent.jar");
    writeAgent(agent, FaultAgent.class);
    for (int node = 0; node < COUNT; node++) {
      faults.add(Faults.NONE);
      set(node, Faults.NONE);
    }
  }

  /// Writes a Java agent that needs no class but its own and the JDK's.
  static void writeAgent(Path jar, Class<?> agent) throws IOException {
    var manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().putValue("Premain-Class", agent.getName());
    List<Class<?>> classes =
        Stream.concat(Stream.of(agent), Stream.of(agent.getDeclaredClasses()))
            .<Class<?>>map(each -> each)
            .toList();
    try (OutputStream file = Files.newOutputStream(jar);
        var entries = new JarOutputStream(file, manifest)) {
      for (Class<?> each : classes) {
        String name = each.getName().replace('.', '/') + ".class";
        entries.putNextEntry(new ZipEntry(name));
        try (InputStream bytes = agent.getResourceAsStream("/" + name)) {
          if (bytes == null) {
            throw new IOException("a class of this program is not where it was loaded: " + name);
          }
          bytes.transferTo(entries);
        }
        entries.closeEntry();
      }
    }
  }

  /// What a node's JVM is started with.
  List<String> javaOptions(int node) {
    return List.of("-javaagent:" + agent + "=" + file(node));
  }

  /// Makes sure that a node has become one that can suffer.
  ///
  /// @param log of the node
  /// @throws IllegalStateException if its classes are not those that the agent changes
  static void requireIn(String log) {
    for (String name : List.of(FaultAgent.DISK_FILE, FaultAgent.CLOCK)) {
      if (!log.contains(FaultAgent.HOOKED + name)) {
        throw new IllegalStateException(
            name + " is not there any more: name in FaultAgent what has taken its place");
      }
    }
  }

  /// Has each sync of a node's log take so much longer.
  void slowDisk(int node, int millis) throws IOException {
    set(node, new Faults(millis, faults.get(node).diskFails(), faults.get(node).clockSeconds()));
  }

  /// Has a node's disk lose what is written next. It stays so until [#repairDisk] and a restart.
  void failDisk(int node) throws IOException {
    set(
        node,
        new Faults(faults.get(node).syncDelayMillis(), true, faults.get(node).clockSeconds()));
  }

  /// Gives a node, when it is started next, a disk that is good and quick.
  void repairDisk(int node) throws IOException {
    set(node, new Faults(0, false, faults.get(node).clockSeconds()));
  }

  /// Sets how many seconds a node's clock is ahead, or behind if negative.
  void setClock(int node, int seconds) throws IOException {
    set(
        node,
        new Faults(faults.get(node).syncDelayMillis(), faults.get(node).diskFails(), seconds));
  }

  private void set(int node, Faults next) throws IOException {
    faults.set(node, next);
    Path written = directory.resolve("faults-" + node + ".next");
    Files.writeString(
        written,
        "%s=%d%n%s=%b%n%s=%d%n"
            .formatted(
                FaultAgent.SYNC_DELAY_MILLIS,
                next.syncDelayMillis(),
                FaultAgent.DISK_FAILS,
                next.diskFails(),
                FaultAgent.CLOCK_SECONDS,
                next.clockSeconds()));
    Files.move(
        written, file(node), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private Path file(int node) {
    return directory.resolve("faults-" + node);
  }
}
