package dev.partita.local.object;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.local.json.Json;
import dev.partita.local.object.WriteRequest.Target;
import dev.partita.local.store.Store;
import dev.partita.local.store.StoreKey;

/// Refuses to enlarge a claim whose storage class does not allow that. A class that does not exist
/// allows it, as any class has volumes here.
final class VolumeExpansion {
  private static final String CLASSES = "storage.k8s.io/storageclasses";

  private VolumeExpansion() {}

  static void check(Store store, Target target, ObjectNode claim, ObjectNode old) {
    if (!target.kind().storage().equals(Cluster.CLAIMS)
        || !target.subresource().isEmpty()
        || claim.path("spec").path("resources").equals(old.path("spec").path("resources"))) {
      return;
    }
    ObjectNode storageClass =
        store.get(new StoreKey(CLASSES, "", Json.string(claim, "spec", "storageClassName")));
    if (storageClass != null && !storageClass.path("allowVolumeExpansion").asBoolean()) {
      throw ApiFailure.forbidden(
          target.kind(),
          target.name(),
          "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize");
    }
  }
}
