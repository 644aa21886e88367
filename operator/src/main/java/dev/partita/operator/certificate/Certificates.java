package dev.partita.operator.certificate;

import dev.partita.crd.Site;
import dev.partita.crd.Tls;
import dev.partita.crd.TlsMode;
import dev.partita.operator.cluster.NodeNames;
import dev.partita.operator.nodeclient.OperatorCredentials;
import dev.partita.operator.resource.Labels;
import dev.partita.operator.status.Verdict;
import dev.partita.tls.Credentials;
import dev.partita.tls.Identity;
import dev.partita.tls.Role;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps the certificates of a Site's nodes and of the operator, as a step of the Site's reconcile.
///
/// Every write is guarded: a Secret is created only if there is none, and replaced only if nobody
/// has changed it since it was read. A write that loses fails the reconcile, and the next one sees
/// the other's.
public final class Certificates {

  /// Secret of the namespace's own authority.
  public static final String AUTHORITY = "partita-ca";

  /// Secret of the operator's own certificate in a namespace with its own authority.
  static final String OPERATOR = "partita-operator-tls";

  /// Annotation of the authority's Secret: any value asks for another authority.
  static final String ROTATE = "partita.dev/rotate";

  /// A renewal is due within days; who deletes a Secret by hand waits for so long.
  private static final Duration LOOK_INTERVAL = Duration.ofSeconds(60);

  private static final Logger LOG = LoggerFactory.getLogger(Certificates.class);
  private static final String TRUSTED = "ca.crt";

  private final KubernetesClient client;
  private final OperatorCredentials credentials;
  private final CertificateLives lives;
  private final InstantSource clock;
  private final Map<String, Instant> lookedAt = new ConcurrentHashMap<>();

  /// @param credentials told of the operator's certificates
  public Certificates(
      KubernetesClient client,
      OperatorCredentials credentials,
      CertificateLives lives,
      InstantSource clock) {
    this.client = client;
    this.credentials = credentials;
    this.lives = lives;
    this.clock = clock;
  }

  /// The Secret that a Site's nodes mount.
  public static String nodeSecret(Site site) {
    String given = site.getSpec().tlsOrDefault().secretName();
    return given == null ? site.getMetadata().getName() + "-tls" : given;
  }

  /// Makes or renews what is due.
  ///
  /// @param there the cluster that the Site's nodes are in; the authority stays in the operator's
  /// @return what a person has to do first; nothing when the Site can go on
  public Optional<Verdict> keep(Site site, KubernetesClient there) {
    Tls tls = site.getSpec().tlsOrDefault();
    if (tls.mode() == TlsMode.Disabled || isFresh(site)) {
      return Optional.empty();
    }
    Optional<Verdict> verdict =
        tls.secretName() == null
            ? keepOwn(site, there)
            : useGiven(site, tls.secretName(), tls, there);
    if (verdict.isEmpty()) {
      lookedAt.put(site.getMetadata().getUid(), clock.instant());
    }
    return verdict;
  }

  private boolean isFresh(Site site) {
    Instant looked = lookedAt.get(site.getMetadata().getUid());
    return looked != null
        && credentials.has(site.getMetadata().getNamespace())
        && clock.instant().isBefore(looked.plus(LOOK_INTERVAL));
  }

  private Optional<Verdict> useGiven(
      Site site, String nodeSecret, Tls tls, KubernetesClient there) {
    String namespace = site.getMetadata().getNamespace();
    String operatorSecret = String.valueOf(tls.operatorSecretName());
    Optional<Verdict> wrong =
        given(there, namespace, nodeSecret, Role.NODE) instanceof Given.Unusable(String reason)
            ? Optional.of(unusable(nodeSecret, reason))
            : Optional.empty();
    return switch (given(client, namespace, operatorSecret, Role.OPERATOR)) {
      case Given.Unusable(String reason) ->
          wrong.or(() -> Optional.of(unusable(operatorSecret, reason)));
      case Given.Usable(Credentials own) -> {
        credentials.put(namespace, own);
        yield wrong;
      }
    };
  }

  private sealed interface Given {
    record Usable(Credentials credentials) implements Given {}

    record Unusable(String reason) implements Given {}
  }

  private static Given given(KubernetesClient client, String namespace, String name, Role role) {
    Secret secret = secret(client, namespace, name);
    if (secret == null) {
      return new Given.Unusable("does not exist");
    }
    Identity wanted = new Identity(namespace, role);
    try {
      Credentials found = Leaf.credentials(texts(secret));
      Optional<Identity> holder = Identity.of(found.chain().getFirst());
      return holder.filter(wanted::equals).isPresent()
          ? new Given.Usable(found)
          : new Given.Unusable(
              "is for " + holder.map(Identity::toString).orElse("nobody") + ", not for " + wanted);
    } catch (GeneralSecurityException e) {
      return new Given.Unusable(String.valueOf(e.getMessage()));
    }
  }

  private static Verdict unusable(String secret, String reason) {
    return Verdict.stalled(
        "CertificateUnusable",
        "Secret %s: %s. It takes tls.crt, tls.key (PKCS #8) and ca.crt; see spec.tls"
            .formatted(secret, reason));
  }

  private Optional<Verdict> keepOwn(Site site, KubernetesClient there) {
    String namespace = site.getMetadata().getNamespace();
    AuthorityState authority;
    try {
      authority = authority(namespace);
    } catch (GeneralSecurityException e) {
      return Optional.of(
          Verdict.stalled(
              "AuthorityUnusable",
              "Secret %s was changed to something that is no authority (%s): restore it, or delete it to have another made, after which all nodes have to be restarted at once"
                  .formatted(AUTHORITY, e.getMessage())));
    }
    publish(client, namespace, authority.trusted());
    Map<String, String> own =
        keepLeaf(
            client,
            metadata(namespace, OPERATOR).build(),
            new Leaf(new Identity(namespace, Role.OPERATOR), List.of()),
            authority);
    Leaf.usable(own).ifPresent(usable -> credentials.put(namespace, usable));
    if (NodeNames.isElsewhere(site)) {
      publish(there, namespace, authority.trusted());
    }
    keepLeaf(
        there,
        siteMetadata(site).build(),
        new Leaf(new Identity(namespace, Role.NODE), hosts(site)),
        authority);
    return Optional.empty();
  }

  private AuthorityState authority(String namespace) throws GeneralSecurityException {
    Secret present = secret(client, namespace, AUTHORITY);
    if (present == null) {
      AuthorityState first = AuthorityState.first(namespace, lives, clock.instant());
      if (create(client, metadata(namespace, AUTHORITY).build(), "Opaque", first.texts())) {
        LOG.info("made the certificate authority of namespace {}", namespace);
        return first;
      }
      present = secret(client, namespace, AUTHORITY);
      if (present == null) {
        throw new GeneralSecurityException("it was made by somebody else and is gone again");
      }
    }
    Map<String, String> annotations = present.getMetadata().getAnnotations();
    boolean requested = annotations != null && annotations.containsKey(ROTATE);
    AuthorityState state = AuthorityState.of(texts(present));
    AuthorityState next = state.advance(namespace, lives, clock.instant(), requested);
    if (!next.since().equals(state.since())) {
      LOG.info("certificate authority of namespace {}: from {} to {}", namespace, state, next);
      replace(
          client,
          present
              .edit()
              .editMetadata()
              .removeFromAnnotations(ROTATE)
              .endMetadata()
              .withData(encoded(next.texts()))
              .build());
    }
    return next;
  }

  /// For clients: what they have to trust.
  private static void publish(KubernetesClient client, String namespace, String trusted) {
    ConfigMap present = client.configMaps().inNamespace(namespace).withName(AUTHORITY).get();
    if (present == null || !Map.of(TRUSTED, trusted).equals(present.getData())) {
      client
          .resource(
              new ConfigMapBuilder()
                  .withMetadata(metadata(namespace, AUTHORITY).build())
                  .withData(Map.of(TRUSTED, trusted))
                  .build())
          .forceConflicts()
          .serverSideApply();
    }
  }

  /// @return what the Secret contains afterwards
  private Map<String, String> keepLeaf(
      KubernetesClient client, ObjectMeta metadata, Leaf leaf, AuthorityState authority) {
    Secret present = secret(client, metadata.getNamespace(), metadata.getName());
    Map<String, String> before = present == null ? Map.of() : texts(present);
    Map<String, String> wanted = leaf.wanted(before, authority, lives, clock.instant());
    if (present == null) {
      if (!create(client, metadata, "kubernetes.io/tls", wanted)) {
        throw new IllegalStateException(
            "Secret " + metadata.getName() + " was made by somebody else meanwhile");
      }
      LOG.info("issued certificate {} in {}", metadata.getName(), metadata.getNamespace());
    } else if (!wanted.equals(before)) {
      replace(client, present.edit().withData(encoded(wanted)).build());
      LOG.info("renewed certificate {} in {}", metadata.getName(), metadata.getNamespace());
    }
    return wanted;
  }

  /// Names of pods and Services, in full and as they are called inside their namespace and cluster;
  /// those of pods for other clusters; and this machine, for forwarded ports.
  private static List<String> hosts(Site site) {
    String name = site.getMetadata().getName();
    String namespace = site.getMetadata().getNamespace();
    return Stream.concat(
            Stream.of(name, name + "-peers", "*." + name + "-peers")
                .flatMap(host ->
                    Stream.of(
                            "",
                            "." + namespace,
                            "." + namespace + ".svc",
                            "." + namespace + ".svc.cluster.local")
                        .map(host::concat)),
            Stream.concat(NodeNames.advertised(site).stream(), Stream.of("localhost", "127.0.0.1")))
        .distinct()
        .toList();
  }

  private static ObjectMetaBuilder metadata(String namespace, String name) {
    return new ObjectMetaBuilder()
        .withNamespace(namespace)
        .withName(name)
        .addToLabels("app.kubernetes.io/name", "partita")
        .addToLabels("app.kubernetes.io/managed-by", "partita-operator");
  }

  private static ObjectMetaBuilder siteMetadata(Site site) {
    return Labels.ownedBy(site, nodeSecret(site));
  }

  private static @Nullable Secret secret(KubernetesClient client, String namespace, String name) {
    return client.secrets().inNamespace(namespace).withName(name).get();
  }

  /// @return false when there is one already
  private static boolean create(
      KubernetesClient client, ObjectMeta metadata, String type, Map<String, String> texts) {
    try {
      client
          .resource(
              new SecretBuilder()
                  .withMetadata(metadata)
                  .withType(type)
                  .withData(encoded(texts))
                  .build())
          .create();
      return true;
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
        return false;
      }
      throw e;
    }
  }

  /// Refused by the server if the Secret has changed since it was read.
  private static void replace(KubernetesClient client, Secret secret) {
    client.resource(secret).update();
  }

  private static Map<String, String> texts(Secret secret) {
    Map<String, String> texts = new TreeMap<>();
    if (secret.getData() != null) {
      secret
          .getData()
          .forEach((name, value) ->
              texts.put(
                  name,
                  new String(Base64.getDecoder().decode(value), StandardCharsets.ISO_8859_1)));
    }
    return texts;
  }

  private static Map<String, String> encoded(Map<String, String> texts) {
    Map<String, String> data = new TreeMap<>(texts);
    data.replaceAll((_, text) ->
        Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.ISO_8859_1)));
    return data;
  }
}
