package dev.partita.operator.partition;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.partita.crd.Partition;
import dev.partita.crd.PartitionSpec;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.PartitionRequest.Bounds;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.resource.Labels;
import dev.partita.operator.resource.Transitions;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import java.net.HttpURLConnection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Keeps a resource for each part of a Partition that was split, so that parts are seen, placed,
/// moved and drained like all others.
///
/// A part's spec is that of its parent with its own bounds, and whatever of it is changed by hand
/// is changed back. Its rows belong to the parent: without the resource they stay, and the resource
/// is made again.
final class ChildPartitions {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Transitions transitions;

  ChildPartitions(Transitions transitions) {
    this.transitions = transitions;
  }

  /// Brings the resources of all parts in line with their parent.
  ///
  /// @return why one of them cannot be made, and what a person can do
  Optional<String> keep(
      Partition parent, PartitionView view, ClusterView cluster, Context<Partition> context) {
    Optional<String> obstacle = Optional.empty();
    for (String name : view.children()) {
      Optional<PartitionView> child = cluster.partition(name);
      if (child.isPresent()) {
        Optional<String> met = keep(parent, child.get(), context);
        obstacle = obstacle.isPresent() ? obstacle : met;
      }
    }
    return obstacle;
  }

  private Optional<String> keep(Partition parent, PartitionView child, Context<Partition> context) {
    Partition desired;
    try {
      desired = desired(parent, child);
    } catch (IllegalArgumentException _) {
      return Optional.of(
          "a resource cannot say the bounds of %s, which was split by several components of a key: it is left where it is"
              .formatted(child.name()));
    }
    Optional<Partition> existing =
        context
            .getSecondaryResourcesAsStream(Partition.class)
            .filter(each -> each.getMetadata().getName().equals(child.name()))
            .findFirst();
    KubernetesClient client = context.getClient();
    return existing.isPresent()
        ? adapt(existing.get(), desired, client)
        : create(parent, desired, client);
  }

  private Optional<String> create(Partition parent, Partition desired, KubernetesClient client) {
    try {
      client.resource(desired).create();
    } catch (KubernetesClientException e) {
      if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
        throw e;
      }
      Partition found = client.resource(desired).get();
      if (found == null) {
        return Optional.empty();
      }
      return Lineage.isMarked(found)
          ? adapt(found, desired, client)
          : Optional.of(
              "a part of it is called %s, and somebody has declared another Partition of that name: delete that resource; no row goes with it"
                  .formatted(desired.getMetadata().getName()));
    }
    String name = desired.getMetadata().getName();
    if (parent.getStatus() != null
        && parent.getStatus().children() != null
        && parent.getStatus().children().contains(name)) {
      transitions.tell(
          parent,
          "PartMadeAgain",
          "the resource of its part %s was gone and was made again; the rows were there all the time, and go when this Partition is deleted"
              .formatted(name));
    }
    return Optional.empty();
  }

  private static Optional<String> adapt(
      Partition existing, Partition desired, KubernetesClient client) {
    if (existing.isMarkedForDeletion() || isAsDesired(existing, desired)) {
      return Optional.empty();
    }
    if (!hasSameBounds(existing.getSpec(), desired.getSpec())) {
      // Left over of another database of this namespace, which had given the name to other rows.
      client.resource(existing).delete();
      return Optional.empty();
    }
    client
        .resources(Partition.class)
        .inNamespace(desired.getMetadata().getNamespace())
        .withName(desired.getMetadata().getName())
        .edit(each -> {
          each.setSpec(desired.getSpec());
          Map<String, String> labels = new HashMap<>(labels(each));
          labels.putAll(labels(desired));
          each.getMetadata().setLabels(labels);
          each.getMetadata().setOwnerReferences(desired.getMetadata().getOwnerReferences());
          return each;
        });
    return Optional.empty();
  }

  private static boolean isAsDesired(Partition existing, Partition desired) {
    return existing.getSpec().equals(desired.getSpec())
        && labels(existing).entrySet().containsAll(labels(desired).entrySet())
        && uids(existing).equals(uids(desired));
  }

  private static boolean hasSameBounds(PartitionSpec one, PartitionSpec other) {
    return one.collection().equals(other.collection())
        && Objects.equals(one.range(), other.range())
        && Objects.equals(one.hash(), other.hash())
        && Objects.equals(one.columns(), other.columns());
  }

  private static List<String> uids(Partition partition) {
    return partition.getMetadata().getOwnerReferences().stream()
        .map(OwnerReference::getUid)
        .toList();
  }

  private static Map<String, String> labels(Partition partition) {
    @Nullable Map<String, String> labels = partition.getMetadata().getLabels();
    return labels == null ? Map.of() : labels;
  }

  /// @throws IllegalArgumentException if a resource cannot say the bounds
  private static Partition desired(Partition parent, PartitionView child) {
    PartitionSpec spec = parent.getSpec();
    Bounds bounds = JSON.convertValue(child.bounds(), Bounds.class);
    if (bounds == null) {
      throw new IllegalArgumentException("no bounds");
    }
    Partition desired = new Partition();
    desired.getMetadata().setName(child.name());
    desired.getMetadata().setNamespace(parent.getMetadata().getNamespace());
    String parentName = Labels.value(parent.getMetadata().getName());
    desired
        .getMetadata()
        .setLabels(
            Map.of(
                "app.kubernetes.io/managed-by",
                "partita-operator",
                Labels.PARENT,
                parentName,
                Labels.ROOT,
                labels(parent).getOrDefault(Labels.ROOT, parentName)));
    desired
        .getMetadata()
        .setOwnerReferences(
            List.of(
                new OwnerReferenceBuilder()
                    .withApiVersion(parent.getApiVersion())
                    .withKind(parent.getKind())
                    .withName(parent.getMetadata().getName())
                    .withUid(parent.getMetadata().getUid())
                    .withController(true)
                    .withBlockOwnerDeletion(true)
                    .build()));
    desired.setSpec(
        new PartitionSpec(
            child.collection(),
            bounds.range(),
            bounds.hash(),
            bounds.columns(),
            spec.replicas(),
            spec.placement(),
            spec.survive(),
            spec.leader(),
            spec.residency(),
            spec.split(),
            spec.deletionPolicy(),
            spec.paused()));
    return desired;
  }
}
