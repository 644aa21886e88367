package dev.partita.operator.resource;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Server-side apply of what differs, told by the hash that the existing object carries.
public final class Applied {

  private Applied() {}

  /// Applies the desired object unless the existing one was made from the same.
  ///
  /// @return whether something was written
  public static <T extends HasMetadata> boolean ifChanged(
      Context<?> context, T desired, Optional<T> existing) {
    if (existing.isPresent() && Objects.equals(hash(existing.get()), hash(desired))) {
      return false;
    }
    context.resourceOperations().serverSideApply(desired);
    return true;
  }

  /// The hash that an object carries, or null.
  public static @Nullable String hash(HasMetadata object) {
    return object.getMetadata().getAnnotations() == null
        ? null
        : object.getMetadata().getAnnotations().get(Labels.HASH);
  }
}
