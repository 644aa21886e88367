package dev.partita.launcher;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.nio.file.Path;
import java.util.Objects;

/// A cluster that the user has named in `KUBECONFIG`. Its answers are explained to them.
///
/// @param kubeconfig how to reach it
/// @param cluster a connection that has worked
record NamedCluster(Path kubeconfig, Cluster cluster) {

  /// Connects, and asks for the server's version.
  ///
  /// @throws LaunchFailure when it does not answer
  static NamedCluster connect(Path kubeconfig) {
    Cluster cluster;
    try {
      cluster = Cluster.connect(kubeconfig);
    } catch (RuntimeException e) {
      throw new LaunchFailure(kubeconfig + " is no usable kubeconfig: " + e.getMessage(), e);
    }
    NamedCluster named = new NamedCluster(kubeconfig, cluster);
    try {
      cluster.client().getKubernetesVersion();
      return named;
    } catch (KubernetesClientException e) {
      cluster.close();
      throw named.explain(e);
    }
  }

  /// Connects to where an earlier `up` was, and makes sure that it is still that place.
  static NamedCluster reconnect(RunState state) {
    NamedCluster named = connect(Path.of(Objects.requireNonNull(state.kubeconfig())));
    Cluster cluster = named.cluster();
    if (!cluster.server().equals(state.cluster())
        || !cluster.namespace().equals(state.namespace())) {
      cluster.close();
      throw new LaunchFailure(
          state.kubeconfig()
              + " now means "
              + cluster.server()
              + ", namespace "
              + cluster.namespace()
              + ", but 'up' ran on "
              + state.cluster()
              + ", namespace "
              + state.namespace()
              + ": switch its context back. Nothing was deleted");
    }
    return named;
  }

  /// Takes out of it what `up` has made.
  ///
  /// @return the exit code
  int down(Workspace workspace, boolean wipe) {
    try (cluster) {
      new Removal(cluster, workspace).run(wipe);
      RunState state =
          new RunState(
              "Stopped",
              0,
              0,
              null,
              kubeconfig.toString(),
              cluster.server(),
              cluster.namespace(),
              null);
      (wipe ? RunState.stopped() : state).write(workspace.stateFile());
      System.out.println(
          wipe
              ? "removed from " + cluster.server() + "; data deleted"
              : "stopped in " + cluster.server() + "; './partita up' finds the data again");
      return 0;
    } catch (KubernetesClientException e) {
      throw explain(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LaunchFailure("interrupted", e);
    }
  }

  /// What an error of the API server means for the user.
  LaunchFailure explain(KubernetesClientException e) {
    String server = cluster.server();
    // The client gives errors of the connection a code too, not always the same one.
    if (root(e) instanceof IOException) {
      return new LaunchFailure(
          "the cluster "
              + server
              + " of KUBECONFIG="
              + kubeconfig
              + " does not answer: "
              + rootMessage(e),
          e);
    }
    return switch (e.getCode()) {
      case HttpURLConnection.HTTP_UNAUTHORIZED ->
          new LaunchFailure(
              "the cluster " + server + " refuses the credentials of KUBECONFIG=" + kubeconfig, e);
      case HttpURLConnection.HTTP_FORBIDDEN ->
          new LaunchFailure(
              "no right in the cluster "
                  + server
                  + ": "
                  + message(e)
                  + ". An administrator can install the definitions and the operator once (kubectl"
                  + " apply --server-side -k k8s/base, or the Helm chart); then 'up' needs only to"
                  + " write sites, partitions and indexes, to read pods, and to forward ports to"
                  + " them in namespace "
                  + cluster.namespace(),
              e);
      default -> new LaunchFailure("the cluster " + server + " refuses: " + message(e), e);
    };
  }

  private static String message(KubernetesClientException e) {
    return e.getStatus() != null && e.getStatus().getMessage() != null
        ? e.getStatus().getMessage()
        : rootMessage(e);
  }

  private static String rootMessage(Throwable e) {
    Throwable root = root(e);
    return root.getClass().getSimpleName() + ": " + root.getMessage();
  }

  private static Throwable root(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }
}
