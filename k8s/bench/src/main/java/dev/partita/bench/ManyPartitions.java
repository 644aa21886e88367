package dev.partita.bench;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// What 1,000 Partition resources cost the operator and the API server: a real one, with real
/// nodes.
///
/// Each Partition has one replica: three on every node would be three thousand of them on this one
/// machine, and are the nodes' matter, not the operator's.
final class ManyPartitions {
  private static final int PARTITIONS = 1_000;
  private static final int NODES = 3;
  private static final Duration READY_PATIENCE = Duration.ofMinutes(10);

  /// Figures go into a status ten seconds after they have moved, so that much is waited out first.
  private static final Duration REST = Duration.ofSeconds(30);

  private static final Duration IDLE = Duration.ofMinutes(1);

  private final Path checkout;
  private final Path directory;

  ManyPartitions(Path checkout, Path directory) {
    this.checkout = checkout;
    this.directory = directory;
  }

  void run() throws Exception {
    Table.chapter(
        "Operator: %d Partitions of one replica, %d nodes, a real API server"
            .formatted(PARTITIONS, NODES));
    Path data = Files.createDirectories(directory.resolve("many"));
    try (Operated operated = Operated.kubernetes(checkout, data)) {
      operated.site(NODES);
      Table.line("resident memory of the operator with none: %d MiB", mebibytes(operated));
      Duration before = operated.operatorProcessorTime();
      long start = System.nanoTime();
      for (int number = 0; number < PARTITIONS; number++) {
        operated.partition(
            "many-" + number,
            "collection: many, replicas: 1, range: {start: %d, end: %d}"
                .formatted(number * 10, number * 10 + 10));
      }
      long applied = System.nanoTime();
      Operated.await(
          "all Partitions", READY_PATIENCE, () -> operated.ready("Partition") == PARTITIONS);
      long ready = System.nanoTime();
      Table.line(
          "all applied after %.0f s, all ready after %.0f s; processor time of the operator %.0f s, its writes %d, its resident memory %d MiB",
          (applied - start) / 1e9,
          (ready - start) / 1e9,
          operated.operatorProcessorTime().minus(before).toMillis() / 1e3,
          operated.operatorWrites(),
          mebibytes(operated));
      idle(operated);
    } finally {
      Directories.delete(data);
    }
  }

  private static void idle(Operated operated) throws IOException, InterruptedException {
    Thread.sleep(REST);
    List<String> versions = versions(operated);
    long writes = operated.operatorWrites();
    Duration before = operated.operatorProcessorTime();
    Thread.sleep(IDLE);
    List<String> later = versions(operated);
    long changed = later.stream().filter(version -> !versions.contains(version)).count();
    Table.line(
        "idle for %s: %d writes of the operator, %d Partitions changed by anybody, processor time of the operator %.1f %% of a core, resident memory %d MiB",
        IDLE,
        operated.operatorWrites() - writes,
        changed,
        100.0 * operated.operatorProcessorTime().minus(before).toMillis() / IDLE.toMillis(),
        mebibytes(operated));
  }

  private static List<String> versions(Operated operated) {
    return operated.list("Partition").stream()
        .map(GenericKubernetesResource::getMetadata)
        .map(metadata -> metadata.getName() + " " + metadata.getResourceVersion())
        .toList();
  }

  private static long mebibytes(Operated operated) throws IOException {
    return operated.operatorBytes() >> 20;
  }
}
