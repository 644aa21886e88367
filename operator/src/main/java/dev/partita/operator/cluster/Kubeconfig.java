package dev.partita.operator.cluster;

import io.fabric8.kubernetes.api.model.AuthInfo;
import io.fabric8.kubernetes.api.model.Cluster;
import io.fabric8.kubernetes.api.model.Context;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Pure: how to reach another cluster, as a Secret says it.
///
/// Whoever may write a Secret of a namespace decides what stands in it. So a kubeconfig is refused
/// that would have the operator run a program, read a file of its own pod, or give what it writes
/// to a server that nobody vouches for.
public sealed interface Kubeconfig {

  /// Key of the Secret.
  String KEY = "kubeconfig";

  /// Reconcile threads wait for these calls, and an API server that is there answers sooner.
  int CONNECT_TIMEOUT_MILLIS = 2_000;

  /// For the whole of a request.
  int REQUEST_TIMEOUT_MILLIS = 5_000;

  /// A client can be made from it.
  record Usable(Config config) implements Kubeconfig {}

  /// No client is made from it.
  ///
  /// @param reason ends a sentence that begins with the Secret
  record Unusable(String reason) implements Kubeconfig {}

  /// What a Secret says.
  static Kubeconfig of(Secret secret, KubernetesSerialization serialization) {
    String encoded = secret.getData() == null ? null : secret.getData().get(KEY);
    if (encoded == null) {
      return new Unusable("has no key " + KEY);
    }
    String text;
    io.fabric8.kubernetes.api.model.@Nullable Config parsed;
    try {
      text = new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
      parsed = serialization.unmarshal(text, io.fabric8.kubernetes.api.model.Config.class);
    } catch (RuntimeException _) {
      // What the parser says may quote the credentials.
      return new Unusable("is no kubeconfig: its key " + KEY + " cannot be read as YAML");
    }
    return parsed == null ? new Unusable("is empty") : of(text, parsed);
  }

  private static Kubeconfig of(String text, io.fabric8.kubernetes.api.model.Config parsed) {
    Optional<Context> context =
        stream(parsed.getContexts())
            .filter(each -> Objects.equals(each.getName(), parsed.getCurrentContext()))
            .flatMap(each -> Stream.ofNullable(each.getContext()))
            .findFirst();
    Optional<Cluster> cluster =
        context.flatMap(wanted ->
            stream(parsed.getClusters())
                .filter(each -> Objects.equals(each.getName(), wanted.getCluster()))
                .flatMap(each -> Stream.ofNullable(each.getCluster()))
                .findFirst());
    Optional<AuthInfo> user =
        context.flatMap(wanted ->
            stream(parsed.getUsers())
                .filter(each -> Objects.equals(each.getName(), wanted.getUser()))
                .flatMap(each -> Stream.ofNullable(each.getUser()))
                .findFirst());
    if (cluster.isEmpty() || user.isEmpty()) {
      return new Unusable("is no kubeconfig with a current-context that has a cluster and a user");
    }
    return refusal(cluster.get())
        .or(() -> refusal(user.get()))
        .<Kubeconfig>map(Unusable::new)
        .orElseGet(() -> connect(text));
  }

  private static Optional<String> refusal(Cluster cluster) {
    if (cluster.getServer() == null || !cluster.getServer().startsWith("https://")) {
      return Optional.of("names a server that is not reached by https");
    }
    if (Boolean.TRUE.equals(cluster.getInsecureSkipTlsVerify())) {
      return Optional.of("says insecure-skip-tls-verify: give certificate-authority-data instead");
    }
    return cluster.getCertificateAuthority() == null
        ? Optional.empty()
        : Optional.of("names the file certificate-authority: give certificate-authority-data");
  }

  private static Optional<String> refusal(AuthInfo user) {
    if (user.getExec() != null || user.getAuthProvider() != null) {
      return Optional.of(
          "has the operator run a program (exec, auth-provider): give a token or a certificate, of a ServiceAccount for example");
    }
    return user.getTokenFile() == null
            && user.getClientCertificate() == null
            && user.getClientKey() == null
        ? Optional.empty()
        : Optional.of(
            "names files (tokenFile, client-certificate, client-key): give token, or client-certificate-data and client-key-data");
  }

  private static Kubeconfig connect(String text) {
    try {
      return new Usable(
          new ConfigBuilder(Config.fromKubeconfig(text))
              .withConnectionTimeout(CONNECT_TIMEOUT_MILLIS)
              .withRequestTimeout(REQUEST_TIMEOUT_MILLIS)
              .withRequestRetryBackoffLimit(0)
              .build());
    } catch (RuntimeException _) {
      return new Unusable("is no kubeconfig that a client can be made from");
    }
  }

  private static <T> Stream<T> stream(@Nullable List<T> list) {
    return list == null ? Stream.of() : list.stream();
  }
}
