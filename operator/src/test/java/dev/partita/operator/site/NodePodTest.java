package dev.partita.operator.site;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.crd.Site;
import dev.partita.operator.resource.Labels;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PodTemplateSpec;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class NodePodTest {

  private static final String SPEC =
      "nodes: 3, cloud: aws, region: us-east-1, zones: [us-east-1a], edge: false, storage: {size: 1Gi}, resources: {requests: {cpu: 500m}}";

  /// If this fails, a new version of the operator restarts every pod of every Site that it finds.
  /// Then what is new in [NodePod.Inputs] has to be absent where a Site does not use it.
  @Test
  void aNewVersionOfTheOperatorRestartsNoPod() {
    assertThat(revision(SPEC)).isEqualTo("5823ce0c0c800454");
    assertThat(revision("nodes: 1, storage: {size: 1Gi}")).isEqualTo("0a3d69cf9f49741c");
  }

  @Test
  void whatIsNotAboutPodsRestartsNone() {
    assertThat(revision(SPEC.replace("nodes: 3", "nodes: 5"))).isEqualTo(revision(SPEC));
    assertThat(revision(SPEC.replace("1Gi", "2Gi"))).isEqualTo(revision(SPEC));
    assertThat(revision(SPEC + ", tls: {}, authentication: Required")).isEqualTo(revision(SPEC));
    assertThat(revision(SPEC + ", paused: true, replaceAfter: 1h, restartApproval: All"))
        .isEqualTo(revision(SPEC));
  }

  @Test
  void whatIsAboutPodsMakesAnotherRevision() {
    assertThat(revision(SPEC.replace("500m", "501m"))).isNotEqualTo(revision(SPEC));
    assertThat(revision(SPEC.replace("us-east-1a", "us-east-1b"))).isNotEqualTo(revision(SPEC));
    assertThat(revision(SPEC.replace("edge: false", "edge: true"))).isNotEqualTo(revision(SPEC));
    assertThat(revision(SPEC + ", tls: {clients: Optional}")).isNotEqualTo(revision(SPEC));
    assertThat(revision(SPEC.replace("1Gi", "1Gi, backgroundRate: 9Mi")))
        .isNotEqualTo(revision(SPEC));
    assertThat(revision(SPEC + ", authentication: Disabled")).isNotEqualTo(revision(SPEC));
    assertThat(revision(template(SPEC, "partita/node:2"))).isNotEqualTo(revision(SPEC));
  }

  @Test
  void nodesAreToldHowFastTheyMayWriteInTheBackground() {
    assertThat(environment(SPEC.replace("1Gi", "1Gi, backgroundRate: 9Mi")))
        .containsEntry("PARTITA_BACKGROUND_RATE", "9Mi");
    assertThat(environment(SPEC)).doesNotContainKey("PARTITA_BACKGROUND_RATE");
  }

  @Test
  void nodesAreCalledByWhatAllClustersKnow() {
    String elsewhere = ", kubeconfigSecret: k, advertisedAddress: '{pod}.{site}.{namespace}.eu.x'";
    assertThat(environment(SPEC))
        .containsEntry("PARTITA_PEER_ADVERTISED", "$(PARTITA_NAME).main-peers.db.svc:7000")
        .containsEntry(
            "PARTITA_SEEDS",
            "main-0.main-peers.db.svc:7000,main-1.main-peers.db.svc:7000,main-2.main-peers.db.svc:7000");
    assertThat(environment(SPEC + elsewhere))
        .containsEntry("PARTITA_PEER_ADVERTISED", "$(PARTITA_NAME).main.db.eu.x:7000")
        .containsEntry("PARTITA_HTTP_ADVERTISED", "$(PARTITA_NAME).main.db.eu.x:8443");
    assertThat(revision(SPEC + elsewhere)).isNotEqualTo(revision(SPEC));

    SiteSettings settings = new SiteSettings(Optional.empty(), "partita/node:1", 8080, 7000, 8443);
    PodTemplateSpec template =
        new NodePod(
                site(SPEC),
                settings,
                "partita/node:1",
                site(SPEC + ", advertisedAddress: '{pod}.us.x'"))
            .template();
    assertThat(template.getSpec().getContainers().getFirst().getEnv())
        .anySatisfy(seeds -> {
          assertThat(seeds.getName()).isEqualTo("PARTITA_SEEDS");
          assertThat(seeds.getValue())
              .isEqualTo("main-0.us.x:7000,main-1.us.x:7000,main-2.us.x:7000");
        });
    // Where the first Site's nodes are concerns no pod that has found them.
    assertThat(revision(template)).isEqualTo(revision(SPEC));
  }

  @Test
  void nodesMeetTheRestrictedProfileAndWriteOnlyToTheirVolumes() {
    PodSpec pod = template(SPEC, "partita/node:1").getSpec();
    Container container = pod.getContainers().getFirst();

    assertThat(pod.getAutomountServiceAccountToken()).isFalse();
    assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
    assertThat(pod.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
    assertThat(container.getSecurityContext().getAllowPrivilegeEscalation()).isFalse();
    assertThat(container.getSecurityContext().getReadOnlyRootFilesystem()).isTrue();
    assertThat(container.getSecurityContext().getCapabilities().getDrop()).containsExactly("ALL");
  }

  @Test
  void aPriorityClassIsPartOfTheRevision() {
    SiteSettings settings =
        new SiteSettings(
            Optional.empty(), "partita/node:1", 8080, 7000, 8443, Optional.of("database"));
    PodTemplateSpec template =
        new NodePod(site(SPEC), settings, "partita/node:1", site(SPEC)).template();

    assertThat(template.getSpec().getPriorityClassName()).isEqualTo("database");
    assertThat(template.getMetadata().getAnnotations().get(Labels.HASH))
        .isNotEqualTo(revision(SPEC));
  }

  private static Map<String, String> environment(String spec) {
    return template(spec, "partita/node:1").getSpec().getContainers().getFirst().getEnv().stream()
        .filter(each -> each.getValue() != null)
        .collect(Collectors.toMap(EnvVar::getName, EnvVar::getValue));
  }

  private static String revision(String spec) {
    return revision(template(spec, "partita/node:1"));
  }

  private static String revision(PodTemplateSpec template) {
    return Objects.requireNonNull(template.getMetadata().getAnnotations().get(Labels.HASH));
  }

  private static PodTemplateSpec template(String spec, String image) {
    SiteSettings settings = new SiteSettings(Optional.empty(), image, 8080, 7000, 8443);
    return new NodePod(site(spec), settings, image, site("nodes: 1, storage: {size: 1Gi}"))
        .template();
  }

  private static Site site(String spec) {
    return Serialization.unmarshal(
        "apiVersion: partita.dev/v1alpha1\nkind: Site\nmetadata: {name: main, namespace: db}\nspec: {%s}"
            .formatted(spec),
        Site.class);
  }
}
