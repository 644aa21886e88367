package dev.partita.launcher;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The site of the samples with its partitions, indexes and data, once it is applied to a cluster.
final class SampleSite {
  private static final long POLL_MILLIS = 250;
  private static final long PROGRESS_DOCUMENTS = 20_000;

  /// The custom resources: kind to plural.
  static final Map<String, String> KINDS =
      Map.of("Site", "sites", "Partition", "partitions", "Index", "indexes");

  private final Cluster cluster;
  private final Progress progress;
  private final List<HasMetadata> samples;

  SampleSite(Cluster cluster, Progress progress, List<HasMetadata> samples) {
    this.cluster = cluster;
    this.progress = progress;
    this.samples = samples;
  }

  /// Waits until all samples are ready.
  ///
  /// @param obstacle says what keeps them from it for good, if anything does; asked now and then
  /// @throws LaunchFailure when something does, or the time is over
  void awaitReady(Duration timeout, Supplier<Optional<String>> obstacle)
      throws InterruptedException {
    progress.step("waiting for " + samples.size() + " resources to be ready");
    long deadline = System.nanoTime() + timeout.toNanos();
    String shown = "";
    while (true) {
      Readiness readiness = readiness();
      if (!readiness.line().equals(shown)) {
        shown = readiness.line();
        progress.detail(shown);
      }
      if (readiness.waitingFor() == null) {
        return;
      }
      obstacle
          .get()
          .ifPresent(reason -> {
            throw new LaunchFailure(reason);
          });
      if (System.nanoTime() > deadline) {
        throw new LaunchFailure(
            "not ready after " + timeout.toMinutes() + " minutes: " + readiness.waitingFor());
      }
      Thread.sleep(POLL_MILLIS);
    }
  }

  /// Loads the sample data where it is not there already.
  void load(Loader loader) {
    long characters = SampleData.characterCount();
    if (loader.has(SampleData.CHARACTERS, characters)) {
      progress.step("found the sample data of an earlier run");
      return;
    }
    progress.step("loading " + characters + " characters of the Unicode character database");
    long[] nextReport = {PROGRESS_DOCUMENTS};
    loader.load(
        SampleData.CHARACTERS,
        SampleData.characters(),
        loaded -> {
          if (loaded >= nextReport[0]) {
            progress.detail(loaded + " loaded");
            nextReport[0] += PROGRESS_DOCUMENTS;
          }
        });
    loader.load(SampleData.BLOCKS, SampleData.blocks(), loaded -> {});
  }

  private Readiness readiness() {
    int ready = 0;
    String waitingFor = null;
    for (Map.Entry<String, String> kind : KINDS.entrySet()) {
      for (GenericKubernetesResource resource : cluster.list(kind.getKey(), kind.getValue())) {
        if (!isSample(resource)) {
          continue;
        }
        if (Cluster.status(resource, "Ready", "status").equals("True")) {
          ready++;
        } else {
          waitingFor =
              kind.getKey()
                  + " "
                  + resource.getMetadata().getName()
                  + ": "
                  + Cluster.status(resource, "Ready", "message");
        }
      }
    }
    if (waitingFor == null && ready < samples.size()) {
      waitingFor = "resources to appear";
    }
    return new Readiness(ready + " of " + samples.size() + " ready", waitingFor);
  }

  private record Readiness(String line, @Nullable String waitingFor) {}

  private boolean isSample(GenericKubernetesResource resource) {
    return samples.stream()
        .anyMatch(sample ->
            sample.getKind().equals(resource.getKind())
                && sample.getMetadata().getName().equals(resource.getMetadata().getName()));
  }
}
