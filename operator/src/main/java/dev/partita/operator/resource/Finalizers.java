package dev.partita.operator.resource;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.DeleteControl;
import java.net.HttpURLConnection;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// Takes the finalizer off a resource that was cleaned up, in place of the SDK.
///
/// The SDK keeps its books by name. When a reconcile ends in which it has removed the finalizer, it
/// notes that what has this name is cleaned up and needs no look any more. By then the resource may
/// be gone, and another one may have been made under its name and met already: the note is about
/// that one then, and neither an event of its own writes nor the passing of time has it looked at
/// again, nor its deletion. So the finalizer is removed here, and the SDK hears that whatever has
/// the name needs another look.
public final class Finalizers {

  /// For the deletion to be seen, which makes the look unnecessary.
  private static final long LOOK_MILLIS = 1_000;

  private Finalizers() {}

  /// Removes the finalizer of the controller, and has whatever has the name then looked at again.
  ///
  /// @param resource that is being deleted and was cleaned up
  public static <P extends HasMetadata> DeleteControl remove(P resource, Context<P> context) {
    String finalizer = context.getControllerConfiguration().getFinalizerName();
    try {
      var _ =
          context
              .resourceOperations()
              .conflictRetryingPatchPrimary(
                  each -> {
                    each.removeFinalizer(finalizer);
                    return each;
                  },
                  found -> isSame(resource, found) && found.hasFinalizer(finalizer));
    } catch (KubernetesClientException e) {
      if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
        throw e;
      }
    }
    return DeleteControl.noFinalizerRemoval().rescheduleAfter(LOOK_MILLIS);
  }

  /// @param found what has the name now, null if nothing has
  private static boolean isSame(HasMetadata resource, @Nullable HasMetadata found) {
    return found != null
        && Objects.equals(found.getMetadata().getUid(), resource.getMetadata().getUid());
  }
}
