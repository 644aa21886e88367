package dev.partita.launcher;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What `partita status --json` prints: the phase of the running `up` and where to reach it.
///
/// @param phase `Starting`, `Ready`, `Failed` or `Stopped`; `Disconnected` when `up` has ended and
///   left Partita running in a cluster
/// @param pid the process that runs `up`
/// @param startedAtMillis when that process was started, to tell it from a later one with the same
///   id
/// @param http the address of the HTTP API, once a node is ready
/// @param kubeconfig the file for `kubectl --kubeconfig`
/// @param cluster the API server of the cluster that the user has named, none for the local control
///   plane
/// @param namespace the namespace in that cluster
/// @param message the current step, or the reason of a failure
@JsonIgnoreProperties(ignoreUnknown = true)
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RunState(
    String phase,
    long pid,
    long startedAtMillis,
    @Nullable String http,
    @Nullable String kubeconfig,
    @Nullable String cluster,
    @Nullable String namespace,
    @Nullable String message) {

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  static RunState stopped() {
    return new RunState("Stopped", 0, 0, null, null, null, null, null);
  }

  /// The same place with nothing running: of a cluster it is remembered where the volumes are.
  RunState withoutProcess(String phase, @Nullable String message) {
    return cluster == null
        ? stopped()
        : new RunState(phase, 0, 0, null, kubeconfig, cluster, namespace, message);
  }

  /// The state in the file; `Stopped` when there is none or its process is gone, or `Disconnected`
  /// when Partita runs on in a cluster.
  static RunState read(Path file) {
    if (!Files.exists(file)) {
      return stopped();
    }
    try {
      RunState state = JSON.readValue(file.toFile(), RunState.class);
      return switch (state.phase()) {
        case "Failed", "Stopped", "Disconnected" -> state;
        default ->
            state.process().isPresent()
                ? state
                : state.withoutProcess(
                    "Disconnected",
                    "Partita runs on in the cluster: 'up' connects to it, 'down' removes it");
      };
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file + ": delete it if it is damaged", e);
    }
  }

  /// The process of this state, while it lives.
  Optional<ProcessHandle> process() {
    return ProcessHandle.of(pid)
        .filter(ProcessHandle::isAlive)
        .filter(handle ->
            handle
                .info()
                .startInstant()
                .map(start -> Math.abs(start.toEpochMilli() - startedAtMillis) < 2_000)
                .orElse(true));
  }

  void write(Path file) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Path next = file.resolveSibling(file.getFileName() + ".next");
      JSON.writeValue(next.toFile(), this);
      try {
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } catch (AtomicMoveNotSupportedException e) {
        Files.move(next, file, StandardCopyOption.REPLACE_EXISTING);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file, e);
    }
  }

  String toJson() {
    try {
      return JSON.writeValueAsString(this);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
