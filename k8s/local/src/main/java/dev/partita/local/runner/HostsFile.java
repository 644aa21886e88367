package dev.partita.local.runner;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The names of pods in the format of `/etc/hosts`: there is no DNS server here.
///
/// Several control planes may share a file, each in a process of its own; then it holds the names
/// of the pods of all, those of one that has ended included. Each line ends in a comment that tells
/// whose it is.
final class HostsFile {
  private final Path file;
  private final String mark;

  /// Null until it has replaced what an earlier start has written.
  private @Nullable List<String> written;

  /// @param owner directory of the control plane
  HostsFile(Path file, Path owner) {
    this.file = file;
    this.mark = " # " + owner;
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
        String address = addresses.of(namespace, Json.string(pod, "metadata", "name"));
        String inService = host + "." + service;
        String inNamespace = inService + "." + namespace;
        lines.put(
            inNamespace,
            String.join(
                    " ",
                    address,
                    inNamespace + ".svc.cluster.local",
                    inNamespace + ".svc",
                    inNamespace,
                    inService,
                    inNamespace + ".svc.clusterset.local")
                + mark);
      }
    }
    List<String> content = new ArrayList<>(lines.values());
    if (!content.equals(written) || !Files.exists(file)) {
      replace(content);
      written = content;
    }
  }

  private void replace(List<String> own) {
    Path lock = file.resolveSibling(file.getFileName() + ".lock");
    try (FileChannel channel =
            FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock _ = channel.lock()) {
      List<String> present = Files.exists(file) ? Files.readAllLines(file) : List.of();
      Path temporary = file.resolveSibling(file.getFileName() + ".new");
      Files.write(
          temporary,
          Stream.concat(present.stream().filter(line -> !line.endsWith(mark)), own.stream())
              .toList());
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
