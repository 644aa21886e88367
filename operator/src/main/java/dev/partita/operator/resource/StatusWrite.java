package dev.partita.operator.resource;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import java.net.HttpURLConnection;
import java.util.Objects;

/// Writes the statuses of resources.
///
/// The SDK takes what the API server answers to a write for the write alone and keeps silent about
/// every event up to it. But the answer tells also what others have changed between the look at the
/// resource and the write: such a change, a deletion among them, would be seen with the next look
/// only, which nothing brings about.
public final class StatusWrite {

  private StatusWrite() {}

  /// Writes a status, unless the resource has been made again meanwhile: the new one is not told
  /// what is true of the one before.
  ///
  /// @param reconciled the resource that the status was found for
  /// @param status an object with nothing but a status
  /// @return whether the resource has changed meanwhile, so that it must be looked at again at once
  public static <P extends HasMetadata> boolean apply(P reconciled, P status, Context<P> context) {
    ObjectMeta of = reconciled.getMetadata();
    status.setMetadata(
        new ObjectMetaBuilder()
            .withName(of.getName())
            .withNamespace(of.getNamespace())
            .withUid(of.getUid())
            .build());
    try {
      P written = context.resourceOperations().serverSideApplyPrimaryStatus(status);
      return isChanged(of, written.getMetadata());
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
        return true; // it has another UID
      }
      throw e;
    }
  }

  /// Whether it differs in something of which an event would tell.
  static boolean isChanged(ObjectMeta before, ObjectMeta after) {
    return !Objects.equals(before.getUid(), after.getUid())
        || !Objects.equals(before.getGeneration(), after.getGeneration())
        || !Objects.equals(before.getDeletionTimestamp(), after.getDeletionTimestamp())
        || !before.getFinalizers().equals(after.getFinalizers());
  }
}
