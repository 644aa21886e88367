package dev.partita.operator.resource;

import io.fabric8.kubernetes.api.model.HasMetadata;
import org.jspecify.annotations.Nullable;

/// What an object was made from, told by the hash that it carries.
public final class Applied {

  private Applied() {}

  /// The hash that an object carries, or null.
  public static @Nullable String hash(HasMetadata object) {
    return object.getMetadata().getAnnotations() == null
        ? null
        : object.getMetadata().getAnnotations().get(Labels.HASH);
  }
}
