package dev.partita.local.api;

import java.util.List;
import java.util.Optional;

/// The path of a request on objects.
///
/// @param namespace empty for all namespaces and for kinds of the whole cluster
/// @param name empty for a collection
/// @param subresource empty for the object itself
record ResourcePath(
    String group,
    String version,
    String namespace,
    String plural,
    String name,
    String subresource) {

  /// Reads `/api/v1/…` and `/apis/{group}/{version}/…`; empty for other paths.
  static Optional<ResourcePath> parse(List<String> segments) {
    boolean core = !segments.isEmpty() && segments.getFirst().equals("api");
    boolean named = !segments.isEmpty() && segments.getFirst().equals("apis");
    int start = core ? 2 : 3;
    if ((!core && !named) || segments.size() <= start) {
      return Optional.empty();
    }
    String group = core ? "" : segments.get(1);
    String version = segments.get(start - 1);
    List<String> rest = segments.subList(start, segments.size());
    String namespace = "";
    boolean inNamespace = rest.size() > 2 && rest.getFirst().equals("namespaces");
    if (inNamespace && !List.of("status", "finalize").contains(rest.get(2))) {
      namespace = rest.get(1);
      rest = rest.subList(2, rest.size());
    }
    if (rest.size() > 3) {
      return Optional.empty();
    }
    return Optional.of(
        new ResourcePath(group, version, namespace, rest.getFirst(), at(rest, 1), at(rest, 2)));
  }

  private static String at(List<String> segments, int index) {
    return index < segments.size() ? segments.get(index) : "";
  }
}
