package dev.partita.local.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.object.ApiFailure;
import dev.partita.local.object.ObjectService;
import dev.partita.local.object.ObjectService.Applied;
import dev.partita.local.object.WriteRequest;
import dev.partita.local.object.WriteRequest.Target;
import dev.partita.local.patch.JsonPatch;
import dev.partita.local.patch.MergePatch;
import dev.partita.local.patch.PatchException;
import dev.partita.local.patch.StrategicMergePatch;
import dev.partita.local.schema.Schema;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/// Applies patches of every media type.
final class PatchHandler {
  static final String APPLY = "application/apply-patch+yaml";
  private static final String JSON = "application/json-patch+json";
  private static final String MERGE = "application/merge-patch+json";
  private static final String STRATEGIC = "application/strategic-merge-patch+json";

  private final ObjectService objects;

  PatchHandler(ObjectService objects) {
    this.objects = objects;
  }

  Applied patch(Call call, Target target, WriteRequest write) throws IOException {
    String type = call.contentType();
    JsonNode patch = call.tree();
    if (type.equals(APPLY)) {
      if (call.parameter("fieldManager").isEmpty()) {
        throw ApiFailure.badRequest(
            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch");
      }
      return objects.apply(target, asObject(patch), write);
    }
    if (type.equals(STRATEGIC) && target.kind().custom()) {
      throw unsupported(type);
    }
    Schema schema = target.kind().schema();
    ObjectNode result = objects.modify(target, live -> patched(type, schema, live, patch), write);
    return new Applied(result, false);
  }

  /// `live` after a patch of the given media type.
  static ObjectNode patched(String type, @Nullable Schema schema, ObjectNode live, JsonNode patch) {
    try {
      return switch (type) {
        case JSON -> JsonPatch.apply(live, patch);
        case MERGE -> MergePatch.apply(live, asObject(patch));
        case STRATEGIC -> StrategicMergePatch.apply(schema, live, asObject(patch));
        default -> throw unsupported(type);
      };
    } catch (PatchException e) {
      String message = String.valueOf(e.getMessage());
      throw e.malformed() ? ApiFailure.badRequest(message) : ApiFailure.unprocessable(message);
    }
  }

  static ObjectNode asObject(JsonNode patch) {
    if (patch instanceof ObjectNode object) {
      return object;
    }
    throw ApiFailure.badRequest("the patch has to be an object: " + Json.text(patch));
  }

  private static ApiFailure unsupported(String type) {
    return ApiFailure.unsupportedMediaType(
        "the body of the request was in an unknown format - accepted media types include: "
            + JSON
            + ", "
            + MERGE
            + ", "
            + APPLY
            + (type.equals(STRATEGIC) ? "" : ", " + STRATEGIC));
  }
}
