package dev.partita.local.kind;

import static dev.partita.local.kind.Columns.age;
import static dev.partita.local.kind.Columns.name;
import static dev.partita.local.kind.Columns.number;
import static dev.partita.local.kind.Columns.text;
import static dev.partita.local.kind.Columns.wide;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/// The columns of the built-in kinds.
final class BuiltInColumns {
  private static final String NONE = "<none>";
  private static final String UNSET = "<unset>";
  private static final Map<String, String> ACCESS_MODES =
      Map.of(
          "ReadWriteOnce", "RWO",
          "ReadOnlyMany", "ROX",
          "ReadWriteMany", "RWX",
          "ReadWriteOncePod", "RWOP");

  private BuiltInColumns() {}

  static List<Column> of(String kind) {
    return switch (kind) {
      case "Pod" -> PodColumns.COLUMNS;
      case "Service" -> service();
      case "StatefulSet" -> statefulSet();
      case "ConfigMap" -> List.of(name(), text("Data", o -> count(o, "data", "binaryData")), age());
      case "Secret" ->
          List.of(name(), text("Type", at("type")), text("Data", o -> count(o, "data")), age());
      case "Event" -> event();
      case "Namespace" -> List.of(name(), text("Status", at("status", "phase")), age());
      case "Node" -> node();
      case "PersistentVolumeClaim" -> claim();
      case "PersistentVolume" -> volume();
      case "PodDisruptionBudget" -> disruptionBudget();
      case "Lease" -> List.of(name(), text("Holder", at("spec", "holderIdentity")), age());
      case "CustomResourceDefinition", "Role", "ClusterRole" ->
          List.of(name(), text("Created At", at("metadata", "creationTimestamp")));
      case "RoleBinding", "ClusterRoleBinding" ->
          List.of(
              name(),
              text(
                  "Role",
                  o -> Json.string(o, "roleRef", "kind") + "/" + Json.string(o, "roleRef", "name")),
              age());
      case "ControllerRevision" -> controllerRevision();
      case "NetworkPolicy" ->
          List.of(
              name(),
              text("Pod-Selector", o -> selector(o.path("spec").path("podSelector"))),
              age());
      case "Endpoints" -> List.of(name(), text("Endpoints", o -> NONE), age());
      case "StorageClass" -> storageClass();
      default -> List.of(name(), age());
    };
  }

  private static Function<ObjectNode, String> at(String... path) {
    return object -> Json.string(object, path);
  }

  private static Function<ObjectNode, String> orElse(String absent, String... path) {
    return object -> Json.at(object, path).asText(absent);
  }

  private static String count(ObjectNode object, String... maps) {
    int entries = 0;
    for (String map : maps) {
      entries += Json.at(object, map).size();
    }
    return Integer.toString(entries);
  }

  private static List<Column> service() {
    return List.of(
        name(),
        text("Type", at("spec", "type")),
        text("Cluster-IP", orElse(NONE, "spec", "clusterIP")),
        text("External-IP", o -> externalAddress(o)),
        text("Port(s)", o -> ports(o)),
        age(),
        wide("Selector", o -> labels(Json.stringMap(o, "spec", "selector"))));
  }

  private static String externalAddress(ObjectNode service) {
    List<String> addresses = Json.strings(service, "spec", "externalIPs");
    if (!addresses.isEmpty()) {
      return String.join(",", addresses);
    }
    return Json.string(service, "spec", "type").equals("LoadBalancer") ? "<pending>" : NONE;
  }

  private static String ports(ObjectNode service) {
    String ports =
        Json.elements(service, "spec", "ports").stream()
            .map(port ->
                port.path("port").asText()
                    + (Json.has(port, "nodePort") ? ":" + port.path("nodePort").asText() : "")
                    + "/"
                    + port.path("protocol").asText("TCP"))
            .collect(Collectors.joining(","));
    return ports.isEmpty() ? NONE : ports;
  }

  private static List<Column> statefulSet() {
    return List.of(
        name(),
        text(
            "Ready",
            o ->
                Json.number(o, 0, "status", "readyReplicas")
                    + "/"
                    + Json.number(o, 0, "spec", "replicas")),
        age(),
        wide("Containers", o -> containers(o, "name")),
        wide("Images", o -> containers(o, "image")));
  }

  private static String containers(ObjectNode set, String field) {
    return Json.elements(set, "spec", "template", "spec", "containers").stream()
        .map(c -> Json.string(c, field))
        .collect(Collectors.joining(","));
  }

  private static List<Column> event() {
    return List.of(
        text("Last Seen", o -> HumanDuration.since(lastSeen(o))),
        text("Type", at("type")),
        text("Reason", at("reason")),
        text("Object", o -> involved(o)),
        wide("Subobject", at("involvedObject", "fieldPath")),
        wide("Source", o -> source(o)),
        text("Message", o -> Json.at(o, "message").asText(Json.string(o, "note")).strip()),
        wide(
            "First Seen",
            o ->
                HumanDuration.since(
                    Json.at(o, "firstTimestamp").asText(Json.string(o, "eventTime")))),
        wide("Count", o -> Long.toString(Json.number(o, 1, "count"))),
        new Column("Name", "string", "name", "Name", 1, o -> o.path("metadata").path("name")));
  }

  private static String lastSeen(ObjectNode event) {
    for (String field : List.of("lastTimestamp", "deprecatedLastTimestamp", "eventTime")) {
      if (Json.has(event, field)) {
        return Json.string(event, field);
      }
    }
    return Json.string(event, "metadata", "creationTimestamp");
  }

  private static String involved(ObjectNode event) {
    JsonNode object =
        Json.has(event, "involvedObject") ? event.path("involvedObject") : event.path("regarding");
    return Json.string(object, "kind").toLowerCase(Locale.ROOT) + "/" + Json.string(object, "name");
  }

  private static String source(ObjectNode event) {
    return Json.at(event, "source", "component").asText(Json.string(event, "reportingComponent"));
  }

  private static List<Column> node() {
    return List.of(
        name(),
        text("Status", o -> nodeStatus(o)),
        text("Roles", o -> NONE),
        age(),
        text("Version", at("status", "nodeInfo", "kubeletVersion")),
        wide(
            "Internal-IP", o -> Json.string(o.path("status").path("addresses").path(0), "address")),
        wide("External-IP", o -> NONE),
        wide("OS-Image", at("status", "nodeInfo", "osImage")),
        wide("Kernel-Version", at("status", "nodeInfo", "kernelVersion")),
        wide("Container-Runtime", at("status", "nodeInfo", "containerRuntimeVersion")));
  }

  private static String nodeStatus(ObjectNode node) {
    String ready = PodColumns.condition(node, "Ready").equals("True") ? "Ready" : "NotReady";
    return node.path("spec").path("unschedulable").asBoolean()
        ? ready + ",SchedulingDisabled"
        : ready;
  }

  private static List<Column> claim() {
    return List.of(
        name(),
        text(
            "Status",
            o ->
                Json.has(o, "metadata", "deletionTimestamp")
                    ? "Terminating"
                    : Json.string(o, "status", "phase")),
        text("Volume", at("spec", "volumeName")),
        text("Capacity", at("status", "capacity", "storage")),
        text("Access Modes", o -> modes(o, "status", "accessModes")),
        text("StorageClass", at("spec", "storageClassName")),
        text("VolumeAttributesClass", orElse(UNSET, "spec", "volumeAttributesClassName")),
        age(),
        wide("VolumeMode", orElse(UNSET, "spec", "volumeMode")));
  }

  private static List<Column> volume() {
    return List.of(
        name(),
        text("Capacity", at("spec", "capacity", "storage")),
        text("Access Modes", o -> modes(o, "spec", "accessModes")),
        text("Reclaim Policy", at("spec", "persistentVolumeReclaimPolicy")),
        text("Status", at("status", "phase")),
        text(
            "Claim",
            o ->
                Json.string(o, "spec", "claimRef", "namespace")
                    + "/"
                    + Json.string(o, "spec", "claimRef", "name")),
        text("StorageClass", at("spec", "storageClassName")),
        text("VolumeAttributesClass", orElse(UNSET, "spec", "volumeAttributesClassName")),
        text("Reason", at("status", "reason")),
        age(),
        wide("VolumeMode", orElse(UNSET, "spec", "volumeMode")));
  }

  private static String modes(ObjectNode object, String... path) {
    return Json.strings(object, path).stream()
        .map(mode -> ACCESS_MODES.getOrDefault(mode, mode))
        .collect(Collectors.joining(","));
  }

  private static List<Column> disruptionBudget() {
    return List.of(
        name(),
        text("Min Available", orElse("N/A", "spec", "minAvailable")),
        text("Max Unavailable", orElse("N/A", "spec", "maxUnavailable")),
        number("Allowed Disruptions", o -> Json.number(o, 0, "status", "disruptionsAllowed")),
        age());
  }

  private static List<Column> controllerRevision() {
    return List.of(
        name(), text("Controller", o -> controller(o)), text("Revision", at("revision")), age());
  }

  private static String controller(ObjectNode object) {
    return Json.elements(object, "metadata", "ownerReferences").stream()
        .filter(owner -> owner.path("controller").asBoolean())
        .map(owner ->
            Json.string(owner, "kind").toLowerCase(Locale.ROOT)
                + ".apps/"
                + Json.string(owner, "name"))
        .findFirst()
        .orElse(NONE);
  }

  private static List<Column> storageClass() {
    return List.of(
        name(),
        text("Provisioner", at("provisioner")),
        text("ReclaimPolicy", orElse("Delete", "reclaimPolicy")),
        text("VolumeBindingMode", orElse("Immediate", "volumeBindingMode")),
        text("AllowVolumeExpansion", orElse("false", "allowVolumeExpansion")),
        age());
  }

  private static String selector(JsonNode selector) {
    return labels(Json.stringMap(selector, "matchLabels"));
  }

  static String labels(Map<String, String> labels) {
    if (labels.isEmpty()) {
      return NONE;
    }
    return new TreeMap<>(labels)
        .entrySet().stream()
            .map(e -> e.getKey() + "=" + e.getValue())
            .collect(Collectors.joining(","));
  }
}
