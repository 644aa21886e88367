package dev.partita.operator.site;

import dev.partita.crd.ClientTls;
import dev.partita.crd.Site;
import dev.partita.crd.SiteSpec;
import dev.partita.crd.Tls;
import dev.partita.crd.TlsMode;
import dev.partita.operator.cluster.NodeNames;
import dev.partita.operator.resource.ContentHash;
import dev.partita.operator.resource.Labels;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.ServicePortBuilder;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Pure: the objects that a Site wants. Each carries the hash of itself in the annotation
/// [Labels#HASH].
final class SiteObjects {

  /// Name of the volume, and of the claims' prefix, that holds a node's data.
  static final String DATA = "data";

  private final Site site;
  private final SiteSpec spec;
  private final SiteSettings settings;

  SiteObjects(Site site, SiteSettings settings) {
    this.site = site;
    this.spec = site.getSpec();
    this.settings = settings;
  }

  static String peersService(String site) {
    return NodeNames.peersService(site);
  }

  /// What is the same for all nodes of the Site. The environment of a pod says what is its own.
  ConfigMap configMap() {
    String properties =
        "partita.site=%s%npartita.cloud=%s%npartita.region=%s%npartita.edge=%s%n"
            .formatted(
                name(),
                Objects.requireNonNullElse(spec.cloud(), ""),
                Objects.requireNonNullElse(spec.region(), ""),
                spec.edge())
            .replace(System.lineSeparator(), "\n");
    return hashed(
        new ConfigMapBuilder()
            .withMetadata(metadata(name()))
            .withData(Map.of("application.properties", properties))
            .build());
  }

  /// Gives every pod its own name, ready or not: nodes must find each other to become ready.
  Service peersService() {
    return hashed(
        new ServiceBuilder()
            .withMetadata(metadata(peersService(name())))
            .withNewSpec()
            .withClusterIP("None")
            .withPublishNotReadyAddresses(true)
            .withSelector(Labels.selector(name()))
            .withPorts(clientPorts())
            .addToPorts(port("peer", settings.peerPort()))
            .endSpec()
            .build());
  }

  /// What clients talk to: any ready node.
  Service clientService() {
    return hashed(
        new ServiceBuilder()
            .withMetadata(metadata(name()))
            .withNewSpec()
            .withSelector(Labels.selector(name()))
            .withPorts(clientPorts())
            .endSpec()
            .build());
  }

  /// Evictions take one node at a time, and none while a group would not survive it.
  ///
  /// @param unavailable how many pods may be down
  PodDisruptionBudget disruptionBudget(int unavailable) {
    return hashed(
        new PodDisruptionBudgetBuilder()
            .withMetadata(metadata(name()))
            .withNewSpec()
            .withNewMaxUnavailable(unavailable)
            .withNewSelector()
            .withMatchLabels(Labels.selector(name()))
            .endSelector()
            .endSpec()
            .build());
  }

  /// The nodes. `OnDelete`: the operator restarts pods itself; `Parallel`: after a total loss all
  /// must start to get one ready.
  ///
  /// @param home the Site whose first pods every node asks for the cluster
  StatefulSet statefulSet(int replicas, String image, Site home) {
    return hashed(
        new StatefulSetBuilder()
            .withMetadata(metadata(name()))
            .withNewSpec()
            .withReplicas(replicas)
            .withServiceName(peersService(name()))
            .withPodManagementPolicy("Parallel")
            .withNewUpdateStrategy()
            .withType("OnDelete")
            .endUpdateStrategy()
            .withNewSelector()
            .withMatchLabels(Labels.selector(name()))
            .endSelector()
            .withTemplate(new NodePod(site, settings, image, home).template())
            .withVolumeClaimTemplates(claim())
            .endSpec()
            .build());
  }

  private PersistentVolumeClaim claim() {
    return new PersistentVolumeClaimBuilder()
        .withNewMetadata()
        .withName(DATA)
        .withLabels(Labels.selector(name()))
        .endMetadata()
        .withNewSpec()
        .withAccessModes("ReadWriteOnce")
        .withStorageClassName(spec.storage().className())
        .withNewResources()
        .withRequests(Map.of("storage", new Quantity(spec.storage().size())))
        .endResources()
        .endSpec()
        .build();
  }

  private List<ServicePort> clientPorts() {
    List<ServicePort> ports = new ArrayList<>();
    Tls tls = spec.tlsOrDefault();
    if (tls.mode() == TlsMode.Required) {
      ports.add(port("https", settings.httpsPort()));
    }
    if (tls.mode() == TlsMode.Disabled || tls.clients() == ClientTls.Optional) {
      ports.add(port("http", settings.httpPort()));
    }
    return ports;
  }

  private static ServicePort port(String name, int port) {
    return new ServicePortBuilder()
        .withName(name)
        .withProtocol("TCP")
        .withPort(port)
        .withNewTargetPort(port)
        .build();
  }

  private String name() {
    return site.getMetadata().getName();
  }

  private ObjectMeta metadata(String name) {
    return Labels.ownedBy(site, name).build();
  }

  private static <T extends HasMetadata> T hashed(T object) {
    object.getMetadata().setAnnotations(Map.of(Labels.HASH, ContentHash.of(object)));
    return object;
  }
}
