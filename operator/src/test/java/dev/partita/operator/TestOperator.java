package dev.partita.operator;

import dev.partita.operator.certificate.CertificateLives;
import dev.partita.operator.certificate.Certificates;
import dev.partita.operator.cluster.OtherClusters;
import dev.partita.operator.index.IndexReconciler;
import dev.partita.operator.nodeclient.HttpNodeAdmin;
import dev.partita.operator.nodeclient.NodeAdmin;
import dev.partita.operator.nodeclient.OperatorCredentials;
import dev.partita.operator.observation.DataPlane;
import dev.partita.operator.observation.DataPlanes;
import dev.partita.operator.partition.PartitionReconciler;
import dev.partita.operator.repartition.MergePatience;
import dev.partita.operator.request.RequestAnswerer;
import dev.partita.operator.resource.Backoff;
import dev.partita.operator.resource.Looks;
import dev.partita.operator.resource.Transitions;
import dev.partita.operator.site.SiteCleaner;
import dev.partita.operator.site.SiteCollaborators;
import dev.partita.operator.site.SiteReconciler;
import dev.partita.operator.site.SiteSettings;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.http.BasicBuilder;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.Interceptor;
import io.javaoperatorsdk.operator.Operator;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;

/// The operator of one namespace, in this JVM, as it is wired in production but for its speed and
/// its crash point.
final class TestOperator implements AutoCloseable {

  /// Image that the control plane maps to a process that does nothing.
  static final String IMAGE = "partita/fake-node";

  private static final CertificateLives LIVES =
      new CertificateLives(Duration.ofDays(100), Duration.ofDays(10), Duration.ofDays(1));

  /// Long enough to be seen, and short enough to be waited for at each of many kill points.
  static final MergePatience PATIENCE =
      new MergePatience(Duration.ofMillis(1_300), Duration.ofSeconds(2));

  private final CrashPoint crash;
  private final Activity activity = new Activity();
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final OperatorCredentials credentials = new OperatorCredentials();
  private final HttpNodeAdmin nodes = new HttpNodeAdmin(credentials);
  private final String namespace;
  private final DataPlanes dataPlanes;
  private final Semaphore polls = new Semaphore(1);
  private final OtherClusters otherClusters;
  private final Operator operator;

  /// How often it looks at what nothing happens to.
  ///
  /// @param interval the longest between two looks at a resource
  /// @param overlooked time after which a resource that was not looked at counts as overlooked
  record Pace(Duration interval, Duration overlooked) {

    /// As in production.
    static final Pace STANDARD = new Pace(Duration.ofSeconds(90), Looks.PATIENCE);
  }

  private TestOperator(
      ControlPlane controlPlane,
      String namespace,
      SiteSettings settings,
      CrashPoint crash,
      Pace pace) {
    this.namespace = namespace;
    this.crash = crash;
    KubernetesClient client =
        new KubernetesClientBuilder()
            .withConfig(controlPlane.operatorConfig())
            .withHttpClientFactory(
                LateAnswers.factory(
                    controlPlane.httpClientFactory(),
                    request -> {
                      if (isWrite(request)) {
                        crash.afterWrite(text(request));
                      }
                    }))
            .withKubernetesSerialization(controlPlane.client().getKubernetesSerialization())
            .withHttpClientBuilderConsumer(
                builder -> builder.addOrReplaceInterceptor("crash", new CrashInterceptor(crash)))
            .build();
    NodeAdmin admin = new CrashingAdmin(nodes, crash);
    this.dataPlanes = new DataPlanes(admin, Duration.ofMillis(100), Duration.ofMillis(300));
    dataPlanes.addListener(new RequestAnswerer(client));
    dataPlanes.addListener(
        new DataPlanes.Listener() {
          @Override
          public void beforePoll(DataPlane dataPlane) {
            polls.acquireUninterruptibly();
            polls.release();
          }
        });
    InstantSource clock = InstantSource.system();
    Transitions transitions = new Transitions(client, clock);
    Backoff backoff = new Backoff(clock);
    Looks looks = new Looks(clock, pace.overlooked());
    Certificates certificates = new Certificates(client, credentials, LIVES, clock);
    this.otherClusters =
        new OtherClusters(
            client,
            config ->
                new KubernetesClientBuilder()
                    .withConfig(config)
                    .withHttpClientFactory(controlPlane.httpClientFactory())
                    .withKubernetesSerialization(client.getKubernetesSerialization())
                    .build(),
            clock,
            Duration.ofMillis(200));
    this.operator =
        new Operator(overrider ->
            overrider
                .withKubernetesClient(client)
                .withCloseClientOnStop(true)
                .withMetrics(activity)
                .withStopOnInformerErrorDuringStartup(false)
                .withReconciliationTerminationTimeout(Duration.ofSeconds(1)));
    operator.register(
        new SiteReconciler(
            dataPlanes,
            settings,
            new SiteCollaborators(
                client, transitions, backoff, clock, certificates, otherClusters, looks)),
        overrider ->
            overrider.settingNamespace(namespace).withReconciliationMaxInterval(pace.interval()));
    operator.register(
        new SiteCleaner(otherClusters, transitions, clock),
        overrider ->
            overrider.settingNamespace(namespace).withReconciliationMaxInterval(pace.interval()));
    operator.register(
        new PartitionReconciler(
            dataPlanes,
            transitions,
            backoff,
            clock,
            (_, kind, reason) -> asked.add(kind.text() + ":" + reason),
            PATIENCE,
            looks),
        overrider ->
            overrider.settingNamespace(namespace).withReconciliationMaxInterval(pace.interval()));
    operator.register(
        new IndexReconciler(dataPlanes, transitions, clock, looks),
        overrider ->
            overrider.settingNamespace(namespace).withReconciliationMaxInterval(pace.interval()));
  }

  static TestOperator start(
      ControlPlane controlPlane, String namespace, int httpPort, CrashPoint crash) {
    return start(controlPlane, namespace, httpPort, crash, Pace.STANDARD);
  }

  static TestOperator start(
      ControlPlane controlPlane, String namespace, int httpPort, CrashPoint crash, Pace pace) {
    return start(controlPlane, namespace, settings(IMAGE, httpPort), crash, pace);
  }

  /// @param defaultImage of Sites that are new to it and name none
  static TestOperator start(
      ControlPlane controlPlane, String namespace, int httpPort, String defaultImage) {
    return start(
        controlPlane,
        namespace,
        settings(defaultImage, httpPort),
        CrashPoint.never(),
        Pace.STANDARD);
  }

  private static TestOperator start(
      ControlPlane controlPlane,
      String namespace,
      SiteSettings settings,
      CrashPoint crash,
      Pace pace) {
    TestOperator operator = new TestOperator(controlPlane, namespace, settings, crash, pace);
    operator.operator.start();
    return operator;
  }

  private static SiteSettings settings(String defaultImage, int httpPort) {
    return new SiteSettings(Optional.empty(), defaultImage, httpPort, httpPort + 1, httpPort + 2);
  }

  /// Writes to the API server and to the nodes so far.
  int writes() {
    return crash.writes();
  }

  /// The operations that it has asked for, as `kind:reason`.
  List<String> asked() {
    return List.copyOf(asked);
  }

  /// What it knows of the nodes of its namespace.
  DataPlane dataPlane() {
    return dataPlanes.of(namespace);
  }

  /// Does something while it looks at no node.
  void withoutPolls(Runnable action) {
    polls.acquireUninterruptibly();
    try {
      action.run();
    } finally {
      polls.release();
    }
  }

  /// What its reconcilers are at.
  Activity activity() {
    return activity;
  }

  /// Where it dies.
  CrashPoint crash() {
    return crash;
  }

  @Override
  public void close() {
    dataPlanes.close();
    operator.stop();
    otherClusters.close();
    nodes.close();
  }

  private static boolean isWrite(HttpRequest request) {
    return !request.method().equals("GET");
  }

  private static String text(HttpRequest request) {
    return "%s %s %s".formatted(request.method(), request.uri().getPath(), request.bodyString());
  }

  private record CrashInterceptor(CrashPoint crash) implements Interceptor {

    @Override
    public void before(BasicBuilder builder, HttpRequest request, RequestTags tags) {
      if (isWrite(request)) {
        crash.beforeWrite(text(request));
      }
    }
  }
}
