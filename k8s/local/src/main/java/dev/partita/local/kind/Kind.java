package dev.partita.local.kind;

import dev.partita.local.schema.Schema;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// One kind in one version: how it is named, shaped, stored and printed.
///
/// @param names the names that clients use
/// @param storage the resource under which objects are stored; equal for kinds that are two views
///   of the same objects
/// @param definition the name of the built-in definition, empty for a custom resource
/// @param subresources of `status`, `scale`, `log`, `eviction`
/// @param scale where the scale subresource finds its numbers, null when there is none
/// @param columns what `kubectl get` shows
public record Kind(
    String group,
    String version,
    Names names,
    boolean namespaced,
    String storage,
    String definition,
    Supplier<Schema> schemaSource,
    Set<String> subresources,
    @Nullable ScalePaths scale,
    List<Column> columns) {

  /// The names of a kind.
  public record Names(
      String kind,
      String listKind,
      String plural,
      String singular,
      List<String> shortNames,
      List<String> categories) {
    public Names {
      shortNames = List.copyOf(shortNames);
      categories = List.copyOf(categories);
    }
  }

  /// JSON paths such as `.spec.replicas`.
  ///
  /// @param selector empty when there is none
  public record ScalePaths(String specReplicas, String statusReplicas, String selector) {}

  public Kind {
    subresources = Set.copyOf(subresources);
    columns = List.copyOf(columns);
  }

  public String kind() {
    return names.kind();
  }

  public String plural() {
    return names.plural();
  }

  /// Such as `apps/v1`, or `v1` for the core group.
  public String apiVersion() {
    return group.isEmpty() ? version : group + "/" + version;
  }

  /// Such as `statefulsets.apps`, as it stands in messages.
  public String qualifiedPlural() {
    return group.isEmpty() ? plural() : plural() + "." + group;
  }

  /// Such as `StatefulSet.apps`.
  public String qualifiedKind() {
    return group.isEmpty() ? kind() : kind() + "." + group;
  }

  public boolean custom() {
    return definition.isEmpty();
  }

  public boolean hasStatus() {
    return subresources.contains("status");
  }

  public Schema schema() {
    return schemaSource.get();
  }

  public Optional<ScalePaths> scalePaths() {
    return Optional.ofNullable(scale);
  }
}
