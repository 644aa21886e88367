package dev.partita.operator.site;

import dev.partita.crd.Site;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The Secret of which nodes make the first user of a database, an administrator. A user may have
/// made it before with a name and password of choice; otherwise the operator does, with a random
/// password. It is created and never updated, and outlives the Sites as the volumes do.
final class AdministratorSecret {

  static final String NAME = "partita-administrator";

  private static final String USER = "admin";

  /// 192 bits.
  private static final int PASSWORD_BYTES = 24;

  private final KubernetesClient client;
  private final SecureRandom random = new SecureRandom();
  private final Set<String> done = ConcurrentHashMap.newKeySet();

  AdministratorSecret(KubernetesClient client) {
    this.client = client;
  }

  /// Makes it if there is none.
  void keep(String namespace) {
    if (done.contains(namespace)) {
      return;
    }
    if (client.secrets().inNamespace(namespace).withName(NAME).get() == null) {
      create(namespace);
    }
    done.add(namespace);
  }

  /// Copies it into another cluster, if there is none: nodes there may be the first ones.
  void copy(Site site, KubernetesClient there) {
    String namespace = site.getMetadata().getNamespace();
    String key = namespace + "/" + site.getSpec().kubeconfigSecret();
    if (done.contains(key)) {
      return;
    }
    Secret own = client.secrets().inNamespace(namespace).withName(NAME).get();
    if (own != null && there.secrets().inNamespace(namespace).withName(NAME).get() == null) {
      create(
          there,
          new SecretBuilder()
              .withMetadata(metadata(namespace))
              .withType(own.getType())
              .withData(own.getData())
              .build());
    }
    done.add(key);
  }

  private static ObjectMeta metadata(String namespace) {
    return new ObjectMetaBuilder()
        .withName(NAME)
        .withNamespace(namespace)
        .addToLabels("app.kubernetes.io/name", "partita")
        .addToLabels("app.kubernetes.io/managed-by", "partita-operator")
        .build();
  }

  private void create(String namespace) {
    byte[] password = new byte[PASSWORD_BYTES];
    random.nextBytes(password);
    create(
        client,
        new SecretBuilder()
            .withMetadata(metadata(namespace))
            .withType("kubernetes.io/basic-auth")
            .withStringData(
                Map.of(
                    "username",
                    USER,
                    "password",
                    Base64.getUrlEncoder().withoutPadding().encodeToString(password)))
            .build());
  }

  private static void create(KubernetesClient client, Secret secret) {
    try {
      client.resource(secret).create();
    } catch (KubernetesClientException e) {
      if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
        throw e;
      }
    }
  }
}
