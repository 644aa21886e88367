package dev.partita.local.runner;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.object.Cluster;
import dev.partita.local.runner.PodLaunch.RefusedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;

/// The volumes of a pod as directories of this machine.
///
/// Claims are `volumes/{namespace}/{claim}`; everything else is below `pods/{namespace}/{pod}`.
final class Volumes {
  private static final FileAttribute<?> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private final Cluster cluster;
  private final Path root;
  private final ObjectNode pod;
  private final String namespace;

  Volumes(Cluster cluster, Path root, ObjectNode pod) {
    this.cluster = cluster;
    this.root = root;
    this.pod = pod;
    this.namespace = Json.string(pod, "metadata", "namespace");
  }

  /// Makes the directories and files.
  ///
  /// @return the directory of each mount path
  Map<String, String> fill(JsonNode container) throws RefusedException {
    Map<String, Path> directories = new HashMap<>();
    for (JsonNode volume : pod.path("spec").path("volumes")) {
      try {
        directories.put(Json.string(volume, "name"), directory(volume));
      } catch (IOException e) {
        throw new RefusedException(
            "CreateContainerError", "volume " + Json.string(volume, "name") + ": " + e);
      }
    }
    Map<String, String> mounts = new HashMap<>();
    for (JsonNode mount : container.path("volumeMounts")) {
      Path directory = directories.get(Json.string(mount, "name"));
      if (directory == null) {
        throw new RefusedException(
            "CreateContainerConfigError",
            "volume " + Json.string(mount, "name") + " is not declared");
      }
      mounts.put(
          Json.string(mount, "mountPath"),
          directory.resolve(Json.string(mount, "subPath")).normalize().toString());
    }
    return mounts;
  }

  /// Writes the files of ConfigMaps and Secrets again, as they are now.
  void refresh() throws IOException, RefusedException {
    for (JsonNode volume : pod.path("spec").path("volumes")) {
      if (volume.has("configMap") || volume.has("secret")) {
        directory(volume);
      }
    }
  }

  private Path directory(JsonNode volume) throws IOException, RefusedException {
    String claim = Json.string(volume, "persistentVolumeClaim", "claimName");
    if (!claim.isEmpty()) {
      ObjectNode found = cluster.find(Cluster.CLAIMS, namespace, claim);
      if (found == null || Json.string(found, "status", "phase").equals("Lost")) {
        throw new RefusedException(
            "CreateContainerConfigError",
            "persistentvolumeclaim \""
                + claim
                + (found == null ? "\" not found" : "\" has lost its volume"));
      }
      return Files.createDirectories(root.resolve("volumes").resolve(namespace).resolve(claim));
    }
    if (volume.has("hostPath")) {
      return Path.of(Json.string(volume, "hostPath", "path"));
    }
    Path directory =
        Files.createDirectories(
            root.resolve("pods")
                .resolve(namespace)
                .resolve(Json.string(pod, "metadata", "name"))
                .resolve(Json.string(volume, "name")));
    if (volume.has("configMap")) {
      write(
          directory,
          volume.path("configMap"),
          "/configmaps",
          Json.string(volume, "configMap", "name"));
    } else if (volume.has("secret")) {
      write(
          directory,
          volume.path("secret"),
          "/secrets",
          Json.string(volume, "secret", "secretName"));
    } else if (!volume.has("emptyDir")) {
      throw new RefusedException(
          "CreateContainerConfigError",
          "volume " + Json.string(volume, "name") + " is of a kind that is not supported here");
    }
    return directory;
  }

  private void write(Path directory, JsonNode source, String resource, String name)
      throws IOException, RefusedException {
    ObjectNode object = cluster.find(resource, namespace, name);
    if (object == null) {
      if (source.path("optional").asBoolean()) {
        return;
      }
      throw new RefusedException(
          "CreateContainerConfigError",
          resource.substring(1, resource.length() - 1) + " \"" + name + "\" not found");
    }
    Map<String, byte[]> files = new HashMap<>();
    boolean secret = resource.equals("/secrets");
    Json.stringMap(object, "data")
        .forEach((key, value) ->
            files.put(key, secret ? decode(value) : value.getBytes(StandardCharsets.UTF_8)));
    Json.stringMap(object, "binaryData").forEach((key, value) -> files.put(key, decode(value)));
    Map<String, String> paths = new HashMap<>();
    source
        .path("items")
        .forEach(item -> paths.put(Json.string(item, "key"), Json.string(item, "path")));
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      if (paths.isEmpty() || paths.containsKey(file.getKey())) {
        replace(
            directory.resolve(paths.getOrDefault(file.getKey(), file.getKey())),
            file.getValue(),
            secret);
      }
    }
  }

  /// Readers see the old or the new content, never a part.
  ///
  /// @param secret whether nobody else on this machine may read it
  private static void replace(Path file, byte[] content, boolean secret) throws IOException {
    Path parent = file.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    Path temporary = file.resolveSibling("." + file.getFileName() + ".new");
    Files.deleteIfExists(temporary);
    if (secret) {
      Files.createFile(temporary, OWNER_ONLY);
    }
    Files.write(temporary, content);
    Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static byte[] decode(String base64) {
    return Base64.getDecoder().decode(base64);
  }
}
