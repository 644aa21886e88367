package dev.partita.launcher;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.util.HashMap;
import java.util.Map;

/// Which objects of a cluster `up` has made: an annotation on each says so. What does not carry it
/// belongs to somebody else and is neither changed nor deleted.
final class Ownership {
  private static final String MADE_BY = "partita.dev/made-by";
  private static final String UP = "partita-up";

  private final Cluster cluster;

  Ownership(Cluster cluster) {
    this.cluster = cluster;
  }

  static boolean isOwn(HasMetadata object) {
    Map<String, String> annotations = object.getMetadata().getAnnotations();
    return annotations != null && UP.equals(annotations.get(MADE_BY));
  }

  static void mark(HasMetadata object) {
    Map<String, String> annotations = new HashMap<>();
    if (object.getMetadata().getAnnotations() != null) {
      annotations.putAll(object.getMetadata().getAnnotations());
    }
    annotations.put(MADE_BY, UP);
    object.getMetadata().setAnnotations(annotations);
  }

  /// Makes or updates an object unless somebody else has made one of that name.
  ///
  /// @return whether it is ours
  boolean apply(HasMetadata item) {
    HasMetadata existing = cluster.find(item);
    if (existing != null && !isOwn(existing)) {
      return false;
    }
    mark(item);
    cluster.apply(item);
    return true;
  }

  /// Deletes an object if it is ours.
  ///
  /// @return whether there was one to delete
  boolean delete(HasMetadata item) {
    HasMetadata existing = cluster.find(item);
    if (existing == null || !isOwn(existing)) {
      return false;
    }
    cluster.client().resource(existing).delete();
    return true;
  }

  static boolean isForbidden(KubernetesClientException e) {
    return e.getCode() == HttpURLConnection.HTTP_FORBIDDEN;
  }
}
