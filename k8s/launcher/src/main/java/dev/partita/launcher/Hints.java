package dev.partita.launcher;

/// What `up` prints when all is ready: commands to paste.
final class Hints {
  private Hints() {}

  static String onThisMachine(String http, String kubeconfig) {
    return text(
        http, kubeconfig, "Ctrl-C stops everything; the next './partita up' finds the data again.");
  }

  static String inCluster(String http, String kubeconfig) {
    return text(
        http,
        kubeconfig,
        "The address is a port-forward of this process. Partita runs on in the cluster after"
            + " Ctrl-C;\n'./partita down' stops it there and keeps the volumes, './partita down"
            + " --wipe' removes all that 'up' has made.");
  }

  private static String text(String http, String kubeconfig, String end) {
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

    Nodes speak TLS to each other and to the operator; on this machine clients need neither TLS nor a password
    (spec.tls.clients and spec.authentication of the Site).

    """
            .formatted(http, kubeconfig)
        + end
        + "\n";
  }
}
