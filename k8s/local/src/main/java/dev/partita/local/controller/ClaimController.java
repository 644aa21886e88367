package dev.partita.local.controller;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.object.Cluster;
import dev.partita.local.object.DeleteRequest;
import dev.partita.local.store.StoreEvent;
import dev.partita.local.store.StoreKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Binds every volume claim at once to a directory of this machine, and removes the directory with
/// the claim.
///
/// A claim that grows has its new size at once: sizes are not enforced. One whose volume object is
/// deleted is lost.
public final class ClaimController implements ControlLoop.Reconciler<StoreKey> {
  private final Cluster cluster;
  private final Path volumes;

  /// A controller of claims.
  ///
  /// @param volumes the directory under which the data of each claim is, as `{namespace}/{claim}`
  public ClaimController(Cluster cluster, Path volumes) {
    this.cluster = cluster;
    this.volumes = volumes;
  }

  @Override
  public Set<StoreKey> touched(StoreEvent event) {
    if (event.key().resource().equals(Cluster.VOLUMES) && event.type() == StoreEvent.Type.DELETED) {
      JsonNode claim = event.object().path("spec").path("claimRef");
      return Set.of(
          new StoreKey(
              Cluster.CLAIMS, Json.string(claim, "namespace"), Json.string(claim, "name")));
    }
    return event.key().resource().equals(Cluster.CLAIMS) ? Set.of(event.key()) : Set.of();
  }

  @Override
  public Optional<Duration> reconcile(StoreKey key) {
    ObjectNode claim = cluster.find(Cluster.CLAIMS, key.namespace(), key.name());
    Path directory = volumes.resolve(key.namespace()).resolve(key.name());
    if (claim == null) {
      release(key, directory);
      return Optional.empty();
    }
    String volume = "pvc-" + Owners.uid(claim);
    boolean isMissing = cluster.find(Cluster.VOLUMES, "", volume) == null;
    if (isMissing && Json.has(claim, "spec", "volumeName")) {
      cluster.modify(Cluster.CLAIMS, key.namespace(), key.name(), "status", ClaimController::lost);
      return Optional.empty();
    }
    if (isMissing) {
      cluster.create(Cluster.VOLUMES, volume(volume, claim, directory));
    }
    cluster.modify(
        Cluster.CLAIMS,
        key.namespace(),
        key.name(),
        "",
        object -> {
          Json.ensure(object, "spec").put("volumeName", volume);
          return object;
        });
    cluster.modify(Cluster.CLAIMS, key.namespace(), key.name(), "status", ClaimController::bound);
    return Optional.empty();
  }

  private static ObjectNode lost(ObjectNode claim) {
    Json.ensure(claim, "status").put("phase", "Lost");
    return claim;
  }

  private static ObjectNode bound(ObjectNode claim) {
    ObjectNode status = Json.ensure(claim, "status");
    status.put("phase", "Bound");
    status.set("accessModes", claim.path("spec").path("accessModes"));
    status.set("capacity", capacity(claim));
    return claim;
  }

  private static ObjectNode capacity(ObjectNode claim) {
    String storage = Json.at(claim, "spec", "resources", "requests", "storage").asText("1Gi");
    return Json.object().put("storage", storage);
  }

  private static ObjectNode volume(String name, ObjectNode claim, Path directory) {
    ObjectNode volume = Json.object().put("apiVersion", "v1").put("kind", "PersistentVolume");
    volume.putObject("metadata").put("name", name);
    ObjectNode spec = volume.putObject("spec");
    spec.set("capacity", capacity(claim));
    spec.set("accessModes", claim.path("spec").path("accessModes"));
    spec.put("persistentVolumeReclaimPolicy", "Delete");
    if (Json.has(claim, "spec", "storageClassName")) {
      spec.put("storageClassName", Json.string(claim, "spec", "storageClassName"));
    }
    ObjectNode reference =
        spec.putObject("claimRef").put("apiVersion", "v1").put("kind", "PersistentVolumeClaim");
    for (String field : List.of("name", "namespace", "uid")) {
      reference.put(field, Json.string(claim, "metadata", field));
    }
    spec.putObject("hostPath").put("path", directory.toString()).put("type", "DirectoryOrCreate");
    volume.putObject("status").put("phase", "Bound");
    return volume;
  }

  private void release(StoreKey claim, Path directory) {
    for (ObjectNode volume : cluster.list(Cluster.VOLUMES, "")) {
      if (Json.string(volume, "spec", "claimRef", "namespace").equals(claim.namespace())
          && Json.string(volume, "spec", "claimRef", "name").equals(claim.name())) {
        cluster.delete(
            Cluster.VOLUMES,
            "",
            Json.string(volume, "metadata", "name"),
            DeleteRequest.background());
      }
    }
    deleteTree(directory);
  }

  private static void deleteTree(Path directory) {
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
