package dev.partita.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.TarImage;
import com.google.cloud.tools.jib.api.buildplan.AbsoluteUnixPath;
import com.google.cloud.tools.jib.api.buildplan.FileEntriesLayer;
import com.google.cloud.tools.jib.api.buildplan.FilePermissions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The images of node and operator, built without base image and network, and run.
class ImageIT {
  /// Where other suites find what was trained here.
  static final Path OUTPUT = Path.of("target/images").toAbsolutePath();

  @TempDir static Path directory;

  @BeforeAll
  static void build() {
    Path checkout = Path.of(System.getProperty("partita.checkout"));
    Main.build(checkout, options(Optional.empty(), OUTPUT));
  }

  @Test
  void whatWasTrainedIsNotTrainedAgain() throws IOException {
    Path cache = new Layout(OUTPUT.resolve("work/node")).cache();
    FileTime trained = Files.getLastModifiedTime(cache);
    Fingerprint other =
        Fingerprint.of(
            Application.OPERATOR,
            Application.NODE.packaged(Path.of(System.getProperty("partita.checkout"))));

    build();

    assertThat(Files.getLastModifiedTime(cache)).isEqualTo(trained);
    assertThat(other.isIn(OUTPUT.resolve("work/node"))).as("with other options").isFalse();
  }

  static List<Application> applications() {
    return Application.ALL;
  }

  @ParameterizedTest
  @MethodSource("applications")
  void theConfigurationSaysWhatItIsAndWhoRunsIt(Application application) throws IOException {
    JsonNode configuration = archive(application).configuration();

    assertThat(configuration.path("os").asText()).isEqualTo("linux");
    JsonNode run = configuration.path("config");
    assertThat(run.path("User").asText()).isEqualTo("10001:10001");
    assertThat(run.path("WorkingDir").asText()).isEqualTo("/opt/partita/app");
    assertThat(run.path("Labels").path("org.opencontainers.image.title").asText())
        .isEqualTo(application.title());
    assertThat(run.path("Labels").path("org.opencontainers.image.version").asText())
        .isEqualTo("1.2.3");
    assertThat(archive(application).entrypoint()).contains("-XX:AOTCache=partita.aot");
  }

  @ParameterizedTest
  @MethodSource("applications")
  void thereIsNoShellAndNothingIsWritable(Application application) throws IOException {
    Path root = archive(application).unpack(directory.resolve(application.name() + "-looked-at"));

    try (Stream<Path> all = Files.walk(root)) {
      List<Path> files = all.filter(Files::isRegularFile).toList();
      Set<String> names =
          files.stream().map(each -> each.getFileName().toString()).collect(Collectors.toSet());
      assertThat(names).contains("partita.aot").doesNotContain("sh", "bash", "busybox", "apt");
      assertThat(names.stream().filter(each -> each.startsWith("librocksdbjni")))
          .hasSize(application.equals(Application.NODE) ? 1 : 0);
      assertThat(files)
          .allSatisfy(each ->
              assertThat(Files.getPosixFilePermissions(each).toString())
                  .doesNotContain("GROUP_WRITE", "OTHERS_WRITE"));
    }
  }

  @ParameterizedTest
  @MethodSource("applications")
  void itRunsOnAReadOnlyRootAsAnOrdinaryUserWithItsCache(Application application) throws Exception {
    assumeRoot();
    Path root = archive(application).unpack(directory.resolve(application.name() + "-run"));
    try (Container container =
        Container.start(application, archive(application).entrypoint(), root)) {
      container.awaitReady();

      application.exercise().run(container.requests());

      assertThat(container.kernelStatus())
          .containsPattern("Uid:\\s+10001\\s+10001\\s+10001\\s+10001")
          .containsPattern("Gid:\\s+10001\\s+10001\\s+10001\\s+10001");
    }
  }

  /// That it is ready within two seconds of a free core is a figure that this prints, and that the
  /// page tells as it was measured; what holds on every machine is what the cache saves.
  @Test
  void aNodeIsReadyInAFractionOfTheTimeThatItTakesWithoutItsCache() throws Exception {
    assumeRoot();
    Archive node = archive(Application.NODE);
    Path root = node.unpack(directory.resolve("node-timed"));
    Duration without = untilReady(node, root, "off");
    Duration with = untilReady(node, root, "on");
    assertThat(with.multipliedBy(3)).isLessThan(without.multipliedBy(2));
  }

  private static Duration untilReady(Archive node, Path root, String cache) throws Exception {
    try (Container container =
        Container.start(Application.NODE, node.entrypoint(), root, "-XX:AOTMode=" + cache)) {
      container.awaitReady();
      Duration taken = container.processorTime();
      System.out.printf(
          "node image, cache %s: ready after %d ms of processor time; it says %s%n",
          cache, taken.toMillis(), container.started());
      return taken;
    }
  }

  /// While a split is made, writes wait; a first one that finds its code in many files waits long.
  @Test
  void aNodeHasItsCodeInTheCacheBeforeItDoesAnythingForTheFirstTime() throws Exception {
    assumeRoot();
    Archive node = archive(Application.NODE);
    Path root = node.unpack(directory.resolve("node-watched"));
    String options = "-XX:AOTMode=on -Xlog:class+load:file=/tmp/classes";
    try (Container container =
        Container.start(Application.NODE, node.entrypoint(), root, options)) {
      container.awaitReady();
      int before = container.lines("/tmp/classes").size();
      Application.NODE.exercise().run(container.requests());

      List<String> loaded = container.lines("/tmp/classes");
      List<String> found =
          loaded.subList(before, loaded.size()).stream()
              .filter(line -> line.contains(" dev.partita.") && line.contains("source: file:"))
              .toList();
      assertThat(loaded).hasSizeGreaterThan(before);
      assertThat(found).isEmpty();
    }
  }

  /// A base that brings glibc and nothing else, saved as `docker save` does.
  @Test
  void aBaseMayBringTheCLibrary() throws Exception {
    assumeRoot();
    Layout layout = new Layout(OUTPUT.resolve("work/operator"));
    Path base = base(layout);
    Options options = options(Optional.of("tar://" + base), directory.resolve("based"));

    String tar =
        new Image(Application.OPERATOR, layout, options, directory.resolve("based/work")).write();

    Archive archive = Archive.open(Path.of(tar), directory.resolve("based/oci"));
    Path root = archive.unpack(directory.resolve("based/run"));
    assertThat(root.resolve("etc/base-release")).hasContent("a base");
    assertThat(root.resolve("etc/passwd"))
        .as("comes with the libraries of this machine")
        .doesNotExist();
    try (Container container = Container.start(Application.OPERATOR, archive.entrypoint(), root)) {
      container.awaitReady();
    }
  }

  private static Path base(Layout layout) throws Exception {
    FileEntriesLayer.Builder files = FileEntriesLayer.builder();
    for (Path library : SystemLibraries.neededBy(layout)) {
      files.addEntry(
          library.toRealPath(),
          AbsoluteUnixPath.fromPath(library),
          FilePermissions.fromOctalString("755"));
    }
    Path release = Files.writeString(directory.resolve("base-release"), "a base");
    files.addEntry(release, AbsoluteUnixPath.get("/etc/base-release"));
    Path tar = directory.resolve("base.tar");
    Jib.fromScratch()
        .addFileEntriesLayer(files.build())
        .containerize(
            Containerizer.to(TarImage.at(tar).named("base"))
                .setOfflineMode(true)
                .setApplicationLayersCache(directory.resolve("base-cache"))
                .setBaseImageLayersCache(directory.resolve("base-cache")));
    return tar;
  }

  private static Options options(Optional<String> base, Path output) {
    return new Options(Application.ALL, base, Optional.empty(), output, "test", "1.2.3", List.of());
  }

  private static Archive archive(Application application) throws IOException {
    Path opened = directory.resolve(application.name() + "-oci");
    return Files.exists(opened)
        ? new Archive(opened)
        : Archive.open(OUTPUT.resolve("partita-" + application.name() + "-test.tar"), opened);
  }

  private static void assumeRoot() {
    assumeThat(System.getProperty("user.name")).as("only root may mount").isEqualTo("root");
  }
}
