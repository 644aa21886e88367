package dev.partita.local.api;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.kind.Kind;
import dev.partita.local.kind.KindRegistry;
import dev.partita.local.object.ApiFailure;
import java.util.List;
import java.util.Map;

/// Tells clients which kinds there are, in the two forms that they ask for: all at once, or group
/// by group.
final class Discovery {
  static final String AGGREGATED_TYPE =
      "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

  private static final List<String> VERBS =
      List.of("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch");
  private static final List<String> PART_VERBS = List.of("get", "patch", "update");

  /// Kinds that are asked and not stored, by group: plural name and kind.
  private static final Map<String, Map<String, String>> REVIEWS =
      Map.of(
          "authorization.k8s.io",
          Map.of(
              "selfsubjectaccessreviews", "SelfSubjectAccessReview",
              "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
          "authentication.k8s.io",
          Map.of("selfsubjectreviews", "SelfSubjectReview"));

  private final KindRegistry kinds;

  Discovery(KindRegistry kinds) {
    this.kinds = kinds;
  }

  static boolean wantsAggregated(Call call) {
    return call.header("Accept").contains("as=APIGroupDiscoveryList")
        && call.header("Accept").contains("v=v2");
  }

  ObjectNode coreVersions() {
    ObjectNode versions = Json.object().put("kind", "APIVersions");
    versions.putArray("versions").add("v1");
    versions.putArray("serverAddressByClientCIDRs");
    return versions;
  }

  ObjectNode groups() {
    ObjectNode list = Json.object().put("kind", "APIGroupList").put("apiVersion", "v1");
    ArrayNode groups = list.putArray("groups");
    kinds.groups().forEach((group, versions) -> groups.add(group(group, versions)));
    return list;
  }

  ObjectNode group(String name) {
    List<String> versions = kinds.groups().getOrDefault(name, List.of());
    if (versions.isEmpty()) {
      throw ApiFailure.unknownPath();
    }
    return group(name, versions).put("kind", "APIGroup").put("apiVersion", "v1");
  }

  private static ObjectNode group(String name, List<String> versions) {
    ObjectNode group = Json.object().put("name", name);
    ArrayNode list = group.putArray("versions");
    versions.forEach(v -> list.addObject().put("groupVersion", name + "/" + v).put("version", v));
    group.set("preferredVersion", list.get(0));
    return group;
  }

  ObjectNode resources(String group, String version) {
    List<Kind> found = kinds.ofGroupVersion(group, version);
    Map<String, String> reviews = REVIEWS.getOrDefault(group, Map.of());
    if (found.isEmpty() && reviews.isEmpty()) {
      throw ApiFailure.unknownPath();
    }
    ObjectNode list = Json.object().put("kind", "APIResourceList").put("apiVersion", "v1");
    list.put("groupVersion", group.isEmpty() ? version : group + "/" + version);
    ArrayNode resources = list.putArray("resources");
    for (Kind kind : found) {
      ObjectNode resource =
          resource(kind.plural(), kind.names().singular(), kind.namespaced(), kind.kind(), VERBS);
      if (!kind.names().shortNames().isEmpty()) {
        kind.names().shortNames().forEach(resource.putArray("shortNames")::add);
      }
      if (!kind.names().categories().isEmpty()) {
        kind.names().categories().forEach(resource.putArray("categories")::add);
      }
      resources.add(resource);
      for (String part : kind.subresources()) {
        resources.add(
            resource(
                kind.plural() + "/" + part,
                "",
                kind.namespaced(),
                partKind(kind, part),
                partVerbs(part)));
      }
    }
    reviews.forEach(
        (plural, kind) -> resources.add(resource(plural, "", false, kind, List.of("create"))));
    return list;
  }

  private static ObjectNode resource(
      String name, String singular, boolean namespaced, String kind, List<String> verbs) {
    ObjectNode resource = Json.object().put("name", name).put("singularName", singular);
    resource.put("namespaced", namespaced).put("kind", kind);
    verbs.forEach(resource.putArray("verbs")::add);
    return resource;
  }

  private static String partKind(Kind kind, String part) {
    return switch (part) {
      case "scale" -> "Scale";
      case "eviction" -> "Eviction";
      default -> kind.kind();
    };
  }

  private static List<String> partVerbs(String part) {
    return switch (part) {
      case "log" -> List.of("get");
      case "eviction" -> List.of("create");
      case "finalize" -> List.of("update");
      default -> PART_VERBS;
    };
  }

  /// The aggregated form of the core group, or of all others.
  ObjectNode aggregated(boolean core) {
    ObjectNode list = Json.object();
    list.put("kind", "APIGroupDiscoveryList").put("apiVersion", "apidiscovery.k8s.io/v2");
    list.putObject("metadata");
    ArrayNode items = list.putArray("items");
    if (core) {
      addGroup(items, "", List.of("v1"));
    } else {
      kinds.groups().forEach((group, versions) -> addGroup(items, group, versions));
    }
    return list;
  }

  private void addGroup(ArrayNode items, String group, List<String> versions) {
    ObjectNode item = items.addObject();
    ObjectNode metadata = item.putObject("metadata");
    if (!group.isEmpty()) {
      metadata.put("name", group);
    }
    ArrayNode list = item.putArray("versions");
    for (String version : versions) {
      ObjectNode entry = list.addObject().put("version", version).put("freshness", "Current");
      ArrayNode resources = entry.putArray("resources");
      kinds.ofGroupVersion(group, version).forEach(kind -> resources.add(aggregated(kind)));
      REVIEWS
          .getOrDefault(group, Map.of())
          .forEach((plural, kind) -> resources.add(review(group, version, plural, kind)));
    }
  }

  private static ObjectNode review(String group, String version, String plural, String kind) {
    ObjectNode entry = Json.object().put("resource", plural).put("scope", "Cluster");
    entry.set("responseKind", responseKind(group, version, kind));
    entry.put("singularResource", plural.substring(0, plural.length() - 1));
    entry.putArray("verbs").add("create");
    return entry;
  }

  private static ObjectNode aggregated(Kind kind) {
    ObjectNode entry = Json.object().put("resource", kind.plural());
    entry.set("responseKind", responseKind(kind.group(), kind.version(), kind.kind()));
    entry.put("scope", kind.namespaced() ? "Namespaced" : "Cluster");
    entry.put("singularResource", kind.names().singular());
    VERBS.forEach(entry.putArray("verbs")::add);
    kind.names().shortNames().forEach(entry.putArray("shortNames")::add);
    kind.names().categories().forEach(entry.putArray("categories")::add);
    ArrayNode parts = entry.putArray("subresources");
    for (String part : kind.subresources()) {
      ObjectNode subresource = parts.addObject().put("subresource", part);
      subresource.set("responseKind", partResponseKind(kind, part));
      partVerbs(part).forEach(subresource.putArray("verbs")::add);
    }
    return entry;
  }

  private static ObjectNode partResponseKind(Kind kind, String part) {
    return switch (part) {
      case "scale" -> responseKind("autoscaling", "v1", "Scale");
      case "eviction" -> responseKind("policy", "v1", "Eviction");
      default -> responseKind(kind.group(), kind.version(), kind.kind());
    };
  }

  private static ObjectNode responseKind(String group, String version, String kind) {
    return Json.object().put("group", group).put("version", version).put("kind", kind);
  }
}
