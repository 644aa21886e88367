package dev.partita.operator.fake;

import dev.partita.tls.Credentials;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Gives each running pod of a namespace a [FakeNode] on the pod's address. The pod's process
/// itself does nothing; the node answers its probes. A node's identity is that of its volume claim,
/// so a pod with a new claim is a new node, and one with a lost volume is none.
public final class FakePods implements AutoCloseable {

  private static final long INTERVAL_MILLIS = 100;

  private final KubernetesClient client;
  private final String namespace;
  private final FakeCluster cluster;
  private final int port;
  private final Map<String, FakeNode> nodeByPodUid = new HashMap<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;

  /// @param port of the nodes' HTTP API in plain text; by TLS it is two more
  public FakePods(KubernetesClient client, String namespace, FakeCluster cluster, int port) {
    this.client = client;
    this.namespace = namespace;
    this.cluster = cluster;
    this.port = port;
    this.thread = Thread.ofVirtual().name("fake-pods-" + namespace).start(this::follow);
  }

  private void follow() {
    try {
      while (!closed.await(INTERVAL_MILLIS, TimeUnit.MILLISECONDS)) {
        followOnce();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    nodeByPodUid.values().forEach(FakeNode::close);
  }

  private void followOnce() {
    try {
      Map<String, Pod> running = new LinkedHashMap<>();
      client.pods().inNamespace(namespace).withLabel("partita.dev/site").list().getItems().stream()
          .filter(pod -> "Running".equals(pod.getStatus().getPhase()))
          .filter(pod -> pod.getStatus().getPodIP() != null)
          .filter(pod -> pod.getMetadata().getDeletionTimestamp() == null)
          .forEach(pod -> running.put(pod.getMetadata().getUid(), pod));
      // First, because a new pod may have the address of an old one.
      stopAllBut(running.keySet());
      for (Map.Entry<String, Pod> pod : running.entrySet()) {
        if (!nodeByPodUid.containsKey(pod.getKey())) {
          start(pod.getValue());
        }
      }
    } catch (RuntimeException | IOException e) {
      // A boundary: whatever one look at the pods meets, the next one comes.
      System.getLogger(FakePods.class.getName())
          .log(System.Logger.Level.INFO, "following pods: " + e);
    }
  }

  private void stopAllBut(Set<String> podUids) {
    for (String uid : List.copyOf(nodeByPodUid.keySet())) {
      if (!podUids.contains(uid)) {
        Objects.requireNonNull(nodeByPodUid.remove(uid)).close();
      }
    }
  }

  private void start(Pod pod) throws IOException {
    String name = pod.getMetadata().getName();
    PersistentVolumeClaim claim =
        client.persistentVolumeClaims().inNamespace(namespace).withName("data-" + name).get();
    if (claim == null
        || claim.getMetadata().getDeletionTimestamp() != null
        || "Lost".equals(claim.getStatus().getPhase())) {
      return;
    }
    // 31 bits of the claim's identity, in decimal, as node ids are.
    String id = String.valueOf(claim.getMetadata().getUid().hashCode() & 0x7fffffffL);
    String site = pod.getMetadata().getLabels().get("partita.dev/site");
    InetSocketAddress address = new InetSocketAddress(pod.getStatus().getPodIP(), port);
    cluster.told(
        site,
        new FakePlace(
            environment(pod, "PARTITA_CLOUD"),
            environment(pod, "PARTITA_REGION"),
            environment(pod, "PARTITA_EDGE").equals("true")));
    FakeNames.tell(
        environment(pod, "PARTITA_HTTP_ADVERTISED").replace("$(PARTITA_NAME)", name),
        pod.getStatus().getPodIP());
    Optional<String> secret = certificates(pod);
    FakeNode node =
        secret.isEmpty()
            ? FakeNode.start(cluster, id, name, site, address)
            : FakeNode.start(
                cluster,
                id,
                name,
                site,
                new InetSocketAddress(pod.getStatus().getPodIP(), port + 2),
                () -> credentials(secret.get()));
    nodeByPodUid.put(pod.getMetadata().getUid(), node);
  }

  private static String environment(Pod pod, String name) {
    return pod.getSpec().getContainers().getFirst().getEnv().stream()
        .filter(each -> each.getName().equals(name) && each.getValue() != null)
        .map(EnvVar::getValue)
        .findFirst()
        .orElse("");
  }

  private static Optional<String> certificates(Pod pod) {
    return pod.getSpec().getVolumes().stream()
        .filter(volume -> volume.getName().equals("certificates"))
        .map(volume -> volume.getSecret().getSecretName())
        .findFirst();
  }

  /// As the pod's mounted Secret has them now.
  private Credentials credentials(String secret) {
    Map<String, String> data =
        client.secrets().inNamespace(namespace).withName(secret).require().getData();
    try {
      return Credentials.of(text(data, "tls.crt"), text(data, "tls.key"), text(data, "ca.crt"));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the operator made a Secret that nobody can use", e);
    }
  }

  private static String text(Map<String, String> data, String name) {
    return new String(
        Base64.getDecoder().decode(data.getOrDefault(name, "")), StandardCharsets.US_ASCII);
  }

  @Override
  public void close() {
    closed.countDown();
    try {
      thread.join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
