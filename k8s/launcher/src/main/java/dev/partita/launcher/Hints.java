package dev.partita.launcher;

/// What `up` prints when all is ready: commands to paste.
final class Hints {
  private Hints() {}

  static String text(String http, String kubeconfig) {
    return """

    HTTP        %1$s   (OpenAPI: %1$s/openapi, metrics: %1$s/metrics)
    Kubernetes  export KUBECONFIG=%2$s

    Try:
      kubectl get partita
      kubectl get partitions -w
      curl -s %1$s/v1/collections/unicode/documents/960
      curl -s '%1$s/v1/collections/unicode/documents?start=880&end=890'
      curl -s %1$s/v1/query -H 'Content-Type: application/json' \\
        -d '{"index":"unicode-by-script","terms":["Greek"],"limit":5}'

    Ctrl-C stops everything; the next './partita up' finds the data again.
    """
        .formatted(http, kubeconfig);
  }
}
