package dev.partita.local.runner;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.object.Cluster;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What is executed for a pod: its command, environment and directories.
record PodLaunch(
    List<String> command, Map<String, String> environment, Map<String, String> mounts) {
  /// A pod that cannot be started as it is.
  static final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;
    private final String reason;

    RefusedException(String reason, String message) {
      super(message);
      this.reason = reason;
    }

    /// As in the waiting state of a container, such as `CreateContainerConfigError`.
    String reason() {
      return reason;
    }
  }

  /// What is the same for all pods.
  ///
  /// @param hosts the names of pods
  record Settings(Path directory, Path hosts, Map<String, List<String>> images) {
    Settings {
      images = Map.copyOf(images);
    }
  }

  /// Makes the launch of a pod and fills its volumes.
  static PodLaunch of(Cluster cluster, Settings settings, ObjectNode pod, String address)
      throws RefusedException {
    JsonNode container = pod.path("spec").path("containers").path(0);
    Map<String, String> mounts = new Volumes(cluster, settings.directory(), pod).fill(container);
    Map<String, String> environment = new Environment(cluster, pod, address).of(container);
    environment.replaceAll((name, value) -> Expansion.mounts(value, mounts));
    for (JsonNode mount : container.path("volumeMounts")) {
      String name =
          Json.string(mount, "name").toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
      environment.put(
          "PARTITA_MOUNT_" + name, mounts.getOrDefault(Json.string(mount, "mountPath"), ""));
    }
    environment.put("PARTITA_HOSTS_FILE", settings.hosts().toString());
    environment.put("PARTITA_PARENT_PID", Long.toString(ProcessHandle.current().pid()));
    return new PodLaunch(
        command(
            settings,
            container,
            word -> Expansion.variables(Expansion.mounts(word, mounts), environment)),
        environment,
        mounts);
  }

  /// What stands for an image is a command of this machine, whatever the container mounts over its
  /// paths.
  ///
  /// @param inContainer what a word of the container's own is on this machine
  private static List<String> command(
      Settings settings, JsonNode container, UnaryOperator<String> inContainer)
      throws RefusedException {
    List<String> words = new ArrayList<>();
    if (container.path("command").isEmpty()) {
      words.addAll(imageCommand(settings, Json.string(container, "image")));
    }
    Stream.concat(
            Json.strings(container, "command").stream(), Json.strings(container, "args").stream())
        .map(inContainer)
        .forEach(words::add);
    if (words.getFirst().equals("java")) {
      words.set(0, Path.of(System.getProperty("java.home"), "bin", "java").toString());
    }
    return words;
  }

  private static List<String> imageCommand(Settings settings, String image)
      throws RefusedException {
    int tag = image.lastIndexOf(':');
    String untagged = tag > image.lastIndexOf('/') ? image.substring(0, tag) : image;
    List<String> command =
        settings.images().getOrDefault(image, settings.images().getOrDefault(untagged, List.of()));
    if (command.isEmpty()) {
      throw new RefusedException(
          "ErrImagePull",
          "image \"" + image + "\" is not mapped to a command on this machine (--images)");
    }
    return command;
  }

  /// Builds the environment of a container.
  private record Environment(Cluster cluster, ObjectNode pod, String address) {
    /// What a process of this machine needs of its parent's environment.
    private static final List<String> INHERITED =
        List.of("PATH", "HOME", "LANG", "TMPDIR", "JAVA_HOME", "TZ");

    Map<String, String> of(JsonNode container) throws RefusedException {
      Map<String, String> all = new LinkedHashMap<>();
      for (String name : INHERITED) {
        String value = System.getenv(name);
        if (value != null) {
          all.put(name, value);
        }
      }
      all.put("HOSTNAME", Json.string(pod, "metadata", "name"));
      for (JsonNode source : container.path("envFrom")) {
        String prefix = Json.string(source, "prefix");
        data(source.path("configMapRef"), "/configmaps").forEach((k, v) -> all.put(prefix + k, v));
        data(source.path("secretRef"), "/secrets").forEach((k, v) -> all.put(prefix + k, v));
      }
      for (JsonNode variable : container.path("env")) {
        String value =
            variable.has("valueFrom")
                ? reference(variable.path("valueFrom"))
                : Expansion.variables(Json.string(variable, "value"), all);
        all.put(Json.string(variable, "name"), value);
      }
      return all;
    }

    private String reference(JsonNode source) throws RefusedException {
      if (source.has("fieldRef")) {
        return field(Json.string(source, "fieldRef", "fieldPath"));
      }
      boolean secret = source.has("secretKeyRef");
      JsonNode reference = source.path(secret ? "secretKeyRef" : "configMapKeyRef");
      if (reference.isMissingNode()) {
        return "";
      }
      String value =
          data(reference, secret ? "/secrets" : "/configmaps").get(Json.string(reference, "key"));
      if (value == null && !reference.path("optional").asBoolean()) {
        throw new RefusedException(
            "CreateContainerConfigError",
            "couldn't find key "
                + Json.string(reference, "key")
                + " in "
                + Json.string(reference, "name"));
      }
      return value == null ? "" : value;
    }

    private Map<String, String> data(JsonNode reference, String resource) throws RefusedException {
      if (reference.isMissingNode()) {
        return Map.of();
      }
      String name = Json.string(reference, "name");
      ObjectNode found = cluster.find(resource, Json.string(pod, "metadata", "namespace"), name);
      if (found == null && !reference.path("optional").asBoolean()) {
        throw new RefusedException(
            "CreateContainerConfigError",
            resource.substring(1, resource.length() - 1) + " \"" + name + "\" not found");
      }
      return decoded(found, resource.equals("/secrets"));
    }

    private static Map<String, String> decoded(@Nullable ObjectNode object, boolean base64) {
      Map<String, String> data = new TreeMap<>(Json.stringMap(object, "data"));
      if (base64) {
        data.replaceAll(
            (key, value) -> new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8));
      }
      return data;
    }

    private String field(String path) {
      if (path.equals("status.podIP") || path.equals("status.hostIP")) {
        return path.equals("status.podIP") ? address : "127.0.0.1";
      }
      int bracket = path.indexOf("['");
      if (bracket > 0) {
        String map = path.substring("metadata.".length(), bracket);
        return Json.string(pod, "metadata", map, path.substring(bracket + 2, path.length() - 2));
      }
      return Json.string(pod, path.split("\\.", -1));
    }
  }
}
