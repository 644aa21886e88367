package dev.partita.local.object;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.kind.Kind;
import dev.partita.local.object.DeleteRequest.Propagation;
import dev.partita.local.object.WriteRequest.Target;
import dev.partita.local.store.Store;
import dev.partita.local.store.StoreKey;
import java.time.Instant;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// How objects go: at once, after a grace period (pods), or when nothing holds them any more
/// (finalizers).
///
/// Called under the lock of the [ObjectService].
public final class Deletion {
  /// Holds an object until what it owns is gone.
  public static final String FOREGROUND = "foregroundDeletion";

  /// Holds an object until what it owns has lost it as an owner.
  public static final String ORPHAN = "orphan";

  static final String DEFINITIONS = "apiextensions.k8s.io/customresourcedefinitions";
  private static final long DEFAULT_GRACE_SECONDS = 30;

  private final Store store;
  private final BiConsumer<Kind, StoreKey> removed;

  Deletion(Store store, BiConsumer<Kind, StoreKey> removed) {
    this.store = store;
    this.removed = removed;
  }

  void checkPreconditions(Target target, ObjectNode old, DeleteRequest request) {
    String uid = Json.string(old, "metadata", "uid");
    if (!request.uid().isEmpty() && !request.uid().equals(uid)) {
      throw ApiFailure.conflict(
          target.kind(),
          target.name(),
          "Precondition failed: UID in precondition: "
              + request.uid()
              + ", UID in object meta: "
              + uid);
    }
    String version = Json.string(old, "metadata", "resourceVersion");
    if (!request.resourceVersion().isEmpty() && !request.resourceVersion().equals(version)) {
      throw ApiFailure.conflict(
          target.kind(),
          target.name(),
          "Precondition failed: ResourceVersion in precondition: "
              + request.resourceVersion()
              + ", ResourceVersion in object meta: "
              + version);
    }
  }

  @Nullable ObjectNode delete(Target target, StoreKey key, ObjectNode old, DeleteRequest request) {
    ObjectNode next = old.deepCopy();
    addPropagationFinalizer(next, request.propagation());
    long grace = grace(target.kind(), old, request);
    mark(next, grace);
    if (complete(next)) {
      if (!request.dryRun()) {
        remove(target.kind(), key);
      }
      return null;
    }
    if (request.dryRun() || Admission.same(old, next)) {
      return Views.of(target.kind(), old);
    }
    return Views.of(target.kind(), store.put(key, next));
  }

  private static void addPropagationFinalizer(ObjectNode object, Propagation propagation) {
    String finalizer =
        switch (propagation) {
          case BACKGROUND -> "";
          case FOREGROUND -> FOREGROUND;
          case ORPHAN -> ORPHAN;
        };
    if (!finalizer.isEmpty()
        && !Json.strings(object, "metadata", "finalizers").contains(finalizer)) {
      ObjectNode metadata = Json.ensure(object, "metadata");
      ArrayNode finalizers =
          metadata.get("finalizers") instanceof ArrayNode there
              ? there
              : metadata.putArray("finalizers");
      finalizers.add(finalizer);
    }
  }

  private static long grace(Kind kind, ObjectNode old, DeleteRequest request) {
    boolean running =
        kind.storage().equals("/pods")
            && Json.has(old, "spec", "nodeName")
            && !List.of("Succeeded", "Failed").contains(Json.string(old, "status", "phase"));
    if (!running) {
      return 0;
    }
    long own = Json.number(old, DEFAULT_GRACE_SECONDS, "spec", "terminationGracePeriodSeconds");
    long wanted = request.graceSeconds() < 0 ? own : request.graceSeconds();
    return Math.min(wanted, Json.number(old, wanted, "metadata", "deletionGracePeriodSeconds"));
  }

  private static void mark(ObjectNode object, long grace) {
    ObjectNode metadata = Json.ensure(object, "metadata");
    boolean first = !Json.has(metadata, "deletionTimestamp");
    if (first && Json.has(metadata, "generation")) {
      metadata.put("generation", Json.number(metadata, 0, "generation") + 1);
    }
    if (first || grace < Json.number(metadata, 0, "deletionGracePeriodSeconds")) {
      metadata.put("deletionTimestamp", Timestamps.of(Instant.now().plusSeconds(grace)));
      metadata.put("deletionGracePeriodSeconds", grace);
    }
    if (Json.string(object, "kind").equals("Namespace")) {
      Json.ensure(object, "status").put("phase", "Terminating");
    }
  }

  /// Whether an object is to be deleted and nothing holds it.
  static boolean complete(ObjectNode object) {
    boolean namespaceHeld =
        Json.string(object, "kind").equals("Namespace")
            && Json.string(object, "apiVersion").equals("v1")
            && !Json.elements(object, "spec", "finalizers").isEmpty();
    return Json.has(object, "metadata", "deletionTimestamp")
        && Json.elements(object, "metadata", "finalizers").isEmpty()
        && Json.number(object, 0, "metadata", "deletionGracePeriodSeconds") == 0
        && !namespaceHeld;
  }

  @Nullable ObjectNode remove(Kind kind, StoreKey key) {
    ObjectNode last = store.delete(key);
    removed.accept(kind, key);
    return last == null ? null : Views.of(kind, last);
  }
}
