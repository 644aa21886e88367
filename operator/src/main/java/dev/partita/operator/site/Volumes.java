package dev.partita.operator.site;

import dev.partita.crd.Site;
import dev.partita.operator.cluster.SiteCluster;
import dev.partita.operator.nodeclient.Answer;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.Endpoint;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.nodeclient.NodeView;
import dev.partita.operator.observation.DataPlane;
import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.math.BigDecimal;
import java.net.HttpURLConnection;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// The volumes of a Site's nodes: they grow, and go only when the cluster has confirmed that
/// nothing is on them.
final class Volumes {

  private static final String STORAGE = "storage";
  private static final int UNPROCESSABLE = 422;

  private final SiteCluster there;

  Volumes(SiteCluster there) {
    this.there = there;
  }

  /// Whether the claim template wants another size than the existing StatefulSet has; it is
  /// immutable there.
  boolean isTemplateOutdated(StatefulSet desired, StatefulSet existing) {
    List<PersistentVolumeClaim> templates = existing.getSpec().getVolumeClaimTemplates();
    return !templates.isEmpty()
        && request(desired.getSpec().getVolumeClaimTemplates().getFirst())
                .compareTo(request(templates.getFirst()))
            > 0;
  }

  /// Deletes the StatefulSet and leaves its pods; it is made anew with the next reconcile.
  void replaceTemplate(StatefulSet existing) {
    there.client().resource(existing).withPropagationPolicy(DeletionPropagation.ORPHAN).delete();
  }

  /// How far the volumes have grown.
  ///
  /// @param growing names of the claims whose volumes are not yet as large as was asked
  /// @param obstacle why they cannot grow, and what a person can do
  record Growth(List<String> growing, @Nullable String obstacle) {}

  /// Enlarges the claims that are smaller than the spec says, whether or not their pods run: a node
  /// whose volume is full does not.
  Growth grow(Site site) {
    Quantity size = new Quantity(site.getSpec().storage().size());
    List<PersistentVolumeClaim> claims =
        there.objects(PersistentVolumeClaim.class).stream()
            .filter(claim -> claim.getMetadata().getDeletionTimestamp() == null)
            .sorted(Comparator.comparing(claim -> claim.getMetadata().getName()))
            .toList();
    List<String> growing = new ArrayList<>();
    for (PersistentVolumeClaim claim : claims) {
      if (request(claim).compareTo(size.getNumericalAmount()) < 0) {
        Optional<String> refusal = enlarge(claim, size);
        if (refusal.isPresent()) {
          return new Growth(growing, obstacle(claim, refusal.get()));
        }
        growing.add(claim.getMetadata().getName());
      } else if (isSmallerThanAsked(claim)) {
        growing.add(claim.getMetadata().getName());
      }
    }
    return new Growth(growing, null);
  }

  private static String obstacle(PersistentVolumeClaim claim, String refusal) {
    String storageClass =
        Objects.requireNonNullElse(claim.getSpec().getStorageClassName(), "(none)");
    return "claim %s cannot grow (%s): set allowVolumeExpansion on storage class %s, if its provisioner can do it"
        .formatted(claim.getMetadata().getName(), refusal, storageClass);
  }

  private static boolean isSmallerThanAsked(PersistentVolumeClaim claim) {
    Quantity capacity =
        claim.getStatus() == null || claim.getStatus().getCapacity() == null
            ? null
            : claim.getStatus().getCapacity().get(STORAGE);
    return capacity != null && capacity.getNumericalAmount().compareTo(request(claim)) < 0;
  }

  /// Deletes the claims of pods that are gone for good: no node of that name is in the cluster.
  void discard(Site site, Scaling scaling) {
    String prefix = SiteObjects.DATA + "-";
    List<String> pods =
        there.objects(Pod.class).stream().map(pod -> pod.getMetadata().getName()).toList();
    there.objects(PersistentVolumeClaim.class).stream()
        .filter(claim -> claim.getMetadata().getDeletionTimestamp() == null)
        .filter(claim -> claim.getMetadata().getName().startsWith(prefix))
        .filter(claim -> {
          String pod = claim.getMetadata().getName().substring(prefix.length());
          OptionalInt ordinal = PodNames.ordinal(site.getMetadata().getName(), pod);
          return ordinal.isPresent()
              && ordinal.getAsInt() >= scaling.replicas()
              && !pods.contains(pod);
        })
        .forEach(claim -> there.client().resource(claim).delete());
  }

  /// Gives pods whose node was removed from the cluster a fresh volume, and with it a new identity.
  void renew(
      Site site,
      Scaling scaling,
      List<Pod> pods,
      ClusterView cluster,
      DataPlane dataPlane,
      NodeEndpoints endpoints) {
    for (String name : scaling.forgotten()) {
      pods.stream()
          .filter(pod -> pod.getMetadata().getName().equals(name))
          .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
          .filter(pod -> pod.getStatus() != null && pod.getStatus().getPodIP() != null)
          .filter(pod -> isRemoved(endpoints.of(pod), cluster, dataPlane))
          .forEach(pod -> renew(site, pod));
    }
  }

  private void renew(Site site, Pod pod) {
    there
        .client()
        .persistentVolumeClaims()
        .inNamespace(site.getMetadata().getNamespace())
        .withName(SiteObjects.DATA + "-" + pod.getMetadata().getName())
        .delete();
    there.client().resource(pod).delete();
  }

  /// The pod may already have come back as another node.
  private static boolean isRemoved(Endpoint endpoint, ClusterView cluster, DataPlane dataPlane) {
    return dataPlane.askNode(endpoint, (admin, at) -> admin.node(at))
            instanceof Answer.Done<NodeView>(NodeView node)
        && cluster
            .node(node.nodeId())
            .filter(member -> member.state() == MemberView.State.GONE)
            .isPresent();
  }

  /// @return why the API server refuses it
  private Optional<String> enlarge(PersistentVolumeClaim claim, Quantity size) {
    try {
      there
          .client()
          .resource(claim)
          .edit(each -> {
            each.getSpec().getResources().setRequests(Map.of(STORAGE, size));
            return each;
          });
      return Optional.empty();
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_FORBIDDEN || e.getCode() == UNPROCESSABLE) {
        return Optional.of(
            e.getStatus() == null ? String.valueOf(e.getMessage()) : e.getStatus().getMessage());
      }
      throw e;
    }
  }

  private static BigDecimal request(PersistentVolumeClaim claim) {
    return Objects.requireNonNull(claim.getSpec().getResources().getRequests().get(STORAGE))
        .getNumericalAmount();
  }
}
