package dev.partita.local;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.local.json.Json;
import dev.partita.local.runner.NodeSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/// Starts a local control plane from the command line and writes its kubeconfig.
///
/// Options: `--dir DIR` (state, default `.partita/control-plane`), `--port N` (default 0, any free
/// one), `--nodes N` (default 3), `--topology cloud/region/zone,...` (one node for each entry,
/// instead of `--nodes`), `--images FILE` (JSON, image to command), `--kubeconfig FILE` (default
/// `DIR/kubeconfig`), `--hosts FILE` (names of pods, default `DIR/hosts`; control planes that share
/// it have pods that find each other). Prints one line when it is ready; SIGTERM or SIGINT stop it.
public final class Main {
  private Main() {}

  /// Runs until the process is told to end.
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Map<String, String> options = options(arguments);
    Path directory =
        Path.of(options.getOrDefault("--dir", ".partita/control-plane")).toAbsolutePath();
    LocalControlPlane plane =
        LocalControlPlane.start(
            new LocalControlPlane.Settings(
                directory,
                Integer.parseInt(options.getOrDefault("--port", "0")),
                nodes(options),
                images(options),
                Path.of(options.getOrDefault("--hosts", directory.resolve("hosts").toString()))));
    CountDownLatch ended = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> {
              plane.close();
              ended.countDown();
            }));
    Path kubeconfig =
        Path.of(options.getOrDefault("--kubeconfig", directory.resolve("kubeconfig").toString()));
    writePrivately(kubeconfig, plane.kubeconfig());
    System.out.println(
        "local control plane ready: https://127.0.0.1:"
            + plane.port()
            + " kubeconfig "
            + kubeconfig);
    ended.await();
  }

  private static Map<String, String> options(String[] arguments) {
    List<String> known =
        List.of("--dir", "--port", "--nodes", "--topology", "--images", "--kubeconfig", "--hosts");
    Map<String, String> options = new HashMap<>();
    for (int i = 0; i < arguments.length; i += 2) {
      if (!known.contains(arguments[i]) || i + 1 == arguments.length) {
        System.err.println("usage: " + String.join(" VALUE ", known) + " VALUE");
        System.exit(2);
      }
      options.put(arguments[i], arguments[i + 1]);
    }
    return options;
  }

  private static List<NodeSpec> nodes(Map<String, String> options) {
    String topology = options.getOrDefault("--topology", "");
    if (topology.isEmpty()) {
      return NodeSpec.local(Integer.parseInt(options.getOrDefault("--nodes", "3")));
    }
    List<NodeSpec> nodes = new ArrayList<>();
    for (String entry : topology.split(",", -1)) {
      String[] parts = entry.split("/", -1);
      nodes.add(new NodeSpec("local-" + nodes.size(), parts[0], parts[1], parts[2]));
    }
    return nodes;
  }

  private static Map<String, List<String>> images(Map<String, String> options) throws IOException {
    String file = options.getOrDefault("--images", "");
    Map<String, List<String>> images = new HashMap<>();
    if (!file.isEmpty()) {
      try {
        for (Map.Entry<String, JsonNode> image :
            Json.parseObject(Files.readAllBytes(Path.of(file))).properties()) {
          images.put(image.getKey(), Json.strings(image.getValue()));
        }
      } catch (Json.MalformedException e) {
        throw new IOException(file + " is not valid: " + e.getMessage(), e);
      }
    }
    return images;
  }

  /// Who can read the token can start processes as this user.
  private static void writePrivately(Path file, String text) throws IOException {
    Files.deleteIfExists(file);
    Path parent = file.toAbsolutePath().getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(file, text, StandardOpenOption.TRUNCATE_EXISTING);
  }
}
