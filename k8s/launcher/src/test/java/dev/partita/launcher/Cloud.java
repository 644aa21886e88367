package dev.partita.launcher;

import static org.awaitility.Awaitility.await;

import dev.partita.testbed.PartitaImages;
import dev.partita.testbed.Testbed;
import dev.partita.testbed.TokenKubeconfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// A cloud with a Kubernetes cluster of its own: a test bed, whose pods are its children. All of it
/// can be lost at once, and comes back where it was.
final class Cloud implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final Path CHECKOUT = Path.of(System.getProperty("partita.checkout"));
  private static final String TOKEN_SECRET = "partita-operator-token";

  /// Below those that the system gives to connections: nobody takes them while a cloud is lost.
  private static final int PORT_FIRST = 21_000;

  private static final int PORT_LAST = 29_000;

  private static final String NODE =
      """
      ---
      apiVersion: v1
      kind: Node
      metadata:
        name: NAME-NUMBER
        labels:
          topology.kubernetes.io/region: NAME-region
          topology.kubernetes.io/zone: NAME-zone-NUMBER
          partita.dev/cloud: NAME
      """;

  private final String name;
  private final Path directory;
  private final Map<String, List<String>> images;
  private final String[] options;
  private Testbed testbed;

  private Cloud(String name, Path directory, Map<String, List<String>> images, String[] options) {
    this.name = name;
    this.directory = directory;
    this.images = images;
    this.options = options;
    this.testbed = Testbed.start(CHECKOUT, directory, images, options);
  }

  /// Starts one.
  ///
  /// @param servers that its cluster has, in as many zones
  static Cloud start(String name, int servers, Path home, ClusterSetNames names)
      throws IOException {
    Path directory = Files.createDirectories(home.resolve(name));
    String nodes =
        IntStream.range(0, servers)
            .mapToObj(
                number -> NODE.replace("NAME", name).replace("NUMBER", String.valueOf(number)))
            .collect(Collectors.joining());
    Path nodesFile = Files.writeString(home.resolve(name + ".nodes.yaml"), nodes);
    return new Cloud(
        name,
        directory,
        images(names.add(name, directory.resolve("hosts"))),
        new String[] {
          "--nodes", nodesFile.toString(), "--port-base", String.valueOf(freePorts(name))
        });
  }

  /// Two that follow each other. Each name begins to look elsewhere.
  private static int freePorts(String name) throws IOException {
    int begin = PORT_FIRST + Math.floorMod(name.hashCode(), 500) * 10;
    for (int port = begin; port < PORT_LAST; port += 2) {
      if (isFree(port) && isFree(port + 1)) {
        return port;
      }
    }
    throw new IOException("no free ports from " + begin + " to " + PORT_LAST);
  }

  private static boolean isFree(int port) {
    try (ServerSocket _ = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static Map<String, List<String>> images(Path hosts) {
    Map<String, List<String>> built = PartitaImages.of(CHECKOUT);
    List<String> node = new ArrayList<>(List.of("env", "PARTITA_HOSTS_FILE=" + hosts));
    node.addAll(Objects.requireNonNull(built.get("partita/node")));
    List<String> operator = new ArrayList<>(Objects.requireNonNull(built.get("partita/operator")));
    // What a DNS server would answer, and as soon.
    operator.addAll(
        1, List.of("-Dsun.net.inetaddr.negative.ttl=0", "-Djdk.net.hosts.file=" + hosts));
    return Map.of("partita/node", node, "partita/operator", operator);
  }

  String name() {
    return name;
  }

  /// Of an administrator.
  Path kubeconfig() {
    return testbed.kubeconfig();
  }

  /// The addresses of its nodes that are ready.
  List<InetSocketAddress> readyNodes() {
    try (Cluster cluster = Cluster.connect(kubeconfig())) {
      return cluster.readyNodes();
    }
  }

  /// A kubeconfig with the rights that are shipped for an operator in another cluster, and no
  /// others.
  String operatorKubeconfig() {
    try (Cluster cluster = Cluster.connect(kubeconfig())) {
      cluster.apply(CHECKOUT.resolve("k8s/other-cluster/rights.yaml"));
      Map<String, String> token =
          await()
              .atMost(PATIENCE)
              .until(
                  () ->
                      Objects.requireNonNullElse(
                          cluster
                              .client()
                              .secrets()
                              .inNamespace(cluster.namespace())
                              .withName(TOKEN_SECRET)
                              .require()
                              .getData(),
                          Map.<String, String>of()),
                  TokenKubeconfig::isComplete);
      return TokenKubeconfig.of(cluster.server(), token);
    }
  }

  /// Kills the API server, where it keeps its objects, and all nodes, without a warning.
  void lose() {
    testbed.kill();
  }

  void bringBack() {
    testbed = Testbed.start(CHECKOUT, directory, images, options);
  }

  @Override
  public void close() {
    lose();
  }
}
