package dev.partita.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.partita.crd.Partition;
import dev.partita.crd.Site;
import dev.partita.operator.fake.FakePods;
import dev.partita.operator.resource.Labels;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.apps.StatefulSet;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;

/// A Site in another cluster: two local control planes, one operator.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@DisabledIfSystemProperty(named = ControlPlane.KUBECONFIG, matches = ".+")
class OtherClusterTest extends OperatorFixture {

  private static final String NAMES = "advertisedAddress: '{pod}.{namespace}.partita.test'";
  private static final String KUBECONFIG = "other-cluster";

  /// What the operator makes for a Site, but for the pods and their volumes.
  private static final List<Class<? extends HasMetadata>> MADE =
      List.of(
          StatefulSet.class,
          Service.class,
          PodDisruptionBudget.class,
          ConfigMap.class,
          Secret.class);

  private @Nullable ControlPlane controlPlane;
  private @Nullable OtherPlane other;
  private @Nullable FakePods otherPods;

  @BeforeAll
  void connect() {
    controlPlane = ControlPlane.inRegions("r1");
    other = new OtherPlane("r2", controlPlane().httpClientFactory());
  }

  @BeforeEach
  void createNamespace() {
    begin();
    other().createNamespace(namespace);
    startOtherNodes();
    start(CrashPoint.never());
    apply(site(3, NAMES));
    awaitReady(Site.class, "main");
  }

  @AfterEach
  void leaveNamespace() {
    end();
    stopOtherNodes();
    there().namespaces().withName(namespace).delete();
    await().atMost(PATIENCE).until(() -> there().namespaces().withName(namespace).get() == null);
  }

  @AfterAll
  void disconnect() {
    other().close();
    controlPlane().close();
  }

  @Override
  ControlPlane controlPlane() {
    return Objects.requireNonNull(controlPlane);
  }

  private OtherPlane other() {
    return Objects.requireNonNull(other);
  }

  private KubernetesClient there() {
    return other().client();
  }

  private void startOtherNodes() {
    otherPods = new FakePods(there(), namespace, cluster, HTTP_PORT);
  }

  private void stopOtherNodes() {
    if (otherPods != null) {
      otherPods.close();
      otherPods = null;
    }
  }

  private void lose() {
    other().stop();
    stopOtherNodes();
    cluster.cut("other", true);
  }

  private void bringBack() {
    other().start();
    startOtherNodes();
    cluster.cut("other", false);
  }

  private void applyKubeconfig(String text) {
    client()
        .resource(
            new SecretBuilder()
                .withNewMetadata()
                .withName(KUBECONFIG)
                .withNamespace(namespace)
                .endMetadata()
                .addToStringData("kubeconfig", text)
                .build())
        .forceConflicts()
        .serverSideApply();
  }

  private void applyOther(int nodes) {
    apply(
        site(nodes, NAMES + ", kubeconfigSecret: " + KUBECONFIG + ", cloud: c, region: r2")
            .replace("name: main", "name: other"));
  }

  private <T extends HasMetadata> List<T> made(KubernetesClient client, Class<T> kind) {
    return client
        .resources(kind)
        .inNamespace(namespace)
        .withLabel(Labels.SITE, "other")
        .list()
        .getItems();
  }

  private List<String> podsThere() {
    return names(made(there(), Pod.class).stream());
  }

  private static List<String> names(Stream<? extends HasMetadata> objects) {
    return objects.map(each -> each.getMetadata().getName()).sorted().toList();
  }

  private boolean isGone(String site) {
    return client().resources(Site.class).inNamespace(namespace).withName(site).get() == null;
  }

  private static X509Certificate certificate(Secret secret) throws CertificateException {
    byte[] text = Base64.getDecoder().decode(secret.getData().get("tls.crt"));
    return (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(text));
  }

  @Test
  void aSiteInAnotherClusterIsAsGoodAsOneInThisAndGoesWithItsResource()
      throws CertificateException {
    applyKubeconfig(other().kubeconfig());
    applyOther(2);
    awaitReady(Site.class, "other");

    assertThat(podsThere()).containsExactly("other-0", "other-1");
    for (Class<? extends HasMetadata> kind : MADE) {
      assertThat(made(client(), kind)).isEmpty();
      assertThat(made(there(), kind))
          .isNotEmpty()
          .allSatisfy(object -> {
            assertThat(object.getMetadata().getOwnerReferences()).isEmpty();
            assertThat(object.getMetadata().getLabels())
                .containsEntry(Labels.SITE_UID, get(Site.class, "other").getMetadata().getUid());
          });
    }
    assertThat(certificate(made(there(), Secret.class).getFirst()).getSubjectAlternativeNames())
        .anyMatch(name -> name.contains("*." + namespace + ".partita.test"));
    assertThat(administrator(there())).isEqualTo(administrator(client()));
    assertThat(get(Site.class, "main").getMetadata().getFinalizers()).isEmpty();

    apply(
        partition(
            "p", "range: {}, placement: [{site: main, replicas: 1}, {site: other, replicas: 2}]"));
    awaitReady(Partition.class, "p");
    assertThat(cluster.replicas("p")).contains("other-0", "other-1");

    // A pod that goes away there is noticed there.
    String before = made(there(), Pod.class).getFirst().getMetadata().getUid();
    there().pods().inNamespace(namespace).withName("other-0").delete();
    await()
        .atMost(PATIENCE)
        .until(() ->
            made(there(), Pod.class).size() == 2
                && made(there(), Pod.class).stream()
                    .noneMatch(pod -> pod.getMetadata().getUid().equals(before)));
    client().resources(Site.class).inNamespace(namespace).withName("other").scale(3);
    awaitStill("three nodes there", () -> podsThere().size() == 3);

    client().resources(Site.class).inNamespace(namespace).withName("other").delete();

    await().atMost(PATIENCE).until(() -> isGone("other"));
    MADE.forEach(kind -> assertThat(made(there(), kind)).isEmpty());
    await().atMost(PATIENCE).until(() -> podsThere().isEmpty());
    assertThat(names(made(there(), PersistentVolumeClaim.class).stream())).hasSize(3);
  }

  private Map<String, String> administrator(KubernetesClient client) {
    return client
        .secrets()
        .inNamespace(namespace)
        .withName("partita-administrator")
        .require()
        .getData();
  }

  @Test
  void aClusterThatIsLostDelaysNothingAndComesBack() {
    applyKubeconfig(other().kubeconfig());
    applyOther(2);
    awaitReady(Site.class, "other");

    lose();

    awaitCondition(Site.class, "other", "Ready", "False", "does not answer");
    assertThat(Objects.requireNonNull(get(Site.class, "other").getStatus()).phase())
        .isEqualTo("Unreachable");
    apply(site(4, NAMES));
    apply(partition("p", "range: {}, placement: [{site: main, replicas: 3}]"));
    awaitReady(Site.class, "main");
    awaitReady(Partition.class, "p");
    assertThat(podNames()).hasSize(4);

    // What is asked for meanwhile is done later.
    applyOther(3);
    bringBack();

    awaitReady(Site.class, "other");
    assertThat(podsThere()).hasSize(3);

    lose();
    client().resources(Site.class).inNamespace(namespace).withName("other").delete();

    awaitCondition(Site.class, "other", "Ready", "False", "kubectl patch site other");
    bringBack();
    await().atMost(PATIENCE).until(() -> isGone("other"));
    assertThat(made(there(), StatefulSet.class)).isEmpty();
  }

  @Test
  void whatKeepsAClusterFromBeingReachedIsSaid() throws IOException {
    applyOther(1);
    awaitCondition(Site.class, "other", "Stalled", "True", "Secret other-cluster does not exist");

    applyKubeconfig("{}");
    awaitCondition(Site.class, "other", "Stalled", "True", "current-context");

    // One that takes connections and says nothing.
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"))) {
      applyKubeconfig(
          other()
              .kubeconfig()
              .replaceFirst("127.0.0.1:[0-9]+", "127.0.0.1:" + silent.getLocalPort()));
      awaitCondition(Site.class, "other", "Ready", "False", "does not answer");
      apply(site(1, NAMES).replace("name: main", "name: second"));
      awaitReady(Site.class, "second");
    }

    applyKubeconfig(other().kubeconfig().replaceFirst("token: .*", "token: wrong"));
    awaitCondition(Site.class, "other", "Stalled", "True", "k8s/other-cluster/rights.yaml");

    applyKubeconfig(other().kubeconfig());
    awaitReady(Site.class, "other");
    String uid = get(Site.class, "other").getMetadata().getUid();

    // Another operator has a Site of this name there.
    label("another");
    awaitCondition(Site.class, "other", "Stalled", "True", "belongs to another Site");
    label(uid);
    awaitReady(Site.class, "other");
  }

  private void label(String uid) {
    there()
        .apps()
        .statefulSets()
        .inNamespace(namespace)
        .withName("other")
        .edit(set -> {
          set.getMetadata().getLabels().put(Labels.SITE_UID, uid);
          return set;
        });
  }

  @Test
  void nodesElsewhereNeedANameForThoseHere() {
    applyKubeconfig(other().kubeconfig());
    apply(second(""));
    awaitReady(Site.class, "second");
    applyOther(1);

    awaitCondition(
        Site.class, "other", "Stalled", "True", "Site second: set its spec.advertisedAddress");
    assertThat(podsThere()).isEmpty();
    apply(second(NAMES));
    awaitReady(Site.class, "other");

    // The first Site's nodes are those that all others ask for the cluster.
    apply(site(3));
    awaitCondition(
        Site.class, "other", "Stalled", "True", "Site main: set its spec.advertisedAddress");
  }

  @Test
  void aSiteWhoseNodesNobodyElsewhereWouldFindWaitsAloneForItsName() {
    applyKubeconfig(other().kubeconfig());
    applyOther(1);
    awaitReady(Site.class, "other");

    apply(second(""));

    awaitCondition(
        Site.class, "second", "Stalled", "True", "Site second: set its spec.advertisedAddress");
    applyOther(2);
    awaitReady(Site.class, "other");
    assertThat(podsThere()).hasSize(2);
    assertThat(podNames()).noneMatch(name -> name.startsWith("second"));

    apply(second(NAMES));
    awaitReady(Site.class, "second");
  }

  private static String second(String names) {
    return (names.isEmpty() ? site(1) : site(1, names)).replace("name: main", "name: second");
  }
}
