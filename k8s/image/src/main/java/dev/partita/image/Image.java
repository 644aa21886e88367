package dev.partita.image;

import com.google.cloud.tools.jib.api.CacheDirectoryCreationException;
import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.ImageReference;
import com.google.cloud.tools.jib.api.InvalidImageReferenceException;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.JibContainerBuilder;
import com.google.cloud.tools.jib.api.RegistryException;
import com.google.cloud.tools.jib.api.TarImage;
import com.google.cloud.tools.jib.api.buildplan.AbsoluteUnixPath;
import com.google.cloud.tools.jib.api.buildplan.FileEntriesLayer;
import com.google.cloud.tools.jib.api.buildplan.FilePermissions;
import com.google.cloud.tools.jib.api.buildplan.ImageFormat;
import com.google.cloud.tools.jib.api.buildplan.Platform;
import com.google.cloud.tools.jib.api.buildplan.Port;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;

/// Makes an image of a layout: non-root, without a shell, with nothing to write but `/tmp` and the
/// data volume.
final class Image {
  /// The user of node and operator pods.
  private static final String USER = "10001:10001";

  private static final String PASSWD =
      "root:x:0:0:root:/:/none\npartita:x:10001:10001:partita:/tmp:/none\n";
  private static final String GROUP = "root:x:0:\npartita:x:10001:\n";

  private final Application application;
  private final Layout layout;
  private final Options options;
  private final Path work;

  Image(Application application, Layout layout, Options options, Path work) {
    this.application = application;
    this.layout = layout;
    this.options = options;
    this.work = work;
  }

  /// Builds it, and pushes it or writes the archive.
  ///
  /// @return where it is
  String write() {
    try {
      Files.createDirectories(options.output());
      String name = options.repository(application) + ":" + options.tag();
      Path tar =
          options.output().resolve("partita-" + application.name() + "-" + options.tag() + ".tar");
      Containerizer target =
          options.registry().isPresent()
              ? Containerizer.to(Registry.image(ImageReference.parse(name)))
              : Containerizer.to(TarImage.at(tar).named(name));
      List<ImageReference> remote = remote(name);
      builder()
          .containerize(
              target
                  .setOfflineMode(remote.isEmpty())
                  .setAllowInsecureRegistries(remote.stream().allMatch(Registry::isOnThisMachine))
                  .setToolName("partita")
                  .setBaseImageLayersCache(work.resolve("base-layers"))
                  .setApplicationLayersCache(work.resolve("layers")));
      return options.registry().isPresent() ? name : tar.toString();
    } catch (IOException | InvalidImageReferenceException | CacheDirectoryCreationException e) {
      throw new ImageFailure("cannot build the image: " + e.getMessage(), e);
    } catch (RegistryException | ExecutionException e) {
      throw new ImageFailure(
          "the registry refuses: "
              + e.getMessage()
              + " (base image: "
              + options.base().orElse(Options.SCRATCH)
              + ")",
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ImageFailure("interrupted", e);
    }
  }

  /// The images in registries that take part.
  private List<ImageReference> remote(String name) throws InvalidImageReferenceException {
    List<ImageReference> remote = new ArrayList<>();
    if (options.registry().isPresent()) {
      remote.add(ImageReference.parse(name));
    }
    if (options.base().isPresent() && !isFile(options.base().get())) {
      remote.add(ImageReference.parse(options.base().get()));
    }
    return remote;
  }

  private static boolean isFile(String base) {
    return base.startsWith(Jib.TAR_IMAGE_PREFIX);
  }

  private static JibContainerBuilder from(String base) throws InvalidImageReferenceException {
    return isFile(base) ? Jib.from(base) : Jib.from(Registry.image(ImageReference.parse(base)));
  }

  private JibContainerBuilder builder() throws IOException, InvalidImageReferenceException {
    boolean arm = System.getProperty("os.arch").equals("aarch64");
    JibContainerBuilder builder =
        options.base().isPresent() ? from(options.base().get()) : Jib.fromScratch();
    if (options.base().isEmpty()) {
      builder.addFileEntriesLayer(system());
    }
    return builder
        .setPlatforms(Set.of(new Platform(arm ? "arm64" : "amd64", "linux")))
        .setFormat(ImageFormat.OCI)
        .setCreationTime(Layout.TIME)
        .addFileEntriesLayer(layer("runtime", layout.java(), Layout.JAVA))
        .addFileEntriesLayer(
            layer("libraries", layout.application().resolve("lib"), Layout.APPLICATION + "/lib"))
        .addFileEntriesLayer(applicationLayer())
        .setWorkingDirectory(AbsoluteUnixPath.get(Layout.APPLICATION))
        .setEntrypoint(
            Training.command(
                Layout.JAVA + "/bin/java", "-XX:AOTCache=" + Layout.CACHE, application))
        .setEnvironment(Map.of("LANG", "C.UTF-8", "HOME", "/tmp"))
        .setUser(USER)
        .setExposedPorts(Set.of(Port.tcp(8080)))
        .setLabels(
            Map.of(
                "org.opencontainers.image.title", application.title(),
                "org.opencontainers.image.version", options.version(),
                "org.opencontainers.image.licenses", "Apache-2.0",
                "org.opencontainers.image.base.name", options.base().orElse(Options.SCRATCH)));
  }

  /// What a base image would bring.
  private FileEntriesLayer system() throws IOException {
    FileEntriesLayer.Builder builder = FileEntriesLayer.builder().setName("system");
    for (Path library : SystemLibraries.neededBy(layout)) {
      builder.addEntry(
          library.toRealPath(),
          AbsoluteUnixPath.fromPath(library),
          FilePermissions.fromOctalString("755"),
          Layout.TIME);
    }
    Path etc = Files.createDirectories(work.resolve("etc"));
    Path tmp = Files.createDirectories(work.resolve("tmp"));
    return builder
        .addEntry(
            Files.writeString(etc.resolve("passwd"), PASSWD), AbsoluteUnixPath.get("/etc/passwd"))
        .addEntry(
            Files.writeString(etc.resolve("group"), GROUP), AbsoluteUnixPath.get("/etc/group"))
        .addEntry(
            tmp, AbsoluteUnixPath.get("/tmp"), FilePermissions.fromOctalString("777"), Layout.TIME)
        .build();
  }

  /// Everything of the application but its libraries, which change more rarely.
  private FileEntriesLayer applicationLayer() throws IOException {
    FileEntriesLayer.Builder builder = FileEntriesLayer.builder().setName("application");
    try (var entries = Files.list(layout.application())) {
      for (Path entry :
          entries.filter(each -> !each.getFileName().toString().equals("lib")).sorted().toList()) {
        addRecursively(builder, entry, Layout.APPLICATION + "/" + entry.getFileName().toString());
      }
    }
    return builder.build();
  }

  private static FileEntriesLayer layer(String name, Path from, String to) throws IOException {
    FileEntriesLayer.Builder builder = FileEntriesLayer.builder().setName(name);
    addRecursively(builder, from, to);
    return builder.build();
  }

  private static void addRecursively(FileEntriesLayer.Builder builder, Path from, String to)
      throws IOException {
    builder.addEntryRecursive(
        from,
        AbsoluteUnixPath.get(to),
        (source, target) ->
            FilePermissions.fromOctalString(
                Files.isDirectory(source) || Files.isExecutable(source) ? "755" : "644"),
        (source, target) -> Layout.TIME);
  }
}
