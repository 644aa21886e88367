package dev.partita.operator.certificate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.partita.crd.Approval;
import dev.partita.crd.Authentication;
import dev.partita.crd.ClientTls;
import dev.partita.crd.Site;
import dev.partita.crd.SiteSpec;
import dev.partita.crd.Storage;
import dev.partita.crd.Tls;
import dev.partita.crd.TlsMode;
import dev.partita.operator.ControlPlane;
import dev.partita.operator.nodeclient.OperatorCredentials;
import dev.partita.operator.status.Verdict;
import dev.partita.tls.CertificateAuthority;
import dev.partita.tls.Credentials;
import dev.partita.tls.Identity;
import dev.partita.tls.Pem;
import dev.partita.tls.Role;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.NonDeletingOperation;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// Secrets of a namespace over a long time, on a control plane of its own.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CertificatesTest {
  private static final CertificateLives LIVES =
      new CertificateLives(Duration.ofDays(300), Duration.ofDays(9), Duration.ofDays(1));

  private @Nullable ControlPlane controlPlane;
  private String namespace = "";
  private Instant now = Instant.now();

  @BeforeAll
  void connect() {
    controlPlane = ControlPlane.connect();
  }

  @AfterAll
  void disconnect() {
    Objects.requireNonNull(controlPlane).close();
  }

  @BeforeEach
  void createNamespace() {
    namespace = Objects.requireNonNull(controlPlane).newNamespace();
    now = Instant.now();
  }

  @AfterEach
  void deleteNamespace() {
    client().namespaces().withName(namespace).delete();
  }

  private KubernetesClient client() {
    return Objects.requireNonNull(controlPlane).client();
  }

  /// An operator that has just started.
  private Certificates operator(OperatorCredentials credentials) {
    return new Certificates(client(), credentials, LIVES, () -> now);
  }

  private Certificates operator() {
    return operator(new OperatorCredentials());
  }

  private Site site(@Nullable Tls tls) {
    Site site = new Site();
    site.setMetadata(new ObjectMetaBuilder().withName("main").withNamespace(namespace).build());
    site.setSpec(
        new SiteSpec(
            3,
            null,
            null,
            List.of(),
            false,
            new Storage("1Gi", null, null),
            null,
            null,
            null,
            tls,
            Authentication.Disabled,
            null,
            Approval.None,
            SiteSpec.REPLACE_AFTER_DEFAULT,
            false));
    // An owner that does not exist has its objects collected.
    return client().resource(site).createOr(NonDeletingOperation::update);
  }

  private Secret secret(String name) {
    return client().secrets().inNamespace(namespace).withName(name).require();
  }

  private Map<String, String> texts(String name) {
    Map<String, String> texts = new TreeMap<>(secret(name).getData());
    texts.replaceAll(
        (_, value) -> new String(Base64.getDecoder().decode(value), StandardCharsets.US_ASCII));
    return texts;
  }

  private Credentials credentials(String name) {
    try {
      return Leaf.credentials(texts(name));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(name, e);
    }
  }

  private static X509Certificate own(Credentials credentials) {
    return credentials.chain().getFirst();
  }

  @Test
  void aSiteGetsCertificatesForItsNodesAndTheOperator() throws Exception {
    OperatorCredentials memory = new OperatorCredentials();

    assertThat(operator(memory).keep(site(null), client())).isEmpty();

    assertThat(memory.has(namespace)).isTrue();
    Credentials nodes = credentials("main-tls");
    assertThat(Identity.of(own(nodes))).contains(new Identity(namespace, Role.NODE));
    assertThat(Identity.of(own(credentials("partita-operator-tls"))))
        .contains(new Identity(namespace, Role.OPERATOR));
    assertThat(own(nodes).getSubjectAlternativeNames())
        .extracting(name -> String.valueOf(name.get(1)))
        .contains(
            "main",
            "main." + namespace + ".svc.cluster.local",
            "*.main-peers." + namespace + ".svc",
            "localhost",
            "127.0.0.1");
    own(nodes).verify(nodes.authorities().getFirst().getPublicKey());
    assertThat(
            client().configMaps().inNamespace(namespace).withName("partita-ca").require().getData())
        .isEqualTo(Map.of("ca.crt", Pem.text(nodes.authorities())));
    assertThat(secret("main-tls").getMetadata().getOwnerReferences()).hasSize(1);
    assertThat(secret("partita-ca").getMetadata().getOwnerReferences()).isEmpty();
  }

  @Test
  void anOperatorThatStartsAgainChangesNothing() {
    operator().keep(site(null), client());
    Set<String> before = versions();

    now = now.plus(Duration.ofDays(5));
    assertThat(operator().keep(site(null), client())).isEmpty();

    assertThat(versions()).isEqualTo(before);
  }

  private Set<String> versions() {
    Set<String> versions = new HashSet<>();
    for (String name : List.of("partita-ca", "main-tls", "partita-operator-tls")) {
      versions.add(name + secret(name).getMetadata().getResourceVersion());
    }
    return versions;
  }

  @Test
  void certificatesAreRenewedAtTwoThirdsOfTheirLife() {
    Certificates operator = operator();
    operator.keep(site(null), client());
    Credentials first = credentials("main-tls");

    now = now.plus(Duration.ofDays(7));
    operator.keep(site(null), client());

    Credentials renewed = credentials("main-tls");
    assertThat(own(renewed)).isNotEqualTo(own(first));
    assertThat(renewed.authorities()).isEqualTo(first.authorities());
    assertThat(own(renewed).getNotAfter().toInstant()).isAfter(now.plus(Duration.ofDays(8)));
  }

  @Test
  void aCertificateThatWasDeletedOrSpoiledIsIssuedAgain() {
    operator().keep(site(null), client());
    client().secrets().inNamespace(namespace).withName("main-tls").delete();
    client()
        .resource(secret("partita-operator-tls"))
        .edit(secret -> {
          secret.getData().put("tls.key", "c3BvaWxlZA==");
          return secret;
        });

    operator().keep(site(null), client());

    assertThat(credentials("main-tls").authorities())
        .isEqualTo(credentials("partita-operator-tls").authorities());
  }

  /// At every step each old certificate is trusted by each new one's holder, and the reverse.
  @Test
  void anotherAuthorityTakesOverWithoutAGap() {
    Certificates operator = operator();
    operator.keep(site(null), client());
    Credentials before = credentials("main-tls");
    client()
        .resource(secret("partita-ca"))
        .edit(secret -> {
          secret.getMetadata().setAnnotations(Map.of("partita.dev/rotate", "now"));
          return secret;
        });
    int changes = 0;
    for (int step = 0; step < 6; step++) {
      now = now.plus(Duration.ofHours(13));
      operator.keep(site(null), client());
      Credentials after = credentials("main-tls");
      assertTrusts(before, after);
      assertTrusts(after, before);
      assertTrusts(after, credentials("partita-operator-tls"));
      changes +=
          own(before).getIssuerX500Principal().equals(own(after).getIssuerX500Principal())
                  && isSigned(own(after), before.authorities().getFirst())
              ? 0
              : 1;
      before = after;
    }

    assertThat(changes).isEqualTo(1);
    assertThat(before.authorities()).hasSize(1);
    assertThat(secret("partita-ca").getMetadata().getAnnotations())
        .satisfiesAnyOf(
            left -> assertThat(left).isNull(),
            left -> assertThat(left).doesNotContainKey("partita.dev/rotate"));
  }

  private static void assertTrusts(Credentials one, Credentials other) {
    assertThat(one.authorities()).anyMatch(authority -> isSigned(own(other), authority));
  }

  private static boolean isSigned(X509Certificate certificate, X509Certificate authority) {
    try {
      certificate.verify(authority.getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private boolean kept() {
    try {
      operator().keep(site(null), client());
      return true;
    } catch (KubernetesClientException | IllegalStateException e) {
      return false;
    }
  }

  @Test
  void operatorsThatRaceAgreeOnOneAuthority() {
    List<CompletableFuture<Void>> racing =
        IntStream.range(0, 4)
            .mapToObj(_ ->
                CompletableFuture.runAsync(
                    () -> {
                      // Who loses a race fails; the framework would reconcile again.
                      while (!kept()) {
                        Thread.onSpinWait();
                      }
                    },
                    Executors.newVirtualThreadPerTaskExecutor()))
            .toList();
    racing.forEach(CompletableFuture::join);

    assertThat(credentials("main-tls").authorities())
        .isEqualTo(credentials("partita-operator-tls").authorities())
        .hasSize(1);
    assertTrusts(credentials("main-tls"), credentials("partita-operator-tls"));
  }

  @Test
  void givenSecretsAreUsedAndWhatIsWrongWithThemIsSaid() {
    Site site = site(new Tls(TlsMode.Required, ClientTls.Required, "my-nodes", "my-operator"));
    OperatorCredentials memory = new OperatorCredentials();
    Certificates operator = operator(memory);
    assertThat(operator.keep(site, client()))
        .map(Verdict::message)
        .get()
        .asString()
        .contains("my-nodes", "does not exist");

    CertificateAuthority authority = CertificateAuthority.create("mine", now, Duration.ofDays(1));
    CertificateAuthority.Issued nodes = give("my-nodes", authority, Role.NODE);
    assertThat(operator.keep(site, client()))
        .map(Verdict::message)
        .get()
        .asString()
        .contains("my-operator");
    give("my-operator", authority, Role.NODE);
    Optional<Verdict> wrongRole = operator.keep(site, client());
    assertThat(wrongRole).map(Verdict::kind).contains(Verdict.Kind.STALLED);
    assertThat(wrongRole)
        .map(Verdict::message)
        .get()
        .asString()
        .contains("partita://" + namespace + "/operator");
    assertThat(memory.has(namespace)).isFalse();

    give("my-operator", authority, Role.OPERATOR);
    assertThat(operator.keep(site, client())).isEmpty();
    assertThat(memory.has(namespace)).isTrue();
    assertThat(client().secrets().inNamespace(namespace).withName("partita-ca").get()).isNull();

    give("my-nodes", nodes.chain(), nodes.key().replace("PRIVATE", "RSA PRIVATE"), authority);
    Optional<Verdict> unreadable = operator(memory).keep(site, client());
    assertThat(unreadable).map(Verdict::message).get().asString().contains("my-nodes", "PKCS8");
    assertThat(unreadable.toString()).doesNotContain(nodes.key().substring(40, 60));
  }

  private CertificateAuthority.Issued give(String name, CertificateAuthority authority, Role role) {
    CertificateAuthority.Issued issued =
        authority.issue(new Identity(namespace, role), List.of("x"), now, Duration.ofHours(1));
    give(name, issued.chain(), issued.key(), authority);
    return issued;
  }

  private void give(String name, String chain, String key, CertificateAuthority authority) {
    client()
        .resource(
            new SecretBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace(namespace)
                .endMetadata()
                .withType("kubernetes.io/tls")
                .withStringData(
                    Map.of(
                        "tls.crt",
                        chain,
                        "tls.key",
                        key,
                        "ca.crt",
                        Pem.text(authority.certificate())))
                .build())
        .createOr(NonDeletingOperation::update);
  }

  @Test
  void aSiteInPlainTextGetsNone() {
    assertThat(
            operator()
                .keep(site(new Tls(TlsMode.Disabled, ClientTls.Optional, null, null)), client()))
        .isEmpty();
    assertThat(client().secrets().inNamespace(namespace).list().getItems()).isEmpty();
  }

  @Test
  void aSpoiledAuthorityIsNotReplacedSilently() {
    operator().keep(site(null), client());
    client()
        .resource(secret("partita-ca"))
        .edit(secret -> {
          secret.getData().put("tls.key", "c3BvaWxlZA==");
          return secret;
        });

    assertThat(operator().keep(site(null), client()))
        .map(Verdict::kind)
        .contains(Verdict.Kind.STALLED);
  }
}
