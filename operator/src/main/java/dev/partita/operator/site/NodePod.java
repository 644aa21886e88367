package dev.partita.operator.site;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.partita.crd.Authentication;
import dev.partita.crd.ClientTls;
import dev.partita.crd.Resources;
import dev.partita.crd.Site;
import dev.partita.crd.SiteSpec;
import dev.partita.crd.Tls;
import dev.partita.crd.TlsMode;
import dev.partita.operator.certificate.Certificates;
import dev.partita.operator.cluster.NodeNames;
import dev.partita.operator.resource.ContentHash;
import dev.partita.operator.resource.Labels;
import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.AffinityBuilder;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.ContainerPortBuilder;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirementBuilder;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpecBuilder;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.fabric8.kubernetes.api.model.ResourceRequirementsBuilder;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraintBuilder;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Pure: the pod template of a Site's nodes. Its annotation [Labels#HASH] tells the revision a pod
/// was made from.
///
/// A revision is what people and the configuration say of the pods, not how this version of the
/// operator writes it down: a new version with another template restarts no pod. Each gets the new
/// template when it is made anew for another reason.
final class NodePod {

  /// What makes a revision. A component that is added later has to be absent from the JSON where it
  /// says nothing, or all pods of all Sites restart.
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  record Inputs(
      String image,
      String home,
      int httpPort,
      int peerPort,
      @Nullable String cloud,
      @Nullable String region,
      List<String> zones,
      boolean edge,
      @Nullable Resources resources,
      @Nullable Tls tls,
      @Nullable Authentication authentication,
      @Nullable String priorityClass,
      @Nullable String backgroundRate,
      @Nullable String advertisedAddress) {

    String revision() {
      return ContentHash.of(this);
    }
  }

  private static final String CONTAINER = "node";
  private static final String CONFIGURATION = "configuration";
  private static final String CONFIGURATION_PATH = "/etc/partita";
  private static final String ADMINISTRATOR = "administrator";
  private static final String ADMINISTRATOR_PATH = "/etc/partita-administrator";
  private static final String CERTIFICATES = "certificates";
  private static final String CERTIFICATES_PATH = "/etc/partita-tls";

  /// The group is the pod's own; nobody else on the server reads the private key.
  private static final int GROUP_MAY_READ = 0440;

  private static final String TEMPORARY = "tmp";
  private static final String DATA_PATH = "/var/lib/partita";
  private static final String CLOUD_LABEL = "partita.dev/cloud";
  private static final String REGION_LABEL = "topology.kubernetes.io/region";
  private static final String ZONE_LABEL = "topology.kubernetes.io/zone";
  private static final String HOST_LABEL = "kubernetes.io/hostname";

  /// A node that is asked for the cluster may be down; two more are enough.
  private static final int SEEDS = 3;

  private static final long USER = 10_001;

  /// Handing over all leaderships and a last flush fit in.
  private static final long TERMINATION_SECONDS = 60;

  private final Site site;
  private final SiteSpec spec;
  private final SiteSettings settings;
  private final String image;
  private final Site home;

  NodePod(Site site, SiteSettings settings, String image, Site home) {
    this.site = site;
    this.spec = site.getSpec();
    this.settings = settings;
    this.image = image;
    this.home = home;
  }

  PodTemplateSpec template() {
    PodTemplateSpec template =
        new PodTemplateSpecBuilder()
            .withNewMetadata()
            .withLabels(Labels.ofSite(name()))
            .endMetadata()
            .withNewSpec()
            .withTerminationGracePeriodSeconds(TERMINATION_SECONDS)
            .withAutomountServiceAccountToken(false)
            .withNewSecurityContext()
            .withRunAsNonRoot(true)
            .withRunAsUser(USER)
            .withFsGroup(USER)
            .withNewSeccompProfile()
            .withType("RuntimeDefault")
            .endSeccompProfile()
            .endSecurityContext()
            .withPriorityClassName(settings.priorityClass().orElse(null))
            .withAffinity(affinity())
            .withTopologySpreadConstraints(spread(ZONE_LABEL), spread(HOST_LABEL))
            .withContainers(container())
            .addNewVolume()
            .withName(CONFIGURATION)
            .withNewConfigMap()
            .withName(name())
            .endConfigMap()
            .endVolume()
            .addAllToVolumes(certificateVolumes())
            .addAllToVolumes(administratorVolumes())
            .addNewVolume()
            .withName(TEMPORARY)
            .withNewEmptyDir()
            .endEmptyDir()
            .endVolume()
            .endSpec()
            .build();
    template.getMetadata().setAnnotations(Map.of(Labels.HASH, inputs().revision()));
    return template;
  }

  private List<Volume> certificateVolumes() {
    return secured()
        ? List.of(
            new VolumeBuilder()
                .withName(CERTIFICATES)
                .withNewSecret()
                .withSecretName(Certificates.nodeSecret(site))
                .withDefaultMode(GROUP_MAY_READ)
                .endSecret()
                .build())
        : List.of();
  }

  private boolean authenticated() {
    return spec.authentication() == Authentication.Required;
  }

  /// Optional, so that it may be deleted once there are users.
  private List<Volume> administratorVolumes() {
    return authenticated()
        ? List.of(
            new VolumeBuilder()
                .withName(ADMINISTRATOR)
                .withNewSecret()
                .withSecretName(AdministratorSecret.NAME)
                .withOptional(true)
                .withDefaultMode(GROUP_MAY_READ)
                .endSecret()
                .build())
        : List.of();
  }

  private List<VolumeMount> administratorMounts() {
    return authenticated()
        ? List.of(
            new VolumeMountBuilder()
                .withName(ADMINISTRATOR)
                .withMountPath(ADMINISTRATOR_PATH)
                .withReadOnly(true)
                .build())
        : List.of();
  }

  private boolean secured() {
    return spec.tlsOrDefault().mode() == TlsMode.Required;
  }

  private boolean plainHttp() {
    return !secured() || spec.tlsOrDefault().clients() == ClientTls.Optional;
  }

  private List<ContainerPort> ports() {
    List<ContainerPort> ports = new ArrayList<>();
    ports.add(port("peer", settings.peerPort()));
    if (secured()) {
      ports.add(port("https", settings.httpsPort()));
    }
    if (plainHttp()) {
      ports.add(port("http", settings.httpPort()));
    }
    return ports;
  }

  private List<VolumeMount> certificateMounts() {
    return secured()
        ? List.of(
            new VolumeMountBuilder()
                .withName(CERTIFICATES)
                .withMountPath(CERTIFICATES_PATH)
                .withReadOnly(true)
                .build())
        : List.of();
  }

  private Inputs inputs() {
    return new Inputs(
        image,
        home.getMetadata().getName(),
        settings.httpPort(),
        settings.peerPort(),
        spec.cloud(),
        spec.region(),
        spec.zones(),
        spec.edge(),
        spec.resources(),
        spec.tlsOrDefault().equals(Tls.DEFAULT) ? null : spec.tlsOrDefault(),
        authenticated() ? null : spec.authentication(),
        settings.priorityClass().orElse(null),
        spec.storage().backgroundRate(),
        spec.advertisedAddress());
  }

  private Container container() {
    return new ContainerBuilder()
        .withName(CONTAINER)
        .withImage(image)
        .withEnv(environment())
        .withPorts(ports())
        .withReadinessProbe(
            probe("/health/ready").withPeriodSeconds(2).withFailureThreshold(3).build())
        .withLivenessProbe(
            probe("/health/live")
                .withInitialDelaySeconds(30)
                .withPeriodSeconds(10)
                .withFailureThreshold(6)
                .build())
        .withResources(resources(spec.resources()))
        .addNewVolumeMount()
        .withName(SiteObjects.DATA)
        .withMountPath(DATA_PATH)
        .endVolumeMount()
        .addNewVolumeMount()
        .withName(CONFIGURATION)
        .withMountPath(CONFIGURATION_PATH)
        .withReadOnly(true)
        .endVolumeMount()
        .addAllToVolumeMounts(certificateMounts())
        .addAllToVolumeMounts(administratorMounts())
        .addNewVolumeMount()
        .withName(TEMPORARY)
        .withMountPath("/tmp")
        .endVolumeMount()
        .withNewSecurityContext()
        .withAllowPrivilegeEscalation(false)
        .withReadOnlyRootFilesystem(true)
        .withNewCapabilities()
        .withDrop("ALL")
        .endCapabilities()
        .endSecurityContext()
        .build();
  }

  /// Names before addresses: `$(NAME)` stands for what is defined further up.
  private List<EnvVar> environment() {
    String dnsName = NodeNames.of(site, "$(PARTITA_NAME)");
    List<EnvVar> environment = new ArrayList<>();
    environment.add(field("PARTITA_NAME", "metadata.name"));
    environment.add(field("POD_IP", "status.podIP"));
    environment.add(field("PARTITA_ZONE", "metadata.labels['" + ZONE_LABEL + "']"));
    environment.add(value("PARTITA_SITE", name()));
    environment.add(value("PARTITA_CLOUD", orEmpty(spec.cloud())));
    environment.add(value("PARTITA_REGION", orEmpty(spec.region())));
    environment.add(value("PARTITA_EDGE", String.valueOf(spec.edge())));
    environment.add(value("PARTITA_DATA", DATA_PATH));
    if (spec.storage().backgroundRate() != null) {
      environment.add(value("PARTITA_BACKGROUND_RATE", spec.storage().backgroundRate()));
    }
    environment.add(value("PARTITA_PEER_HOST", "$(POD_IP)"));
    environment.add(value("PARTITA_PEER_PORT", String.valueOf(settings.peerPort())));
    environment.add(value("PARTITA_PEER_ADVERTISED", dnsName + ":" + settings.peerPort()));
    environment.add(
        value(
            "PARTITA_HTTP_ADVERTISED",
            dnsName + ":" + (secured() ? settings.httpsPort() : settings.httpPort())));
    environment.add(value("PARTITA_SEEDS", seeds()));
    environment.add(value("QUARKUS_HTTP_HOST", "$(POD_IP)"));
    environment.add(value("QUARKUS_HTTP_PORT", String.valueOf(settings.httpPort())));
    environment.add(
        value("QUARKUS_CONFIG_LOCATIONS", CONFIGURATION_PATH + "/application.properties"));
    environment.add(
        value("PARTITA_AUTHENTICATION", spec.authentication().name().toLowerCase(Locale.ROOT)));
    if (authenticated()) {
      environment.add(value("PARTITA_ADMINISTRATOR_DIRECTORY", ADMINISTRATOR_PATH));
    }
    if (secured()) {
      environment.add(value("PARTITA_TLS_DIRECTORY", CERTIFICATES_PATH));
      environment.add(value("PARTITA_TLS_REALM", namespace()));
      environment.add(value("PARTITA_HTTP_PLAIN", String.valueOf(plainHttp())));
      environment.add(value("QUARKUS_HTTP_SSL_PORT", String.valueOf(settings.httpsPort())));
    }
    return environment;
  }

  /// Always the same names, however many nodes there are: a changed environment restarts pods.
  private String seeds() {
    return IntStream.range(0, SEEDS)
        .mapToObj(ordinal ->
            NodeNames.of(home, PodNames.of(home.getMetadata().getName(), ordinal))
                + ":"
                + settings.peerPort())
        .collect(Collectors.joining(","));
  }

  private @Nullable Affinity affinity() {
    List<NodeSelectorRequirement> requirements = new ArrayList<>();
    require(requirements, CLOUD_LABEL, spec.cloud() == null ? List.of() : List.of(spec.cloud()));
    require(requirements, REGION_LABEL, spec.region() == null ? List.of() : List.of(spec.region()));
    require(requirements, ZONE_LABEL, spec.zones());
    if (requirements.isEmpty()) {
      return null;
    }
    return new AffinityBuilder()
        .withNewNodeAffinity()
        .withNewRequiredDuringSchedulingIgnoredDuringExecution()
        .addNewNodeSelectorTerm()
        .withMatchExpressions(requirements)
        .endNodeSelectorTerm()
        .endRequiredDuringSchedulingIgnoredDuringExecution()
        .endNodeAffinity()
        .build();
  }

  private static void require(
      List<NodeSelectorRequirement> requirements, String label, List<String> values) {
    if (!values.isEmpty()) {
      requirements.add(
          new NodeSelectorRequirementBuilder()
              .withKey(label)
              .withOperator("In")
              .withValues(values)
              .build());
    }
  }

  private TopologySpreadConstraint spread(String label) {
    return new TopologySpreadConstraintBuilder()
        .withTopologyKey(label)
        .withMaxSkew(1)
        .withWhenUnsatisfiable("ScheduleAnyway")
        .withNewLabelSelector()
        .withMatchLabels(Labels.selector(name()))
        .endLabelSelector()
        .build();
  }

  private ProbeBuilder probe(String path) {
    return new ProbeBuilder()
        .withNewHttpGet()
        .withPath(path)
        .withNewPort(secured() ? settings.httpsPort() : settings.httpPort())
        .withScheme(secured() ? "HTTPS" : "HTTP")
        .endHttpGet()
        .withTimeoutSeconds(2);
  }

  private static ContainerPort port(String name, int port) {
    return new ContainerPortBuilder()
        .withName(name)
        .withContainerPort(port)
        .withProtocol("TCP")
        .build();
  }

  private static @Nullable ResourceRequirements resources(@Nullable Resources resources) {
    return resources == null
        ? null
        : new ResourceRequirementsBuilder()
            .withRequests(resources.requests())
            .withLimits(resources.limits())
            .build();
  }

  private static EnvVar value(String name, String value) {
    return new EnvVarBuilder().withName(name).withValue(value).build();
  }

  private static EnvVar field(String name, String path) {
    return new EnvVarBuilder()
        .withName(name)
        .withNewValueFrom()
        .withNewFieldRef()
        .withApiVersion("v1")
        .withFieldPath(path)
        .endFieldRef()
        .endValueFrom()
        .build();
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  private String name() {
    return site.getMetadata().getName();
  }

  private String namespace() {
    return site.getMetadata().getNamespace();
  }
}
