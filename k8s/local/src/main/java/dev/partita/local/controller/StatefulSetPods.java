package dev.partita.local.controller;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import java.util.ArrayList;
import java.util.List;

/// The pods and volume claims that a StatefulSet asks for.
final class StatefulSetPods {
  static final String REVISION_LABEL = "controller-revision-hash";

  private StatefulSetPods() {}

  static String podName(JsonNode set, int ordinal) {
    return Json.string(set, "metadata", "name") + "-" + ordinal;
  }

  /// The ordinal in a pod's name, -1 if it is no name of a pod of this set.
  static int ordinal(JsonNode set, String podName) {
    String prefix = Json.string(set, "metadata", "name") + "-";
    String rest = podName.startsWith(prefix) ? podName.substring(prefix.length()) : "";
    return rest.matches("0|[1-9]\\d{0,8}") ? Integer.parseInt(rest) : -1;
  }

  static ObjectNode pod(ObjectNode set, int ordinal, String revision, JsonNode template) {
    String name = podName(set, ordinal);
    ObjectNode pod = Json.object().put("apiVersion", "v1").put("kind", "Pod");
    ObjectNode metadata = pod.putObject("metadata").put("name", name);
    metadata.put("namespace", Json.string(set, "metadata", "namespace"));
    for (String field : List.of("labels", "annotations", "finalizers")) {
      if (Json.has(template, "metadata", field)) {
        metadata.set(field, template.path("metadata").path(field).deepCopy());
      }
    }
    ObjectNode labels = Json.ensure(metadata, "labels");
    labels.put(REVISION_LABEL, revision);
    labels.put("statefulset.kubernetes.io/pod-name", name);
    labels.put("apps.kubernetes.io/pod-index", Integer.toString(ordinal));
    Owners.withController(pod, set);
    ObjectNode spec = template.path("spec").deepCopy();
    pod.set("spec", spec);
    spec.put("hostname", name);
    spec.put("subdomain", Json.string(set, "spec", "serviceName"));
    addVolumes(set, spec, ordinal);
    return pod;
  }

  private static void addVolumes(ObjectNode set, ObjectNode spec, int ordinal) {
    List<JsonNode> volumes = new ArrayList<>();
    for (JsonNode template : set.path("spec").path("volumeClaimTemplates")) {
      ObjectNode volume = Json.object().put("name", Json.string(template, "metadata", "name"));
      volume.putObject("persistentVolumeClaim").put("claimName", claimName(set, template, ordinal));
      volumes.add(volume);
    }
    for (JsonNode volume : spec.path("volumes")) {
      if (volumes.stream().noneMatch(v -> v.path("name").equals(volume.path("name")))) {
        volumes.add(volume);
      }
    }
    if (!volumes.isEmpty()) {
      spec.putArray("volumes").addAll(volumes);
    }
  }

  static String claimName(JsonNode set, JsonNode template, int ordinal) {
    return Json.string(template, "metadata", "name") + "-" + podName(set, ordinal);
  }

  /// The claims of the pod with an ordinal.
  static List<ObjectNode> claims(ObjectNode set, int ordinal) {
    List<ObjectNode> claims = new ArrayList<>();
    for (JsonNode template : set.path("spec").path("volumeClaimTemplates")) {
      ObjectNode claim = template.deepCopy();
      claim.put("apiVersion", "v1").put("kind", "PersistentVolumeClaim");
      claim.remove("status");
      ObjectNode metadata = Json.ensure(claim, "metadata");
      metadata.put("name", claimName(set, template, ordinal));
      metadata.put("namespace", Json.string(set, "metadata", "namespace"));
      ObjectNode labels = Json.ensure(metadata, "labels");
      Json.stringMap(set, "spec", "selector", "matchLabels").forEach(labels::put);
      if (Json.string(set, "spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted")
          .equals("Delete")) {
        metadata.withArray("ownerReferences").add(Owners.reference(set, false));
      }
      claims.add(claim);
    }
    return claims;
  }
}
