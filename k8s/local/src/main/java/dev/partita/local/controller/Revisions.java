package dev.partita.local.controller;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.object.Cluster;
import dev.partita.local.object.DeleteRequest;
import dev.partita.local.object.Selectors;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/// The history of a StatefulSet's pod template, kept as ControllerRevision objects.
final class Revisions {
  private static final String LETTERS = "bcdfghjklmnpqrstvwxz2456789";
  private static final int HASH_LENGTH = 9;

  private final Cluster cluster;
  private final ObjectNode set;
  private final String namespace;

  Revisions(Cluster cluster, ObjectNode set) {
    this.cluster = cluster;
    this.set = set;
    this.namespace = Json.string(set, "metadata", "namespace");
  }

  /// The name of the revision that holds the present template; made if there is none.
  String update() {
    List<ObjectNode> history = history();
    JsonNode template = template(set);
    long last = history.isEmpty() ? 0 : number(history.getLast());
    for (ObjectNode revision : history) {
      if (Json.at(revision, "data", "spec", "template").equals(template)) {
        String name = name(revision);
        if (number(revision) < last) {
          cluster.modify(Cluster.REVISIONS, namespace, name, "", r -> r.put("revision", last + 1));
        }
        return name;
      }
    }
    return create(template, last + 1);
  }

  /// The template of a revision, that of the set if the revision is gone.
  JsonNode template(String revision) {
    ObjectNode found = cluster.find(Cluster.REVISIONS, namespace, revision);
    return found == null ? template(set) : Json.at(found, "data", "spec", "template");
  }

  private static JsonNode template(ObjectNode set) {
    return set.path("spec").path("template");
  }

  private String create(JsonNode template, long number) {
    String name = Json.string(set, "metadata", "name") + "-" + hash(Json.text(template));
    ObjectNode revision =
        Json.object().put("apiVersion", "apps/v1").put("kind", "ControllerRevision");
    ObjectNode metadata =
        revision.putObject("metadata").put("name", name).put("namespace", namespace);
    metadata.set("labels", Json.ensure(template.deepCopy(), "metadata", "labels"));
    Json.ensure(revision, "data", "spec").set("template", template);
    revision.put("revision", number);
    cluster.create(Cluster.REVISIONS, Owners.withController(revision, set));
    return name;
  }

  /// Own revisions, the oldest first. Those without an owner are adopted.
  private List<ObjectNode> history() {
    List<ObjectNode> history = new ArrayList<>();
    String prefix = Json.string(set, "metadata", "name") + "-";
    for (ObjectNode revision : cluster.list(Cluster.REVISIONS, namespace)) {
      if (Owners.controls(set, revision)) {
        history.add(revision);
      } else if (Owners.controller(revision).isEmpty()
          && name(revision).startsWith(prefix)
          && Selectors.object(set.path("spec").path("selector"))
              .test(Selectors.labelsOf(revision))) {
        cluster.modify(
            Cluster.REVISIONS, namespace, name(revision), "", r -> Owners.withController(r, set));
        history.add(revision);
      }
    }
    history.sort(Comparator.comparingLong(Revisions::number));
    return history;
  }

  /// Removes the oldest revisions that nobody uses, down to the limit of the set.
  void trim(Set<String> used) {
    List<ObjectNode> unused = history().stream().filter(r -> !used.contains(name(r))).toList();
    long surplus = unused.size() - Json.number(set, 10, "spec", "revisionHistoryLimit");
    for (int i = 0; i < surplus; i++) {
      cluster.delete(Cluster.REVISIONS, namespace, name(unused.get(i)), DeleteRequest.background());
    }
  }

  private static String name(ObjectNode revision) {
    return Json.string(revision, "metadata", "name");
  }

  private static long number(ObjectNode revision) {
    return Json.number(revision, 0, "revision");
  }

  private static String hash(String text) {
    // FNV-1a, 64 bits: short names need no cryptography, an equal name for another template would
    // only be reused wrongly.
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < text.length(); i++) {
      hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
    }
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < HASH_LENGTH; i++) {
      name.append(LETTERS.charAt((int) Long.remainderUnsigned(hash, LETTERS.length())));
      hash = Long.divideUnsigned(hash, LETTERS.length());
    }
    return name.toString();
  }
}
