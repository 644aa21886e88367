package dev.partita.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.ImageReference;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.JibContainerBuilder;
import com.google.cloud.tools.jib.api.buildplan.AbsoluteUnixPath;
import com.google.cloud.tools.jib.api.buildplan.ImageFormat;
import com.google.cloud.tools.jib.api.buildplan.Platform;
import dev.partita.testbed.DocumentedPage;
import dev.partita.testbed.PageCommands;
import dev.partita.testbed.Shell;
import dev.partita.testbed.Testbed;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/// What is pushed, as a real registry (CNCF Distribution) on loopback has it afterwards: by the
/// commands of `k8s/docs/images.md`, and in detail with contents that are small and made up.
/// [ImageIT] runs the real ones.
@EnabledIfSystemProperty(named = "partita.registry", matches = "true")
class RegistryIT {
  private static final Path CHECKOUT = Path.of(System.getProperty("partita.checkout"));
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  private static final String INDEX = "application/vnd.oci.image.index.v1+json";

  @TempDir private static Path directory;

  private static Process registry;
  private static String host;
  private static Layout layout;

  @BeforeAll
  static void start() throws Exception {
    Path binary = Testbed.built(CHECKOUT.resolve("k8s/testbed/registry/build.sh"));
    host = "127.0.0.1:" + freePort();
    Path configuration =
        Files.writeString(
            directory.resolve("registry.yaml"),
            """
            version: 0.1
            log: {level: warn}
            storage: {filesystem: {rootdirectory: "%s"}}
            http: {addr: "%s"}
            """
                .formatted(directory.resolve("registry"), host));
    registry =
        new ProcessBuilder(binary.toString(), "serve", configuration.toString())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("registry.log").toFile())
            .start();
    await().atMost(PATIENCE).ignoreExceptions().until(() -> get("/v2/", "*/*").statusCode() == 200);
    layout = layout();
  }

  @AfterAll
  static void stop() {
    if (registry != null) {
      registry.destroy();
    }
  }

  /// A program with libraries stands for Java.
  private static Layout layout() throws IOException {
    Layout made = new Layout(directory.resolve("layout"));
    Files.createDirectories(made.java().resolve("bin"));
    Files.createDirectories(made.application().resolve("lib"));
    Files.copy(Path.of("/bin/true"), made.java().resolve("bin/java"));
    Files.writeString(made.application().resolve("lib/library.jar"), "library");
    Files.writeString(made.application().resolve(Layout.JAR), "application");
    return made;
  }

  /// As the page says, with this registry for the one that it names, and with what [ImageIT] has
  /// trained if it ran before.
  @Test
  void theCommandsOfThePageWork() throws Exception {
    PageCommands page = PageCommands.of(CHECKOUT, DocumentedPage.IMAGES, shell());
    List<String> blocks =
        page.blocks("").stream()
            .map(block -> block.replace("registry.example.com/team", host + "/team"))
            .toList();
    assertThat(blocks).hasSize(2);

    page.shell().run(blocks.getFirst());
    for (Application application : Application.ALL) {
      String repository = "team/partita/" + application.name();
      assertThat(manifest(repository, "0.1.0", MANIFEST).path("layers")).hasSize(4);
      assertThat(ImageIT.OUTPUT.resolve("partita-" + application.name() + "-0.1.0.tar")).exists();
    }

    List<String> lines = blocks.getLast().lines().toList();
    assertThat(lines).hasSize(3);
    for (int i = 0; i < 2; i++) {
      page.shell().run(lines.get(i));
    }
    String foreign = ownArchitecture().equals("amd64") ? "arm64" : "amd64";
    for (Application application : Application.ALL) {
      // What the command has pushed was made on this machine.
      pushFor(foreign, "team/partita/" + application.name() + ":0.1.0-" + foreign);
    }
    page.shell().run(lines.getLast());
    for (Application application : Application.ALL) {
      JsonNode index = manifest("team/partita/" + application.name(), "0.1.0", INDEX);
      assertThat(index.path("manifests"))
          .extracting(each -> each.path("platform").path("architecture").asText())
          .containsExactlyInAnyOrder("amd64", "arm64");
    }
    page.assertComplete();
  }

  /// `./partita` without its build, with an output directory of the tests.
  private static Shell shell() {
    Path target = Path.of("target").toAbsolutePath();
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    return Shell.in(CHECKOUT)
        .withCommand(
            "./partita",
            List.of(
                "bash",
                "-c",
                "shift; exec '%s' -XX:+UseSerialGC -Xmx512m -Dpartita.checkout='%s' -cp '%s/classes:%s/lib/*' dev.partita.image.Main \"$@\" --output '%s'"
                    .formatted(java, CHECKOUT, target, target, ImageIT.OUTPUT),
                "partita"));
  }

  private static String ownArchitecture() {
    return System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
  }

  @Test
  void anImageIsPushedWithItsConfigurationAndLayers() throws Exception {
    String pushed = push(Application.NODE, "pushed", Optional.empty());

    assertThat(pushed).isEqualTo(host + "/partita/node:pushed");
    JsonNode manifest = manifest("partita/node", "pushed", MANIFEST);
    JsonNode configuration = configuration("partita/node", manifest);
    assertThat(configuration.path("config").path("User").asText()).isEqualTo("10001:10001");
    assertThat(
            configuration
                .path("config")
                .path("Labels")
                .path("org.opencontainers.image.version")
                .asText())
        .isEqualTo("1.2.3");
    assertThat(manifest.path("layers")).hasSize(4);
    for (JsonNode layer : manifest.path("layers")) {
      HttpResponse<String> blob = blob("partita/node", layer);
      assertThat(blob.statusCode()).isEqualTo(200);
    }
  }

  @Test
  void aBaseComesFromARegistry() throws Exception {
    ImageReference base = ImageReference.parse(host + "/bases/glibc:1");
    Path release = Files.writeString(directory.resolve("base-release"), "a base");
    containerize(base, Jib.fromScratch().addLayer(List.of(release), AbsoluteUnixPath.get("/etc")));

    push(Application.OPERATOR, "based", Optional.of(base.toString()));

    JsonNode layers = manifest("partita/operator", "based", MANIFEST).path("layers");
    assertThat(layers).as("instead of the libraries of this machine").hasSize(4);
    assertThat(layers.path(0).path("digest"))
        .isEqualTo(manifest("bases/glibc", "1", MANIFEST).path("layers").path(0).path("digest"));
  }

  @Test
  void imagesOfSeveralArchitecturesAreJoined() throws Exception {
    push(Application.NODE, "2-one", Optional.empty());
    String own = architecture("2-one");
    String other = own.equals("amd64") ? "arm64" : "amd64";
    pushFor(other, "partita/node:2-other");

    Main.build(directory, join("2", "2-one", "2-other"));

    JsonNode index = manifest("partita/node", "2", INDEX);
    assertThat(index.path("mediaType").asText()).isEqualTo(INDEX);
    assertThat(index.path("manifests")).hasSize(2);
    for (JsonNode each : index.path("manifests")) {
      String platform = each.path("platform").path("architecture").asText();
      assertThat(each.path("platform").path("os").asText()).isEqualTo("linux");
      HttpResponse<String> byTag =
          get(
              "/v2/partita/node/manifests/" + (platform.equals(own) ? "2-one" : "2-other"),
              MANIFEST);
      assertThat(platform).isIn(own, other);
      assertThat(each.path("digest").asText())
          .isEqualTo(byTag.headers().firstValue("Docker-Content-Digest").orElseThrow());
      assertThat(each.path("size").asInt()).isEqualTo(byTag.body().length());
      assertThat(each.path("mediaType").asText()).isEqualTo(MANIFEST);
    }
  }

  @Test
  void whatCannotBeJoinedIsNamed() throws Exception {
    push(Application.NODE, "3-one", Optional.empty());
    pushFor(architecture("3-one"), "partita/node:3-two");

    assertThatThrownBy(() -> Main.build(directory, join("3", "3-one", "3-two")))
        .isInstanceOf(ImageFailure.class)
        .hasMessageContaining("two of [3-one, 3-two] are for linux/");
    assertThatThrownBy(() -> Main.build(directory, join("3", "3-one", "3-three")))
        .isInstanceOf(ImageFailure.class)
        .hasMessageContaining("3-three");
    assertThat(get("/v2/partita/node/manifests/3", INDEX).statusCode()).isEqualTo(404);
  }

  private static String push(Application application, String tag, Optional<String> base) {
    Options options =
        new Options(
            List.of(application), base, Optional.of(host), directory, tag, "1.2.3", List.of());
    return new Image(application, layout, options, directory.resolve("work")).write();
  }

  private static Options join(String tag, String... tags) {
    return new Options(
        List.of(Application.NODE),
        Optional.empty(),
        Optional.of(host),
        directory,
        tag,
        "1.2.3",
        List.of(tags));
  }

  /// An image as a machine of another architecture would have pushed it.
  private static void pushFor(String architecture, String name) throws Exception {
    containerize(
        ImageReference.parse(host + "/" + name),
        Jib.fromScratch()
            .setPlatforms(Set.of(new Platform(architecture, "linux")))
            .addLayer(
                List.of(layout.application().resolve(Layout.JAR)), AbsoluteUnixPath.get("/opt")));
  }

  private static void containerize(ImageReference name, JibContainerBuilder image)
      throws Exception {
    image
        .setFormat(ImageFormat.OCI)
        .containerize(
            Containerizer.to(Registry.image(name))
                .setAllowInsecureRegistries(true)
                .setApplicationLayersCache(directory.resolve("test-layers"))
                .setBaseImageLayersCache(directory.resolve("test-bases")));
  }

  private static String architecture(String tag) throws Exception {
    return configuration("partita/node", manifest("partita/node", tag, MANIFEST))
        .path("architecture")
        .asText();
  }

  private static JsonNode manifest(String repository, String tag, String type) throws Exception {
    HttpResponse<String> answer = get("/v2/" + repository + "/manifests/" + tag, type);
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return JSON.readTree(answer.body());
  }

  private static JsonNode configuration(String repository, JsonNode manifest) throws Exception {
    return JSON.readTree(blob(repository, manifest.path("config")).body());
  }

  private static HttpResponse<String> blob(String repository, JsonNode descriptor)
      throws Exception {
    return get("/v2/" + repository + "/blobs/" + descriptor.path("digest").asText(), "*/*");
  }

  private static HttpResponse<String> get(String path, String type) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://" + host + path)).header("Accept", type).build();
    return HTTP.send(request, BodyHandlers.ofString());
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
