package dev.partita.launcher;

import io.fabric8.kubernetes.api.model.DeletionPropagation;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Namespace;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/// Takes out of a cluster what `up` has put there, and nothing else.
///
/// Without `wipe` the Sites and the operator go, so that nothing runs; volumes, Partitions and
/// Indexes stay for the next `up`. With it these go as well, and the definitions once no namespace
/// has a custom resource left.
final class Removal {
  /// The operator's record of which nodes have founded the cluster of a namespace, its certificates
  /// and its first administrator: all are about the data that goes.
  private static final Map<String, String> MADE_BY_OPERATOR =
      Map.of("app.kubernetes.io/managed-by", "partita-operator");

  private static final Duration TIMEOUT = Duration.ofMinutes(3);
  private static final long POLL_MILLIS = 250;

  private final Cluster cluster;
  private final Workspace workspace;
  private final Ownership ownership;

  Removal(Cluster cluster, Workspace workspace) {
    this.cluster = cluster;
    this.workspace = workspace;
    this.ownership = new Ownership(cluster);
  }

  /// Removes it.
  ///
  /// @throws LaunchFailure before anything is deleted when `wipe` would take the data of custom
  ///   resources that somebody else has made
  void run(boolean wipe) throws InterruptedException {
    boolean served = client().supports(Cluster.GROUP + "/" + Cluster.VERSION, "Site");
    if (served && wipe) {
      refuseForeign();
    }
    List<GenericKubernetesResource> sites = served ? own("Site") : List.of();
    sites.forEach(this::markVolumes);
    boolean last = served && !othersHaveSites();
    if (last) {
      removeOperator();
    }
    if (wipe && served) {
      for (String kind : List.of("Index", "Partition")) {
        remove(own(kind), last);
      }
    }
    for (GenericKubernetesResource site : sites) {
      client().resource(site).withPropagationPolicy(DeletionPropagation.FOREGROUND).delete();
      say("deleting Site " + site.getMetadata().getName() + " and its pods");
    }
    await("the node pods to end", () -> sites.stream().allMatch(this::isGone));
    if (wipe) {
      removeData();
      if (last || !served) {
        removeDefinitions();
      }
    }
  }

  private void refuseForeign() {
    List<String> foreign = new ArrayList<>();
    for (Map.Entry<String, String> kind : SampleSite.KINDS.entrySet()) {
      cluster.list(kind.getKey(), kind.getValue()).stream()
          .filter(
              each -> !Ownership.isOwn(each) && each.getMetadata().getOwnerReferences().isEmpty())
          .map(each -> kind.getKey() + " " + each.getMetadata().getName())
          .forEach(foreign::add);
    }
    if (!foreign.isEmpty()) {
      throw new LaunchFailure(
          "namespace "
              + cluster.namespace()
              + " has resources that 'up' did not make, and whose rows would be lost: "
              + String.join(", ", foreign)
              + ". Delete them first, or keep the data with './partita down'. Nothing was deleted");
    }
  }

  private List<GenericKubernetesResource> own(String kind) {
    return cluster.list(kind, Objects.requireNonNull(SampleSite.KINDS.get(kind))).stream()
        .filter(each -> Ownership.isOwn(each) || !each.getMetadata().getOwnerReferences().isEmpty())
        .toList();
  }

  /// Claims are made by the StatefulSet controller: those that came with our Site are ours.
  private void markVolumes(HasMetadata site) {
    volumes(site.getMetadata().getName()).stream()
        .filter(each -> !Ownership.isOwn(each))
        .filter(each ->
            each.getMetadata()
                    .getCreationTimestamp()
                    .compareTo(site.getMetadata().getCreationTimestamp())
                >= 0)
        .forEach(each ->
            client()
                .resource(each)
                .edit(claim -> {
                  Ownership.mark(claim);
                  return claim;
                }));
  }

  /// Whether a Site of somebody else, in any namespace, needs the operator and the definitions. Who
  /// may not look has not installed them either.
  private boolean othersHaveSites() {
    try {
      return cluster.listEverywhere("Site", "sites").stream()
          .anyMatch(each ->
              !Ownership.isOwn(each)
                  || !cluster.namespace().equals(each.getMetadata().getNamespace()));
    } catch (KubernetesClientException e) {
      if (Ownership.isForbidden(e)) {
        return true;
      }
      throw e;
    }
  }

  private void removeOperator() throws InterruptedException {
    List<HasMetadata> items = cluster.load(workspace.operatorManifests());
    for (HasMetadata item : items) {
      if (item instanceof Deployment deployment && ownership.delete(deployment)) {
        say("deleting the operator");
        Map<String, String> selector = deployment.getSpec().getSelector().getMatchLabels();
        await(
            "the operator to end",
            () ->
                client()
                    .pods()
                    .inNamespace(deployment.getMetadata().getNamespace())
                    .withLabels(selector)
                    .list()
                    .getItems()
                    .isEmpty());
      }
    }
    for (HasMetadata item : items.reversed()) {
      if (!(item instanceof Namespace)) {
        ownership.delete(item);
      }
    }
    for (HasMetadata item : items) {
      if (item instanceof Namespace && isUnused(item) && ownership.delete(item)) {
        await(
            "namespace " + item.getMetadata().getName() + " to end",
            () -> cluster.find(item) == null);
      }
    }
  }

  /// Whether nobody has put anything into a namespace meanwhile.
  private boolean isUnused(HasMetadata namespace) {
    String name = namespace.getMetadata().getName();
    return client().pods().inNamespace(name).list().getItems().isEmpty()
        && client().apps().deployments().inNamespace(name).list().getItems().isEmpty()
        && client().apps().statefulSets().inNamespace(name).list().getItems().isEmpty()
        && client().persistentVolumeClaims().inNamespace(name).list().getItems().isEmpty()
        && client().secrets().inNamespace(name).list().getItems().isEmpty();
  }

  /// @param withoutOperator whether nobody is left to answer the finalizers; the rows they stand
  ///   for go with the volumes
  private void remove(List<GenericKubernetesResource> resources, boolean withoutOperator)
      throws InterruptedException {
    for (GenericKubernetesResource resource : resources) {
      client().resource(resource).delete();
      if (withoutOperator && !resource.getMetadata().getFinalizers().isEmpty()) {
        Optional.ofNullable(client().resource(resource).get())
            .ifPresent(each ->
                client()
                    .resource(each)
                    .edit(edited -> {
                      edited.getMetadata().setFinalizers(List.of());
                      return edited;
                    }));
      }
    }
    await(
        "the operator to delete partitions and indexes",
        () -> resources.stream().allMatch(each -> client().resource(each).get() == null));
  }

  private boolean isGone(HasMetadata site) {
    return client().resource(site).get() == null
        && client()
            .pods()
            .inNamespace(cluster.namespace())
            .withLabel(Installation.SITE_LABEL, site.getMetadata().getName())
            .list()
            .getItems()
            .isEmpty();
  }

  private void removeData() {
    boolean any = false;
    for (HasMetadata sample : cluster.load(workspace.samples())) {
      if (!sample.getKind().equals("Site")) {
        continue;
      }
      for (PersistentVolumeClaim claim : volumes(sample.getMetadata().getName())) {
        if (Ownership.isOwn(claim)) {
          say("deleting volume claim " + claim.getMetadata().getName());
          client().resource(claim).delete();
          any = true;
        }
      }
    }
    if (any) {
      String namespace = cluster.namespace();
      client().configMaps().inNamespace(namespace).withLabels(MADE_BY_OPERATOR).delete();
      client().secrets().inNamespace(namespace).withLabels(MADE_BY_OPERATOR).delete();
    }
  }

  private void removeDefinitions() {
    for (HasMetadata item : cluster.load(workspace.customResourceDefinitions())) {
      if (item instanceof CustomResourceDefinition definition
          && !isInUse(definition)
          && ownership.delete(definition)) {
        say("deleting definition " + definition.getMetadata().getName());
      }
    }
  }

  private boolean isInUse(CustomResourceDefinition definition) {
    String kind = definition.getSpec().getNames().getKind();
    return client().supports(Cluster.GROUP + "/" + Cluster.VERSION, kind)
        && !cluster.listEverywhere(kind, definition.getSpec().getNames().getPlural()).isEmpty();
  }

  private List<PersistentVolumeClaim> volumes(String site) {
    return client()
        .persistentVolumeClaims()
        .inNamespace(cluster.namespace())
        .withLabel(Installation.SITE_LABEL, site)
        .list()
        .getItems();
  }

  private static void await(String what, BooleanSupplier reached) throws InterruptedException {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    while (!reached.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new LaunchFailure(
            "waited " + TIMEOUT.toMinutes() + " minutes for " + what + ": run 'down' again later");
      }
      Thread.sleep(POLL_MILLIS);
    }
  }

  private static void say(String message) {
    System.out.println(message);
  }

  private KubernetesClient client() {
    return cluster.client();
  }
}
