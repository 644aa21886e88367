package dev.partita.local.store;

import java.nio.charset.StandardCharsets;

/// Names one object. Ordered by namespace and name within a resource.
///
/// @param resource group and plural name, such as `apps/statefulsets` or `/pods`
/// @param namespace empty for objects of the whole cluster
public record StoreKey(String resource, String namespace, String name)
    implements Comparable<StoreKey> {
  /// A character that no name holds and that sorts before all that do.
  private static final String SEPARATOR = "\u0001";

  byte[] bytes() {
    return String.join(SEPARATOR, resource, namespace, name).getBytes(StandardCharsets.UTF_8);
  }

  static StoreKey parse(byte[] bytes) {
    String[] parts = new String(bytes, StandardCharsets.UTF_8).split(SEPARATOR, -1);
    return new StoreKey(parts[0], parts[1], parts[2]);
  }

  @Override
  public int compareTo(StoreKey other) {
    int byResource = resource.compareTo(other.resource);
    int byNamespace = byResource != 0 ? byResource : namespace.compareTo(other.namespace);
    return byNamespace != 0 ? byNamespace : name.compareTo(other.name);
  }
}
