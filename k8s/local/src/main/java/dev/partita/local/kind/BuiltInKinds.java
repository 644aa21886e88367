package dev.partita.local.kind;

import dev.partita.local.schema.BuiltInSchemas;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// The built-in kinds.
final class BuiltInKinds {
  private static final Set<String> STATUS = Set.of("status");
  private static final Set<String> NONE = Set.of();

  /// Groups that only have requests which are answered and not stored.
  static final List<Map.Entry<String, String>> REVIEW_GROUPS =
      List.of(Map.entry("authorization.k8s.io", "v1"), Map.entry("authentication.k8s.io", "v1"));

  private static final Kind.ScalePaths REPLICAS =
      new Kind.ScalePaths(".spec.replicas", ".status.replicas", "");

  private BuiltInKinds() {}

  static List<Kind> all() {
    return List.of(
        core("ConfigMap", "configmaps", List.of("cm"), true, NONE),
        core("Endpoints", "endpoints", List.of("ep"), true, NONE),
        core("Event", "events", List.of("ev"), true, NONE),
        core("Namespace", "namespaces", List.of("ns"), false, Set.of("status", "finalize")),
        core("Node", "nodes", List.of("no"), false, STATUS),
        core("PersistentVolumeClaim", "persistentvolumeclaims", List.of("pvc"), true, STATUS),
        core("PersistentVolume", "persistentvolumes", List.of("pv"), false, STATUS),
        core("Pod", "pods", List.of("po"), true, Set.of("status", "log", "eviction")),
        core("Secret", "secrets", List.of(), true, NONE),
        core("ServiceAccount", "serviceaccounts", List.of("sa"), true, NONE),
        core("Service", "services", List.of("svc"), true, STATUS),
        of(
            "apiextensions.k8s.io",
            "v1",
            "CustomResourceDefinition",
            "customresourcedefinitions",
            List.of("crd", "crds"),
            false,
            STATUS),
        of("apps", "v1", "ControllerRevision", "controllerrevisions", List.of(), true, NONE),
        of(
            "apps",
            "v1",
            "StatefulSet",
            "statefulsets",
            List.of("sts"),
            true,
            Set.of("status", "scale")),
        of("coordination.k8s.io", "v1", "Lease", "leases", List.of(), true, NONE),
        of("events.k8s.io", "v1", "Event", "events", List.of("ev"), true, NONE),
        of(
            "networking.k8s.io",
            "v1",
            "NetworkPolicy",
            "networkpolicies",
            List.of("netpol"),
            true,
            NONE),
        of(
            "policy",
            "v1",
            "PodDisruptionBudget",
            "poddisruptionbudgets",
            List.of("pdb"),
            true,
            STATUS),
        of(
            "rbac.authorization.k8s.io",
            "v1",
            "ClusterRoleBinding",
            "clusterrolebindings",
            List.of(),
            false,
            NONE),
        of(
            "rbac.authorization.k8s.io",
            "v1",
            "ClusterRole",
            "clusterroles",
            List.of(),
            false,
            NONE),
        of("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings", List.of(), true, NONE),
        of("rbac.authorization.k8s.io", "v1", "Role", "roles", List.of(), true, NONE),
        of("storage.k8s.io", "v1", "StorageClass", "storageclasses", List.of("sc"), false, NONE));
  }

  private static Kind core(
      String kind,
      String plural,
      List<String> shortNames,
      boolean namespaced,
      Set<String> subresources) {
    return of("", "v1", kind, plural, shortNames, namespaced, subresources);
  }

  private static Kind of(
      String group,
      String version,
      String kind,
      String plural,
      List<String> shortNames,
      boolean namespaced,
      Set<String> subresources) {
    String definition = definition(group, version, kind);
    boolean inAll = List.of("pods", "services", "statefulsets").contains(plural);
    String storageGroup = plural.equals("events") ? "" : group;
    return new Kind(
        group,
        version,
        new Kind.Names(
            kind,
            kind + "List",
            plural,
            kind.toLowerCase(Locale.ROOT),
            shortNames,
            categories(plural, inAll)),
        namespaced,
        storageGroup + "/" + plural,
        definition,
        () -> BuiltInSchemas.named(definition),
        subresources,
        subresources.contains("scale") ? REPLICAS : null,
        BuiltInColumns.of(kind));
  }

  private static List<String> categories(String plural, boolean inAll) {
    if (plural.equals("customresourcedefinitions")) {
      return List.of("api-extensions");
    }
    return inAll ? List.of("all") : List.of();
  }

  private static String definition(String group, String version, String kind) {
    if (group.equals("apiextensions.k8s.io")) {
      return "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1." + kind;
    }
    String packageName =
        group.isEmpty() ? "core" : group.replaceAll("(\\.authorization)?\\.k8s\\.io$", "");
    return "io.k8s.api." + packageName + "." + version + "." + kind;
  }
}
