package dev.partita.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// An OCI archive, unpacked as far as its blobs.
record Archive(Path directory) {
  private static final ObjectMapper JSON = new ObjectMapper();

  static Archive open(Path tar, Path directory) throws IOException {
    Shell.run(Files.createDirectories(directory), List.of("tar", "xf", tar.toString()));
    return new Archive(directory);
  }

  /// What the image says of itself: platform, user, entry point.
  JsonNode configuration() throws IOException {
    return blob(manifest().path("config"));
  }

  List<String> entrypoint() throws IOException {
    return configuration()
        .path("config")
        .path("Entrypoint")
        .valueStream()
        .map(JsonNode::asText)
        .toList();
  }

  /// Its root file system, as a container runtime would lay it out.
  Path unpack(Path root) throws IOException {
    Files.createDirectories(root);
    for (JsonNode layer : manifest().path("layers")) {
      Shell.run(root, List.of("tar", "xzf", file(layer).toString(), "--no-same-owner"));
    }
    return root;
  }

  private JsonNode manifest() throws IOException {
    return blob(JSON.readTree(directory.resolve("index.json").toFile()).path("manifests").path(0));
  }

  private JsonNode blob(JsonNode descriptor) throws IOException {
    return JSON.readTree(file(descriptor).toFile());
  }

  private Path file(JsonNode descriptor) {
    return directory.resolve("blobs").resolve(descriptor.path("digest").asText().replace(':', '/'));
  }
}
