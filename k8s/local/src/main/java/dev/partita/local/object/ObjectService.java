package dev.partita.local.object;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.kind.CustomKinds;
import dev.partita.local.kind.Kind;
import dev.partita.local.kind.KindRegistry;
import dev.partita.local.object.WriteRequest.Target;
import dev.partita.local.patch.ManagedFields;
import dev.partita.local.patch.ManagedFields.Manager;
import dev.partita.local.store.Store;
import dev.partita.local.store.StoreKey;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Reads and writes objects. Writes are ordered by one lock; reads need none.
///
/// Objects that come out are shared and must not be changed; objects that go in are not kept.
public final class ObjectService {
  private final Store store;
  private final KindRegistry kinds;
  private final ReentrantLock lock = new ReentrantLock();
  private final Deletion deletion;

  public ObjectService(Store store, KindRegistry kinds) {
    this.store = store;
    this.kinds = kinds;
    this.deletion = new Deletion(store, this::removed);
    for (ObjectNode definition : store.list(Deletion.DEFINITIONS, "").objects()) {
      kinds.define(Json.string(definition, "metadata", "name"), CustomKinds.of(definition));
    }
  }

  public Store store() {
    return store;
  }

  public KindRegistry kinds() {
    return kinds;
  }

  /// The object, as a view of the kind's version.
  ///
  /// @throws ApiFailure if it does not exist
  public ObjectNode get(Target target) {
    return Views.of(target.kind(), stored(target));
  }

  /// The object, null if it does not exist.
  public @Nullable ObjectNode find(Target target) {
    ObjectNode stored = store.get(key(target));
    return stored == null ? null : Views.of(target.kind(), stored);
  }

  private ObjectNode stored(Target target) {
    ObjectNode stored = store.get(key(target));
    if (stored == null) {
      throw ApiFailure.notFound(target.kind(), target.name());
    }
    return stored;
  }

  private static StoreKey key(Target target) {
    return new StoreKey(target.kind().storage(), target.namespace(), target.name());
  }

  /// All objects of a kind, in one namespace unless it is empty.
  public Store.Listing list(Kind kind, String namespace) {
    Store.Listing listing = store.list(kind.storage(), namespace);
    List<ObjectNode> views = listing.objects().stream().map(o -> Views.of(kind, o)).toList();
    return new Store.Listing(listing.revision(), views);
  }

  /// Creates an object. Its name is that of the target, or made from `generateName` if that is
  /// empty.
  public ObjectNode create(Kind kind, String namespace, ObjectNode sent, WriteRequest write) {
    ObjectNode object = Admission.decode(kind, sent, write);
    ObjectNode metadata = Json.ensure(object, "metadata");
    if (Json.string(metadata, "name").isEmpty() && Json.has(metadata, "generateName")) {
      metadata.put("name", ObjectNames.generate(Json.string(metadata, "generateName")));
    }
    checkNamespace(namespace, Json.string(metadata, "namespace"));
    if (Json.has(metadata, "resourceVersion")) {
      throw ApiFailure.badRequest("resourceVersion should not be set on objects to be created");
    }
    metadata.remove("managedFields");
    Target target = Target.of(kind, namespace, Json.string(metadata, "name"));
    lock.lock();
    try {
      Preparation.forCreate(target, object);
      Manager manager = new Manager(write.fieldManager(), "Update", kind.apiVersion(), "");
      ManagedFields.afterUpdate(kind.schema(), null, object, manager, Timestamps.now())
          .store(object);
      return insert(target, object, write);
    } finally {
      lock.unlock();
    }
  }

  private ObjectNode insert(Target target, ObjectNode object, WriteRequest write) {
    Admission.check(target, object, null);
    checkParents(target);
    if (store.get(key(target)) != null) {
      throw ApiFailure.alreadyExists(target.kind(), target.name());
    }
    Json.ensure(object, "metadata").put("uid", UUID.randomUUID().toString());
    if (write.dryRun()) {
      return Json.normalized(object);
    }
    return written(target.kind(), store.put(key(target), Views.stored(target.kind(), object)));
  }

  private static void checkNamespace(String requested, String stated) {
    if (!stated.isEmpty() && !stated.equals(requested)) {
      throw ApiFailure.badRequest(
          "the namespace of the provided object does not match the namespace sent on the request");
    }
  }

  private void checkParents(Target target) {
    if (target.namespace().isEmpty()) {
      return;
    }
    Kind namespaces = kinds.find("", "v1", "namespaces").orElseThrow();
    ObjectNode namespace = stored(Target.of(namespaces, "", target.namespace()));
    if (Json.has(namespace, "metadata", "deletionTimestamp")) {
      throw ApiFailure.forbidden(
          target.kind(),
          target.name(),
          "unable to create new content in namespace "
              + target.namespace()
              + " because it is being terminated");
    }
  }

  /// Replaces an object, or its status.
  public ObjectNode update(Target target, ObjectNode sent, WriteRequest write) {
    ObjectNode object = Admission.decode(target.kind(), sent, write);
    String name = Json.string(object, "metadata", "name");
    if (!name.equals(target.name())) {
      throw ApiFailure.badRequest(
          "the name of the object ("
              + name
              + ") does not match the name on the URL ("
              + target.name()
              + ")");
    }
    checkNamespace(target.namespace(), Json.string(object, "metadata", "namespace"));
    lock.lock();
    try {
      ObjectNode old = get(target);
      if (target.kind().custom() && !Json.has(object, "metadata", "resourceVersion")) {
        throw ApiFailure.invalid(
            target.kind(), name, List.of(Preparation.missingResourceVersion()));
      }
      return replace(target, old, object, write);
    } finally {
      lock.unlock();
    }
  }

  /// Changes an object by a function of its present state, which gets a copy and may change it.
  public ObjectNode modify(Target target, UnaryOperator<ObjectNode> change, WriteRequest write) {
    lock.lock();
    try {
      ObjectNode old = get(target);
      ObjectNode changed = Admission.decode(target.kind(), change.apply(old.deepCopy()), write);
      return replace(target, old, changed, write);
    } finally {
      lock.unlock();
    }
  }

  private ObjectNode replace(Target target, ObjectNode old, ObjectNode object, WriteRequest write) {
    Preparation.checkVersion(target, old, object);
    ObjectNode next = Preparation.forUpdate(target, old, object);
    Manager manager =
        new Manager(
            write.fieldManager(), "Update", target.kind().apiVersion(), target.subresource());
    ManagedFields.afterUpdate(target.kind().schema(), old, next, manager, Timestamps.now())
        .store(next);
    return commit(target, old, next, write);
  }

  /// Applies a declared object (server-side apply), which creates it if it does not exist.
  public Applied apply(Target target, ObjectNode sent, WriteRequest write) {
    lock.lock();
    try {
      ObjectNode old = find(target);
      if (old == null && !target.subresource().isEmpty()) {
        throw ApiFailure.notFound(target.kind(), target.name());
      }
      ObjectNode merged = Application.merge(target, old, sent, write);
      if (old == null) {
        Admission.complete(target.kind(), merged);
        Preparation.forCreate(target, merged);
        return new Applied(insert(target, merged, write), true);
      }
      Preparation.checkVersion(target, old, sent);
      Admission.complete(target.kind(), merged);
      ObjectNode next = Preparation.forUpdate(target, old, merged);
      return new Applied(commit(target, old, next, write), false);
    } finally {
      lock.unlock();
    }
  }

  /// The outcome of an apply.
  public record Applied(ObjectNode object, boolean created) {}

  private ObjectNode commit(Target target, ObjectNode old, ObjectNode next, WriteRequest write) {
    Admission.check(target, next, old);
    VolumeExpansion.check(store, target, next, old);
    if (Admission.same(old, next)) {
      return old;
    }
    if (write.dryRun()) {
      return Json.normalized(next);
    }
    if (Deletion.complete(next)) {
      ObjectNode last = deletion.remove(target.kind(), key(target));
      return last == null ? old : last;
    }
    return written(target.kind(), store.put(key(target), Views.stored(target.kind(), next)));
  }

  private ObjectNode written(Kind kind, ObjectNode stored) {
    if (kind.storage().equals(Deletion.DEFINITIONS)) {
      kinds.define(Json.string(stored, "metadata", "name"), CustomKinds.of(stored));
    }
    return Views.of(kind, stored);
  }

  private void removed(Kind kind, StoreKey key) {
    if (kind.storage().equals(Deletion.DEFINITIONS)) {
      kinds.define(key.name(), List.of());
    }
  }

  /// Deletes an object, or marks it as to be deleted while something still holds it.
  ///
  /// @return the object that still exists, null if it is gone
  public @Nullable ObjectNode delete(Target target, DeleteRequest request) {
    lock.lock();
    try {
      ObjectNode old = stored(target);
      deletion.checkPreconditions(target, old, request);
      return deletion.delete(target, key(target), old, request);
    } finally {
      lock.unlock();
    }
  }
}
