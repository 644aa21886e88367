package dev.partita.launcher;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// What `up` puts into a cluster that the user named: the definitions, the operator where there is
/// none yet, and the samples. It changes nothing that it did not make, and says what is missing
/// instead of waiting for it.
final class Installation {
  static final String OPERATOR = "partita-operator";
  static final String NAME_LABEL = "app.kubernetes.io/name";
  static final String SITE_LABEL = "partita.dev/site";

  private static final String DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";
  private static final String NODE_IMAGE_SETTING = "PARTITA_OPERATOR_NODE_IMAGE";

  private static final Duration OPERATOR_TIMEOUT = Duration.ofMinutes(5);
  private static final Duration ESTABLISHED_TIMEOUT = Duration.ofMinutes(1);
  private static final long POLL_MILLIS = 500;

  private final Cluster cluster;
  private final Progress progress;
  private final Ownership ownership;

  Installation(Cluster cluster, Progress progress) {
    this.cluster = cluster;
    this.progress = progress;
    this.ownership = new Ownership(cluster);
  }

  /// Applies the definitions of the custom resources, but for those that somebody else has applied.
  void definitions(Workspace workspace) {
    progress.step("applying the custom resource definitions");
    for (HasMetadata item : cluster.load(workspace.customResourceDefinitions())) {
      try {
        if (!ownership.apply(item)) {
          progress.detail(item.getMetadata().getName() + " was there already; left as it is");
        }
        client()
            .resource((CustomResourceDefinition) item)
            .waitUntilCondition(
                Installation::isEstablished, ESTABLISHED_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
      } catch (KubernetesClientException e) {
        if (!Ownership.isForbidden(e)
            || !client().supports(Cluster.GROUP + "/" + Cluster.VERSION, "Site")) {
          throw e;
        }
        progress.detail("no right to read the definitions, but the cluster serves them");
        return;
      }
    }
  }

  /// Applies the operator's manifest unless an operator of somebody else is there, and waits until
  /// it works.
  void operator(Workspace workspace, Images images) throws InterruptedException {
    Optional<Deployment> foreign;
    try {
      foreign =
          client()
              .apps()
              .deployments()
              .inAnyNamespace()
              .withLabel(NAME_LABEL, OPERATOR)
              .list()
              .getItems()
              .stream()
              .filter(each -> !Ownership.isOwn(each))
              .findFirst();
    } catch (KubernetesClientException e) {
      if (!Ownership.isForbidden(e)) {
        throw e;
      }
      progress.step("no right to see whether an operator runs: going on as if one does");
      return;
    }
    if (foreign.isPresent()) {
      Deployment found = foreign.get();
      progress.step("using the operator of namespace " + found.getMetadata().getNamespace());
      awaitAvailable(found);
      return;
    }
    progress.step("applying the operator (k8s/base)");
    List<Deployment> applied = new ArrayList<>();
    for (HasMetadata item : cluster.load(workspace.operatorManifests())) {
      if (item instanceof Deployment deployment) {
        setImages(deployment, images);
        applied.add(deployment);
      }
      ownership.apply(item);
    }
    for (Deployment deployment : applied) {
      awaitAvailable(deployment);
    }
  }

  /// Applies the samples.
  ///
  /// @throws LaunchFailure when volumes of another Site of the same name would be taken over, or no
  ///   volume can be made
  List<HasMetadata> samples(Workspace workspace) {
    progress.step("applying the samples to namespace " + cluster.namespace());
    List<HasMetadata> samples = cluster.load(workspace.samples());
    for (HasMetadata sample : samples) {
      if (sample.getKind().equals("Site") && cluster.find(sample) == null) {
        refuseForeignVolumes(sample);
      }
    }
    for (HasMetadata sample : samples) {
      if (!ownership.apply(sample)) {
        progress.detail(
            sample.getKind()
                + " "
                + sample.getMetadata().getName()
                + " was there already; left as it is");
      }
    }
    return samples;
  }

  /// What keeps the pods of the samples' Sites from running.
  Blockage nodeBlockage() {
    return new Blockage(
        progress,
        () -> {
          String namespace = cluster.namespace();
          return Obstacles.find(
              cluster.pods(),
              cluster
                  .client()
                  .persistentVolumeClaims()
                  .inNamespace(namespace)
                  .withLabel(SITE_LABEL)
                  .list()
                  .getItems(),
              cluster.refusals(namespace, "StatefulSet"),
              hasDefaultStorage());
        });
  }

  private void awaitAvailable(Deployment deployment) throws InterruptedException {
    String namespace = deployment.getMetadata().getNamespace();
    Map<String, String> selector = deployment.getSpec().getSelector().getMatchLabels();
    Blockage blockage =
        new Blockage(
            progress,
            () ->
                Obstacles.find(
                    client().pods().inNamespace(namespace).withLabels(selector).list().getItems(),
                    List.of(),
                    cluster.refusals(namespace, "ReplicaSet"),
                    true));
    long deadline = System.nanoTime() + OPERATOR_TIMEOUT.toNanos();
    while (true) {
      Deployment now = client().resource(deployment).get();
      if (now != null && Obstacles.isAvailable(now)) {
        return;
      }
      blockage
          .get()
          .ifPresent(reason -> {
            throw new LaunchFailure(reason);
          });
      if (System.nanoTime() > deadline) {
        throw new LaunchFailure(
            "the operator is not ready after "
                + OPERATOR_TIMEOUT.toMinutes()
                + " minutes: see 'kubectl describe deployment -n "
                + namespace
                + " "
                + deployment.getMetadata().getName()
                + "'"
                + blockage.pending());
      }
      Thread.sleep(POLL_MILLIS);
    }
  }

  private void refuseForeignVolumes(HasMetadata site) {
    List<String> claims =
        client()
            .persistentVolumeClaims()
            .inNamespace(cluster.namespace())
            .withLabel(SITE_LABEL, site.getMetadata().getName())
            .list()
            .getItems()
            .stream()
            .filter(each -> !Ownership.isOwn(each))
            .map((PersistentVolumeClaim each) -> each.getMetadata().getName())
            .toList();
    if (!claims.isEmpty()) {
      throw new LaunchFailure(
          "namespace "
              + cluster.namespace()
              + " holds volumes of a Site "
              + site.getMetadata().getName()
              + " that 'up' did not make ("
              + String.join(", ", claims)
              + "): choose another namespace in the kubeconfig, or delete the claims if their data"
              + " is not wanted");
    }
  }

  /// True also where that may not be read.
  private boolean hasDefaultStorage() {
    try {
      return client().storage().v1().storageClasses().list().getItems().stream()
          .map((StorageClass each) -> each.getMetadata().getAnnotations())
          .anyMatch(each -> each != null && "true".equals(each.get(DEFAULT_CLASS)));
    } catch (KubernetesClientException e) {
      if (Ownership.isForbidden(e)) {
        return true;
      }
      throw e;
    }
  }

  private static void setImages(Deployment deployment, Images images) {
    Container container = deployment.getSpec().getTemplate().getSpec().getContainers().getFirst();
    images.operator().ifPresent(container::setImage);
    images
        .node()
        .ifPresent(image -> {
          List<EnvVar> environment = new ArrayList<>(container.getEnv());
          environment.removeIf(each -> each.getName().equals(NODE_IMAGE_SETTING));
          environment.add(
              new EnvVarBuilder().withName(NODE_IMAGE_SETTING).withValue(image).build());
          container.setEnv(environment);
        });
  }

  private static boolean isEstablished(CustomResourceDefinition definition) {
    return definition != null
        && definition.getStatus() != null
        && Objects.requireNonNullElse(
                definition.getStatus().getConditions(),
                List
                    .<io.fabric8.kubernetes.api.model.apiextensions.v1
                            .CustomResourceDefinitionCondition>
                        of())
            .stream()
            .anyMatch(
                each -> each.getType().equals("Established") && each.getStatus().equals("True"));
  }

  private KubernetesClient client() {
    return cluster.client();
  }
}
