package dev.partita.local.controller;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.object.Cluster;
import dev.partita.local.object.DeleteRequest;
import dev.partita.local.object.Deletion;
import dev.partita.local.store.StoreEvent;
import dev.partita.local.store.StoreKey;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/// Deletes objects whose owners are all gone, and carries out deletions in the foreground and with
/// orphans.
///
/// Keeps who owns whom by uid. Owned by the thread of its control loop.
public final class GarbageCollector implements ControlLoop.Reconciler<StoreKey> {
  private final Cluster cluster;
  private final Map<String, Set<StoreKey>> dependents = new HashMap<>();
  private final Map<String, StoreKey> byUid = new HashMap<>();

  public GarbageCollector(Cluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public Set<StoreKey> touched(StoreEvent event) {
    StoreKey key = event.key();
    String uid = Owners.uid(event.object());
    ObjectNode previous = event.previous();
    if (previous != null) {
      owners(previous)
          .forEach(owner -> dependents.getOrDefault(owner, new HashSet<>()).remove(key));
    }
    if (event.type() == StoreEvent.Type.DELETED) {
      return gone(event.object(), uid);
    }
    byUid.put(uid, key);
    owners(event.object())
        .forEach(owner -> dependents.computeIfAbsent(owner, o -> new HashSet<>()).add(key));
    boolean held =
        !Json.elements(event.object(), "metadata", "finalizers").isEmpty()
            && Json.has(event.object(), "metadata", "deletionTimestamp");
    boolean owned = previous == null && !owners(event.object()).isEmpty();
    return held || owned ? Set.of(key) : Set.of();
  }

  private Set<StoreKey> gone(ObjectNode object, String uid) {
    byUid.remove(uid);
    Set<StoreKey> work =
        new HashSet<>(Optional.ofNullable(dependents.remove(uid)).orElse(Set.of()));
    owners(object).forEach(owner -> Optional.ofNullable(byUid.get(owner)).ifPresent(work::add));
    return work;
  }

  private static List<String> owners(JsonNode object) {
    return Json.elements(object, "metadata", "ownerReferences").stream()
        .map(r -> Json.string(r, "uid"))
        .toList();
  }

  @Override
  public Optional<Duration> reconcile(StoreKey key) {
    ObjectNode object = cluster.find(key.resource(), key.namespace(), key.name());
    if (object == null) {
      return Optional.empty();
    }
    if (Json.has(object, "metadata", "deletionTimestamp")) {
      List<String> finalizers = Json.strings(object, "metadata", "finalizers");
      if (finalizers.contains(Deletion.ORPHAN)) {
        orphan(key, object);
      } else if (finalizers.contains(Deletion.FOREGROUND)) {
        deleteDependents(key, object);
      }
      return Optional.empty();
    }
    List<String> owners = owners(object);
    if (!owners.isEmpty() && owners.stream().noneMatch(byUid::containsKey)) {
      String uid = Owners.uid(object);
      DeleteRequest request =
          new DeleteRequest(false, -1, DeleteRequest.Propagation.BACKGROUND, uid, "");
      cluster.delete(key.resource(), key.namespace(), key.name(), request);
    }
    return Optional.empty();
  }

  private void orphan(StoreKey key, ObjectNode owner) {
    String uid = Owners.uid(owner);
    for (StoreKey dependent : Set.copyOf(dependents.getOrDefault(uid, Set.of()))) {
      cluster.modify(
          dependent.resource(),
          dependent.namespace(),
          dependent.name(),
          "",
          object -> without(object, "ownerReferences", r -> Json.string(r, "uid").equals(uid)));
    }
    dropFinalizer(key, Deletion.ORPHAN);
  }

  private void deleteDependents(StoreKey key, ObjectNode owner) {
    boolean blocked = false;
    for (StoreKey dependent : Set.copyOf(dependents.getOrDefault(Owners.uid(owner), Set.of()))) {
      ObjectNode object =
          cluster.find(dependent.resource(), dependent.namespace(), dependent.name());
      if (object != null && !Json.has(object, "metadata", "deletionTimestamp")) {
        DeleteRequest request =
            new DeleteRequest(
                false, -1, DeleteRequest.Propagation.FOREGROUND, Owners.uid(object), "");
        cluster.delete(dependent.resource(), dependent.namespace(), dependent.name(), request);
      }
      blocked |=
          cluster.find(dependent.resource(), dependent.namespace(), dependent.name()) != null;
    }
    if (!blocked) {
      dropFinalizer(key, Deletion.FOREGROUND);
    }
  }

  private void dropFinalizer(StoreKey key, String finalizer) {
    cluster.modify(
        key.resource(),
        key.namespace(),
        key.name(),
        "",
        object -> without(object, "finalizers", f -> f.asText().equals(finalizer)));
  }

  private static ObjectNode without(ObjectNode object, String list, Predicate<JsonNode> dropped) {
    ObjectNode metadata = Json.ensure(object, "metadata");
    ArrayNode kept = Json.array();
    Json.elements(metadata, list).stream().filter(dropped.negate()).forEach(kept::add);
    if (kept.isEmpty()) {
      metadata.remove(list);
    } else {
      metadata.set(list, kept);
    }
    return object;
  }
}
