package dev.partita.local.controller;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.object.Cluster;
import dev.partita.local.object.DeleteRequest;
import dev.partita.local.store.StoreEvent;
import dev.partita.local.store.StoreKey;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Empties namespaces and custom kinds that are to be deleted, and lets them go when nothing is
/// left in them.
public final class NamespaceController implements ControlLoop.Reconciler<StoreKey> {
  private static final String DEFINITION_FINALIZER = "customresourcecleanup.apiextensions.k8s.io";
  private static final String SERVICE_ACCOUNTS = "/serviceaccounts";

  private final Cluster cluster;

  public NamespaceController(Cluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public Set<StoreKey> touched(StoreEvent event) {
    StoreKey key = event.key();
    if (key.resource().equals(Cluster.NAMESPACES) || key.resource().equals(Cluster.DEFINITIONS)) {
      return Set.of(key);
    } else if (event.type() == StoreEvent.Type.DELETED) {
      int slash = key.resource().indexOf('/');
      String definition =
          key.resource().substring(slash + 1) + "." + key.resource().substring(0, slash);
      return Set.of(
          new StoreKey(Cluster.NAMESPACES, "", key.namespace()),
          new StoreKey(Cluster.DEFINITIONS, "", definition));
    }
    return Set.of();
  }

  @Override
  public Optional<Duration> reconcile(StoreKey key) {
    ObjectNode object = cluster.find(key.resource(), "", key.name());
    if (object == null) {
      return Optional.empty();
    }
    boolean namespace = key.resource().equals(Cluster.NAMESPACES);
    if (!Json.has(object, "metadata", "deletionTimestamp")) {
      if (namespace) {
        createServiceAccount(key.name());
      }
      return Optional.empty();
    }
    String resource =
        Json.string(object, "spec", "group") + "/" + Json.string(object, "spec", "names", "plural");
    List<StoreKey> content =
        cluster
            .objects()
            .store()
            .keys(
                k -> namespace ? k.namespace().equals(key.name()) : k.resource().equals(resource));
    content.forEach(
        k -> cluster.delete(k.resource(), k.namespace(), k.name(), DeleteRequest.background()));
    if (content.stream()
        .allMatch(k -> cluster.find(k.resource(), k.namespace(), k.name()) == null)) {
      release(key, namespace);
    }
    return Optional.empty();
  }

  private void release(StoreKey key, boolean namespace) {
    cluster.modify(
        key.resource(),
        "",
        key.name(),
        namespace ? "finalize" : "",
        object -> {
          if (namespace) {
            Json.ensure(object, "spec").putArray("finalizers");
          } else {
            ArrayNode kept = Json.array();
            Json.strings(object, "metadata", "finalizers").stream()
                .filter(f -> !f.equals(DEFINITION_FINALIZER))
                .forEach(kept::add);
            Json.ensure(object, "metadata").set("finalizers", kept);
          }
          return object;
        });
  }

  private void createServiceAccount(String namespace) {
    if (cluster.find(SERVICE_ACCOUNTS, namespace, "default") == null) {
      ObjectNode account = Json.object();
      account.putObject("metadata").put("name", "default").put("namespace", namespace);
      cluster.create(SERVICE_ACCOUNTS, account);
    }
  }
}
