package dev.partita.operator.site;

import dev.partita.crd.Site;
import dev.partita.operator.certificate.Certificates;
import dev.partita.operator.cluster.Access;
import dev.partita.operator.cluster.HomeCluster;
import dev.partita.operator.cluster.NodeNames;
import dev.partita.operator.cluster.OtherClusters;
import dev.partita.operator.cluster.SiteCluster;
import dev.partita.operator.resource.Labels;
import dev.partita.operator.status.Verdict;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/// What is particular to databases with Sites in other clusters: when a Site may be worked on, and
/// what is its own there. No owner reference reaches over clusters; a label with the identity of
/// the Site does, and a finalizer keeps the Site until its objects there are gone.
final class Elsewhere {

  /// On Sites in other clusters.
  static final String FINALIZER = "partita.dev/other-cluster";

  private final OtherClusters clusters;

  Elsewhere(OtherClusters clusters) {
    this.clusters = clusters;
  }

  /// The cluster of a Site, if it can be worked on now.
  Access access(Site site, Context<Site> context) {
    if (!NodeNames.isElsewhere(site)) {
      SiteCluster here = new HomeCluster(context);
      return begunUnfound(site, here, context)
          .<Access>map(Elsewhere::denied)
          .orElseGet(() -> new Access.Reached(here));
    }
    if (!site.hasFinalizer(FINALIZER)) {
      return denied(
          Verdict.reconciling("Pending", "Connecting", "waiting for finalizer " + FINALIZER));
    }
    Site first = first(site, context);
    if (isNameless(first)) {
      return denied(nameless(first));
    }
    Access access = clusters.access(site);
    return access instanceof Access.Reached(SiteCluster there)
        ? foreign(site, there)
            .or(() -> findsNone(site, there, context))
            .<Access>map(Elsewhere::denied)
            .orElse(access)
        : access;
  }

  /// A Site here that would begin with nodes that those in other clusters cannot find. One that has
  /// nodes goes on, and so do all others.
  private static Optional<Verdict> begunUnfound(
      Site site, SiteCluster here, Context<Site> context) {
    boolean begins =
        isNameless(site)
            && sites(site, context).anyMatch(NodeNames::isElsewhere)
            && !isSame(site, first(site, context))
            && !isThere(site, here);
    return begins ? Optional.of(nameless(site)) : Optional.empty();
  }

  /// A Site in another cluster whose first nodes would not find some of those here. One that has
  /// nodes goes on: it is not to blame.
  private static Optional<Verdict> findsNone(Site site, SiteCluster there, Context<Site> context) {
    return isThere(site, there)
        ? Optional.empty()
        : sites(site, context)
            .filter(Elsewhere::isNameless)
            .min(Comparator.comparing(each -> each.getMetadata().getName()))
            .map(Elsewhere::nameless);
  }

  private static Verdict nameless(Site site) {
    return Verdict.stalled(
        "AddressMissing",
        "nodes in another cluster cannot find those of Site %s: set its spec.advertisedAddress"
            .formatted(site.getMetadata().getName()));
  }

  /// Whether its nodes have no names that are known everywhere.
  private static boolean isNameless(Site site) {
    return site.getSpec().advertisedAddress() == null;
  }

  private static boolean isThere(Site site, SiteCluster cluster) {
    return cluster.object(StatefulSet.class, site.getMetadata().getName()).isPresent();
  }

  private static boolean isSame(Site one, Site other) {
    return one.getMetadata().getName().equals(other.getMetadata().getName());
  }

  /// Those of the namespace that are to stay.
  private static Stream<Site> sites(Site site, Context<Site> context) {
    return context
        .getPrimaryCache()
        .list(site.getMetadata().getNamespace(), each -> !each.isMarkedForDeletion());
  }

  /// The oldest Site that is no edge: the one whose nodes the others ask for the cluster.
  static Site first(Site site, Context<Site> context) {
    return context
        .getPrimaryCache()
        .list(site.getMetadata().getNamespace(), each -> !each.getSpec().edge())
        .min(
            Comparator.comparing((Site each) -> each.getMetadata().getCreationTimestamp())
                .thenComparing(each -> each.getMetadata().getName()))
        .orElse(site);
  }

  private static Access.Denied denied(Verdict verdict) {
    return new Access.Denied(verdict, List.of(), true);
  }

  /// Two Sites of one name, of two databases or two operators, would take each other's pods.
  private static Optional<Verdict> foreign(Site site, SiteCluster there) {
    String name = site.getMetadata().getName();
    return there
        .object(StatefulSet.class, name)
        .filter(set -> !isOf(site, set))
        .map(set ->
            Verdict.stalled(
                "OwnedByAnother",
                "StatefulSet %s in the other cluster belongs to another Site of this name: if this one shall have its nodes, kubectl label statefulset %s %s=%s --overwrite there"
                    .formatted(name, name, Labels.SITE_UID, site.getMetadata().getUid())));
  }

  private static boolean isOf(Site site, HasMetadata object) {
    Map<String, String> labels = object.getMetadata().getLabels();
    return labels != null
        && Objects.equals(labels.get(Labels.SITE_UID), site.getMetadata().getUid());
  }

  /// Deletes what is the Site's in its cluster, but for the volumes, which outlive Sites.
  ///
  /// @return whether nothing was left
  static boolean isCleared(Site site, SiteCluster there) {
    String name = site.getMetadata().getName();
    // All of them, whatever the first one says.
    List<Boolean> gone =
        List.of(
            delete(StatefulSet.class, name, site, there),
            delete(PodDisruptionBudget.class, name, site, there),
            delete(Service.class, name, site, there),
            delete(Service.class, NodeNames.peersService(name), site, there),
            delete(ConfigMap.class, name, site, there),
            delete(Secret.class, Certificates.nodeSecret(site), site, there));
    return !gone.contains(false);
  }

  private static <T extends HasMetadata> boolean delete(
      Class<T> kind, String name, Site site, SiteCluster there) {
    var object =
        there
            .client()
            .resources(kind)
            .inNamespace(site.getMetadata().getNamespace())
            .withName(name);
    T present = object.get();
    if (present == null || !isOf(site, present)) {
      return true;
    }
    object.delete();
    return false;
  }

  /// Says that a Site is about to be worked on there, until [OtherClusters#finished].
  ///
  /// @return whether it still exists, where something would be made for one that does not
  boolean begin(Site site, SiteCluster there, KubernetesClient home) {
    clusters.working(site);
    if (there.object(StatefulSet.class, site.getMetadata().getName()).isPresent()) {
      return true;
    }
    Site now = home.resource(site).get();
    return now != null
        && !now.isMarkedForDeletion()
        && Objects.equals(now.getMetadata().getUid(), site.getMetadata().getUid());
  }

  /// The node pods of all Sites of the namespace as they are now; nothing if one that should answer
  /// does not.
  Optional<List<Pod>> podsOfAllSites(Site site) {
    return clusters.podsNow(site.getMetadata().getNamespace());
  }
}
