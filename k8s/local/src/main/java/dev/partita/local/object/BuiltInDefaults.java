package dev.partita.local.object;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.partita.local.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Values that the built-in kinds get where the client says nothing, beyond those that their
/// schemas state.
final class BuiltInDefaults {
  private BuiltInDefaults() {}

  static void apply(ObjectNode object) {
    switch (Json.string(object, "kind")) {
      case "Pod" -> pod(Json.ensure(object, "spec"));
      case "StatefulSet" -> statefulSet(Json.ensure(object, "spec"));
      case "Service" -> service(object);
      case "Secret" -> secret(object);
      case "PersistentVolumeClaim" -> claim(object);
      case "PersistentVolume" -> volume(object);
      case "Namespace" -> namespace(object);
      case "StorageClass" -> {
        Json.putIfAbsent(object, "reclaimPolicy", "Delete");
        Json.putIfAbsent(object, "volumeBindingMode", "Immediate");
      }
      case "CustomResourceDefinition" -> definition(Json.ensure(object, "spec"));
      case "NetworkPolicy" -> networkPolicy(Json.ensure(object, "spec"));
      default -> {}
    }
  }

  private static void pod(ObjectNode spec) {
    Json.putIfAbsent(spec, "restartPolicy", "Always");
    Json.putIfAbsent(spec, "terminationGracePeriodSeconds", 30);
    Json.putIfAbsent(spec, "dnsPolicy", "ClusterFirst");
    Json.putIfAbsent(spec, "schedulerName", "default-scheduler");
    Json.ensure(spec, "securityContext");
    for (String list : List.of("initContainers", "containers")) {
      spec.path(list).forEach(container -> container((ObjectNode) container));
    }
    spec.path("volumes").forEach(volume -> podVolume((ObjectNode) volume));
  }

  private static void container(ObjectNode container) {
    Json.putIfAbsent(container, "terminationMessagePath", "/dev/termination-log");
    Json.putIfAbsent(container, "terminationMessagePolicy", "File");
    String image = Json.string(container, "image");
    boolean latest =
        !image.substring(image.lastIndexOf('/') + 1).contains(":") || image.endsWith(":latest");
    Json.putIfAbsent(container, "imagePullPolicy", latest ? "Always" : "IfNotPresent");
    Json.ensure(container, "resources");
    for (String probe : List.of("readinessProbe", "livenessProbe", "startupProbe")) {
      if (container.get(probe) instanceof ObjectNode object) {
        probe(object);
      }
    }
    for (JsonNode variable : container.path("env")) {
      if (variable.path("valueFrom").get("fieldRef") instanceof ObjectNode reference) {
        Json.putIfAbsent(reference, "apiVersion", "v1");
      }
    }
  }

  private static void probe(ObjectNode probe) {
    Json.putIfAbsent(probe, "timeoutSeconds", 1);
    Json.putIfAbsent(probe, "periodSeconds", 10);
    Json.putIfAbsent(probe, "successThreshold", 1);
    Json.putIfAbsent(probe, "failureThreshold", 3);
    if (probe.get("httpGet") instanceof ObjectNode http) {
      Json.putIfAbsent(http, "path", "/");
      Json.putIfAbsent(http, "scheme", "HTTP");
    }
  }

  private static void podVolume(ObjectNode volume) {
    for (String source : List.of("configMap", "secret", "projected", "downwardAPI")) {
      if (volume.get(source) instanceof ObjectNode object) {
        Json.putIfAbsent(object, "defaultMode", 420);
      }
    }
  }

  private static void statefulSet(ObjectNode spec) {
    Json.putIfAbsent(spec, "replicas", 1);
    Json.putIfAbsent(spec, "podManagementPolicy", "OrderedReady");
    Json.putIfAbsent(spec, "revisionHistoryLimit", 10);
    ObjectNode strategy = Json.ensure(spec, "updateStrategy");
    Json.putIfAbsent(strategy, "type", "RollingUpdate");
    if (Json.string(strategy, "type").equals("RollingUpdate")) {
      Json.putIfAbsent(Json.ensure(strategy, "rollingUpdate"), "partition", 0);
    }
    ObjectNode retention = Json.ensure(spec, "persistentVolumeClaimRetentionPolicy");
    Json.putIfAbsent(retention, "whenDeleted", "Retain");
    Json.putIfAbsent(retention, "whenScaled", "Retain");
    pod(Json.ensure(spec, "template", "spec"));
    for (JsonNode template : spec.path("volumeClaimTemplates")) {
      ObjectNode claim = (ObjectNode) template;
      Json.putIfAbsent(claim, "apiVersion", "v1");
      Json.putIfAbsent(claim, "kind", "PersistentVolumeClaim");
      claim(claim);
    }
  }

  private static void claim(ObjectNode claim) {
    Json.putIfAbsent(Json.ensure(claim, "spec"), "volumeMode", "Filesystem");
    Json.putIfAbsent(Json.ensure(claim, "status"), "phase", "Pending");
  }

  private static void volume(ObjectNode volume) {
    ObjectNode spec = Json.ensure(volume, "spec");
    Json.putIfAbsent(spec, "volumeMode", "Filesystem");
    Json.putIfAbsent(spec, "persistentVolumeReclaimPolicy", "Retain");
    Json.putIfAbsent(Json.ensure(volume, "status"), "phase", "Available");
  }

  private static void service(ObjectNode service) {
    ObjectNode spec = Json.ensure(service, "spec");
    Json.putIfAbsent(spec, "type", "ClusterIP");
    Json.putIfAbsent(spec, "sessionAffinity", "None");
    Json.putIfAbsent(spec, "internalTrafficPolicy", "Cluster");
    Json.putIfAbsent(spec, "ipFamilyPolicy", "SingleStack");
    Json.putIfAbsent(spec, "ipFamilies", Json.array().add("IPv4"));
    if (Json.has(spec, "clusterIP")) {
      Json.putIfAbsent(spec, "clusterIPs", Json.array().add(Json.string(spec, "clusterIP")));
    }
    for (JsonNode port : spec.path("ports")) {
      Json.putIfAbsent((ObjectNode) port, "protocol", "TCP");
      Json.putIfAbsent((ObjectNode) port, "targetPort", port.path("port"));
    }
    Json.ensure(Json.ensure(service, "status"), "loadBalancer");
  }

  private static void secret(ObjectNode secret) {
    Json.putIfAbsent(secret, "type", "Opaque");
    for (Map.Entry<String, String> entry : Json.stringMap(secret, "stringData").entrySet()) {
      byte[] value = entry.getValue().getBytes(StandardCharsets.UTF_8);
      Json.ensure(secret, "data")
          .set(entry.getKey(), TextNode.valueOf(Base64.getEncoder().encodeToString(value)));
    }
    secret.remove("stringData");
  }

  private static void namespace(ObjectNode namespace) {
    Json.putIfAbsent(Json.ensure(namespace, "spec"), "finalizers", Json.array().add("kubernetes"));
    Json.putIfAbsent(Json.ensure(namespace, "status"), "phase", "Active");
    String name = Json.string(namespace, "metadata", "name");
    if (!name.isEmpty()) {
      Json.ensure(namespace, "metadata", "labels").put("kubernetes.io/metadata.name", name);
    }
  }

  private static void networkPolicy(ObjectNode spec) {
    Json.putIfAbsent(spec, "policyTypes", Json.array().add("Ingress"));
    Json.ensure(spec, "podSelector");
  }

  private static void definition(ObjectNode spec) {
    Json.putIfAbsent(Json.ensure(spec, "conversion"), "strategy", "None");
    ObjectNode names = Json.ensure(spec, "names");
    String kind = Json.string(names, "kind");
    Json.putIfAbsent(names, "singular", kind.toLowerCase(Locale.ROOT));
    Json.putIfAbsent(names, "listKind", kind + "List");
  }
}
