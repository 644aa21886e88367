package dev.partita.local.runner;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/// The names of pods in the format of `/etc/hosts`: there is no DNS server here.
final class HostsFile {
  private final Path file;
  private List<String> written = List.of();

  HostsFile(Path file) {
    this.file = file;
  }

  /// Writes the names of all pods that belong to a headless service. Does nothing when they are as
  /// they were.
  synchronized void write(List<ObjectNode> pods, Addresses addresses) {
    TreeMap<String, String> lines = new TreeMap<>();
    for (ObjectNode pod : pods) {
      String service = Json.string(pod, "spec", "subdomain");
      String host = Json.string(pod, "spec", "hostname");
      if (!service.isEmpty() && !host.isEmpty()) {
        String namespace = Json.string(pod, "metadata", "namespace");
        String name = host + "." + service + "." + namespace + ".svc";
        String address = addresses.of(namespace, Json.string(pod, "metadata", "name"));
        lines.put(
            name,
            address
                + " "
                + name
                + ".cluster.local "
                + name
                + " "
                + host
                + "."
                + service
                + "."
                + namespace
                + " "
                + host
                + "."
                + service);
      }
    }
    List<String> content = new ArrayList<>(lines.values());
    if (!content.equals(written) || !Files.exists(file)) {
      replace(content);
      written = content;
    }
  }

  private void replace(List<String> lines) {
    try {
      Path temporary = file.resolveSibling(file.getFileName() + ".new");
      Files.write(temporary, lines);
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
