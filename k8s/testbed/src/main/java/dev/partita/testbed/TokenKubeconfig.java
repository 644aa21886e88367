package dev.partita.testbed;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;

/// A kubeconfig with the token of a service account, as people write one for an operator in another
/// cluster.
public final class TokenKubeconfig {
  private TokenKubeconfig() {}

  /// Whether Kubernetes has filled the Secret.
  ///
  /// @param secret data of a Secret of type `kubernetes.io/service-account-token`
  public static boolean isComplete(Map<String, String> secret) {
    return secret.containsKey("token") && secret.containsKey("ca.crt");
  }

  /// The text of the file.
  ///
  /// @param server URL of the API server
  /// @param secret data of a Secret of type `kubernetes.io/service-account-token`
  public static String of(String server, Map<String, String> secret) {
    return """
    apiVersion: v1
    kind: Config
    clusters:
    - {name: there, cluster: {server: '%s', certificate-authority-data: %s}}
    users:
    - {name: partita-operator, user: {token: %s}}
    contexts:
    - {name: there, context: {cluster: there, user: partita-operator}}
    current-context: there
    """
        .formatted(
            server,
            secret.get("ca.crt"),
            new String(Base64.getDecoder().decode(secret.get("token")), StandardCharsets.US_ASCII));
  }
}
