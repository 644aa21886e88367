package dev.partita.local.object;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.schema.FieldError;
import dev.partita.local.schema.Quantity;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The rules on built-in kinds that matter to who uses them here: above all, what must not change.
final class BuiltInRules {
  private static final List<String> STATEFUL_SET_MUTABLE =
      List.of(
          "replicas",
          "ordinals",
          "template",
          "updateStrategy",
          "revisionHistoryLimit",
          "persistentVolumeClaimRetentionPolicy",
          "minReadySeconds");

  private BuiltInRules() {}

  static List<FieldError> check(ObjectNode object, @Nullable ObjectNode old, String subresource) {
    if (!subresource.isEmpty()) {
      return List.of();
    }
    return switch (Json.string(object, "kind")) {
      case "StatefulSet" -> statefulSet(object, old);
      case "Pod" -> pod(object, old);
      case "PersistentVolumeClaim" -> claim(object, old);
      case "ConfigMap", "Secret" -> immutableData(object, old);
      case "Service" -> service(object, old);
      case "CustomResourceDefinition" -> DefinitionRules.check(object, old);
      default -> List.of();
    };
  }

  private static List<FieldError> statefulSet(ObjectNode set, @Nullable ObjectNode old) {
    JsonNode labels = set.path("spec").path("template").path("metadata").path("labels");
    List<FieldError> errors = new ArrayList<>();
    if (!Json.has(set, "spec", "selector")) {
      errors.add(FieldError.required("spec.selector", ""));
    } else if (!Selectors.object(set.path("spec").path("selector")).test(Json.stringMap(labels))) {
      errors.add(
          FieldError.invalid(
              "spec.template.metadata.labels",
              labels,
              "`selector` does not match template `labels`"));
    }
    if (Json.number(set, 0, "spec", "replicas") < 0) {
      errors.add(
          FieldError.invalid(
              "spec.replicas",
              set.path("spec").path("replicas"),
              "must be greater than or equal to 0"));
    }
    if (old != null
        && !without(set, STATEFUL_SET_MUTABLE).equals(without(old, STATEFUL_SET_MUTABLE))) {
      errors.add(
          FieldError.forbidden(
              "spec",
              "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy',"
                  + " 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"));
    }
    return errors;
  }

  private static ObjectNode without(ObjectNode object, List<String> specFields) {
    ObjectNode spec = Json.normalized(Json.ensure(object.deepCopy(), "spec"));
    spec.remove(specFields);
    return spec;
  }

  private static List<FieldError> pod(ObjectNode pod, @Nullable ObjectNode old) {
    if (Json.elements(pod, "spec", "containers").isEmpty()) {
      return List.of(FieldError.required("spec.containers", ""));
    }
    if (old == null || podTemplate(pod).equals(podTemplate(old))) {
      return List.of();
    }
    return List.of(
        FieldError.forbidden(
            "spec",
            "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
                + "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
                + "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"));
  }

  private static ObjectNode podTemplate(ObjectNode pod) {
    ObjectNode spec = without(pod, List.of("activeDeadlineSeconds", "tolerations", "nodeName"));
    spec.path("containers").forEach(container -> ((ObjectNode) container).remove("image"));
    return spec;
  }

  private static List<FieldError> claim(ObjectNode claim, @Nullable ObjectNode old) {
    if (old == null) {
      return List.of();
    }
    List<String> mutable = List.of("resources", "volumeName", "volumeAttributesClassName");
    if (!without(claim, mutable).equals(without(old, mutable))) {
      return List.of(
          FieldError.forbidden(
              "spec",
              "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"));
    }
    Optional<Quantity> before = storage(old);
    Optional<Quantity> after = storage(claim);
    if (before.isPresent() && after.isPresent() && after.get().compareTo(before.get()) < 0) {
      return List.of(
          FieldError.forbidden(
              "spec.resources.requests.storage", "field can not be less than previous value"));
    }
    return List.of();
  }

  private static Optional<Quantity> storage(ObjectNode claim) {
    return Quantity.parse(Json.string(claim, "spec", "resources", "requests", "storage"));
  }

  private static List<FieldError> immutableData(ObjectNode object, @Nullable ObjectNode old) {
    if (old != null
        && old.path("immutable").asBoolean()
        && !object.path("data").equals(old.path("data"))) {
      return List.of(FieldError.forbidden("data", "field is immutable when `immutable` is set"));
    }
    return List.of();
  }

  private static List<FieldError> service(ObjectNode service, @Nullable ObjectNode old) {
    String before = Json.string(old, "spec", "clusterIP");
    JsonNode now = service.path("spec").path("clusterIP");
    if (!before.isEmpty() && !before.equals(now.asText())) {
      String shown = "Invalid value: [\"" + now.asText() + "\"]: may not change once set";
      return List.of(new FieldError("FieldValueInvalid", "spec.clusterIPs[0]", shown));
    }
    return List.of();
  }
}
