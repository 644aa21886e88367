package dev.partita.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.partita.bench.DocumentRequests.Outcome;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.RocksDBException;

/// Three node processes, as packaged, and what becomes of their disks: with a small log, so that it
/// is cut and snapshots are needed soon.
class ClusterDiskIT {
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final int LOG_MEBIBYTES = 64;
  private static final Map<String, String> SMALL =
      Map.of("PARTITA_LOG_SIZE", LOG_MEBIBYTES + "Mi", "PARTITA_MEMTABLE_SIZE", "2Mi");

  /// Segments of 8 MiB, and one more while the log is being cut.
  private static final int SEGMENTS_MAX = LOG_MEBIBYTES / 8 + 1;

  private static final int BULK_CHARACTERS = 256 << 10;

  @TempDir Path directory;

  // Every test begins with start(), some after they have made a disk.
  @SuppressWarnings("NullAway.Init")
  private Nodes nodes;

  @SuppressWarnings("NullAway.Init")
  private DocumentRequests documents;

  private final long seed = Ledger.seed();
  private final SplittableRandom random = new SplittableRandom(seed);
  private int bulk;

  private void start() throws IOException {
    nodes = LedgerNodes.start(directory, new Nodes.Setup(Nodes.Wiring.LOOPBACK, SMALL));
    documents = new DocumentRequests(nodes);
  }

  @AfterEach
  void stop() {
    if (nodes != null) {
      nodes.close();
    }
  }

  /// RocksDB tells of a flush on a thread of its own, which sees only what the system class loader
  /// has: a packaged node has to have the engine there.
  @Test
  void thePackagedEngineHearsOfFlushes() throws Exception {
    start();
    while (counter(0, "partita_storage_flushed_bytes_total") == 0) {
      writeBulk(0);
    }
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(counter(0, "partita_storage_flushes_total")).isPositive());
  }

  private double counter(int node, String name) throws IOException {
    try (HttpConnection connection = new HttpConnection(nodes.address(node))) {
      return connection
          .send("GET", "/metrics", new byte[0])
          .body()
          .lines()
          .filter(line -> line.startsWith(name + " "))
          .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
          .findFirst()
          .orElse(0);
    }
  }

  @Test
  void theLogIsCutWhenItsWritesAreFlushed() throws Exception {
    start();
    while (segments(0).getLast() < SEGMENTS_MAX + 3) {
      writeBulk(0);
    }
    for (int node = 0; node < 3; node++) {
      int number = node;
      await()
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThat(segments(number)).hasSizeBetween(1, SEGMENTS_MAX));
    }
  }

  @Test
  void aNodeThatIsKilledInTheMiddleOfASnapshotCatchesUpAndAgrees() throws Exception {
    start();
    try (Ledger ledger = new Ledger(documents, "snapshot", seed)) {
      ledger.awaitProgress();
      int victim = (nodes.leader(LedgerNodes.PARTITION) + 1 + random.nextInt(2)) % 3;
      nodes.kill(victim);
      outgrowLog(victim);

      // At the first sight of a snapshot that comes in, then somewhere in the middle of one, then
      // about when it is installed.
      for (int round = 0; round < 3; round++) {
        nodes.restart(victim);
        awaitIncoming(victim, round);
        nodes.kill(victim);
        if (round == 0) {
          assertThat(incoming(victim)).as("what was being received").isNotEmpty();
        }
      }
      nodes.restart(victim);
      nodes.awaitReady(victim);
      nodes.awaitCaughtUp(LedgerNodes.PARTITION);
      ledger.awaitProgress();
      ledger.check();
    }
    assertReplicasAgree();
  }

  @Test
  void aFullDiskStopsItsNodeLoudlyAndNothingIsLost() throws Exception {
    int victim = random.nextInt(3);
    Optional<DiskSpace> small = DiskSpace.mount(Nodes.data(directory, victim), 2 * LOG_MEBIBYTES);
    assumeTrue(small.isPresent(), "only root can mount the small file system that this test fills");
    try (DiskSpace disk = small.get()) {
      start();
      try (Ledger ledger = new Ledger(documents, "full", seed)) {
        ledger.awaitProgress();
        disk.fill();
        while (nodes.isAlive(victim)) {
          writeBulk((victim + 1) % 3);
        }
        assertThat(nodes.awaitExit(victim)).as("exit code").isNotZero();
        assertThat(nodes.log(victim))
            .contains("the node cannot go on and stops", nodes.data(victim).toString());
        ledger.awaitProgress();

        disk.fill();
        int logged = nodes.log(victim).length();
        nodes.restart(victim);
        assertThat(nodes.awaitExit(victim)).as("exit code on a full disk").isNotZero();
        assertThat(nodes.log(victim).substring(logged)).contains(nodes.data(victim).toString());
        ledger.awaitProgress();

        disk.free();
        nodes.restart(victim);
        nodes.awaitReady(victim);
        nodes.awaitCaughtUp(LedgerNodes.PARTITION);
        ledger.awaitProgress();
        ledger.check();
      }
      assertReplicasAgree();
    } finally {
      stop();
    }
  }

  // Load

  private void writeBulk(int node) {
    StringBuilder text = new StringBuilder(BULK_CHARACTERS);
    while (text.length() < BULK_CHARACTERS) {
      text.append(Long.toHexString(random.nextLong()));
    }
    String key = "bulk-" + bulk++;
    String document = "{\"text\":\"" + text + "\"}";
    await()
        .atMost(PATIENCE)
        .until(() -> documents.put(node, key, "", document) instanceof Outcome.Done);
  }

  /// Writes until no other node has in its log what a node that is down needs next.
  private void outgrowLog(int down) throws IOException {
    int one = (down + 1) % 3;
    int other = (down + 2) % 3;
    long lastNeeded = Math.max(segments(one).getLast(), segments(other).getLast());
    while (segments(one).getFirst() <= lastNeeded || segments(other).getFirst() <= lastNeeded) {
      writeBulk(one);
    }
  }

  // Files

  /// The numbers of a node's log segments.
  private List<Long> segments(int node) throws IOException {
    try (Stream<Path> files = Files.list(nodes.data(node).resolve("raft/log"))) {
      return files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(name -> name.endsWith(".log"))
          .map(name -> Long.parseLong(name.substring(0, name.length() - ".log".length()), 16))
          .sorted()
          .toList();
    }
  }

  private void awaitIncoming(int node, int round) {
    await()
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(2))
        .until(() -> !incoming(node).isEmpty());
    long most = (long) bulk * BULK_CHARACTERS;
    long enough = round == 0 ? 0 : random.nextLong(most);
    await()
        .atMost(PATIENCE)
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(2))
        .until(() -> {
          List<Path> files = incoming(node);
          return files.isEmpty() || (round < 2 && sizeOf(files) >= enough);
        });
  }

  /// The files of snapshots that a node is receiving.
  private List<Path> incoming(int node) throws IOException {
    Path snapshots = nodes.data(node).resolve("raft/snapshots");
    if (!Files.exists(snapshots)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(snapshots)) {
      return files.filter(file -> snapshots.relativize(file).toString().startsWith("in-")).toList();
    } catch (UncheckedIOException e) {
      // A directory went away meanwhile.
      return incoming(node);
    }
  }

  private static long sizeOf(List<Path> files) {
    long size = 0;
    for (Path file : files) {
      try {
        size += Files.isRegularFile(file) ? Files.size(file) : 0;
      } catch (IOException e) {
        // It went away meanwhile.
      }
    }
    return size;
  }

  /// Stops all nodes in order and compares what they have stored.
  private void assertReplicasAgree() throws IOException, RocksDBException {
    nodes.awaitCaughtUp(LedgerNodes.PARTITION);
    for (int node = 0; node < 3; node++) {
      nodes.terminate(node);
    }
    for (int node = 0; node < 3; node++) {
      nodes.awaitExit(node);
    }
    StoredRows first = StoredRows.of(nodes.data(0));
    assertThat(StoredRows.of(nodes.data(1))).isEqualTo(first);
    assertThat(StoredRows.of(nodes.data(2))).isEqualTo(first);
  }
}
