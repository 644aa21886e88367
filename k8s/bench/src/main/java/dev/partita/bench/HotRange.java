package dev.partita.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// Writes into one range over time: while it splits and spreads by itself, and pinned.
///
/// It is split by its size, which is judged at once: by load a range is left alone for five minutes
/// first. On one machine all nodes share the processors, so that the two differ only by what one
/// group and its leader cannot do alone, less what splitting costs.
final class HotRange {
  private static final int NODES = 3;
  private static final int WRITERS = 16;
  private static final int DOCUMENT_BYTES = 1_000;
  private static final long KEYS = 1L << 40;
  private static final Duration LENGTH = Duration.ofMinutes(2);
  private static final Duration EDGE = Duration.ofSeconds(20);
  private static final Duration INTERVAL = Duration.ofSeconds(1);
  private static final Duration READY_PATIENCE = Duration.ofMinutes(5);
  private static final String SPLITS = "split: {maxSize: 32Mi, mode: Auto}, ";

  private final Path checkout;
  private final Path directory;

  HotRange(Path checkout, Path directory) {
    this.checkout = checkout;
    this.directory = directory;
  }

  /// What one run has shown.
  private record Run(List<Double> rates, long parts, long refused) {
    double first() {
      return mean(rates.subList(0, (int) EDGE.toSeconds()));
    }

    double last() {
      return mean(rates.subList(rates.size() - (int) EDGE.toSeconds(), rates.size()));
    }

    private static double mean(List<Double> rates) {
      return rates.stream().mapToDouble(Double::doubleValue).average().orElse(0);
    }
  }

  /// @param plot where the curves are drawn
  void run(Path plot) throws Exception {
    Table.chapter(
        "Hot range: %d writers of 1 KB into one range of %d nodes, for %s"
            .formatted(WRITERS, NODES, LENGTH));
    Run pinned = measure("pinned", "");
    Run split = measure("splitting", SPLITS);
    print("pinned", pinned);
    print("splitting at 32 MiB", split);
    Table.line("in the end, splitting / pinned: %.2f", split.last() / pinned.last());
    Files.writeString(
        plot,
        Plot.svg(
            "Writes into one hot range",
            "seconds",
            "writes / s",
            List.of(
                new Plot.Curve("pinned", pinned.rates()),
                new Plot.Curve("splitting and spreading", split.rates()))));
    Table.line("plotted in %s", plot);
  }

  private static void print(String what, Run run) {
    Table.line(
        "%s: %.0f writes /s in the first %d s, %.0f /s in the last; %d partitions; %d refused and written again",
        what, run.first(), EDGE.toSeconds(), run.last(), run.parts(), run.refused());
  }

  private Run measure(String name, String split) throws IOException, InterruptedException {
    Path data = Files.createDirectories(directory.resolve("hot-" + name));
    try (Operated operated = Operated.local(checkout, data, NODES)) {
      operated.site(NODES);
      operated.partition("hot", split + "collection: hot, range: {start: 0, end: " + KEYS + "}");
      Operated.await("the Partition", READY_PATIENCE, () -> operated.ready("Partition") == 1);
      Foreground.Target anywhere =
          random -> "/v1/collections/hot/documents/" + random.nextLong(KEYS);
      try (Foreground foreground =
          Foreground.start(WRITERS, operated.nodes(), DOCUMENT_BYTES, anywhere)) {
        long begun = System.nanoTime();
        Thread.sleep(LENGTH);
        long ended = System.nanoTime();
        long parts =
            operated.list("Partition").stream()
                .filter(each -> each.get("status", "children") == null)
                .count();
        return new Run(foreground.rates(begun, ended, INTERVAL), parts, foreground.refused());
      }
    } finally {
      Directories.delete(data);
    }
  }
}
