package dev.partita.operator;

import dev.partita.operator.certificate.CertificateLives;
import dev.partita.operator.certificate.Certificates;
import dev.partita.operator.cluster.OtherClusters;
import dev.partita.operator.metrics.ApiMeters;
import dev.partita.operator.metrics.AskedMeters;
import dev.partita.operator.metrics.ClusterMeters;
import dev.partita.operator.metrics.ReconcileMeters;
import dev.partita.operator.nodeclient.HttpNodeAdmin;
import dev.partita.operator.nodeclient.NodeAdmin;
import dev.partita.operator.nodeclient.OperatorCredentials;
import dev.partita.operator.observation.DataPlanes;
import dev.partita.operator.partition.AskedOperations;
import dev.partita.operator.repartition.MergePatience;
import dev.partita.operator.request.RequestAnswerer;
import dev.partita.operator.resource.Backoff;
import dev.partita.operator.resource.Looks;
import dev.partita.operator.resource.Transitions;
import dev.partita.operator.site.SiteCollaborators;
import dev.partita.operator.site.SiteSettings;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfiguration;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfigurationBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.Dependent;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.InstantSource;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/// The object graph of the operator, wired in one place.
public final class OperatorBeans {

  /// Holder of the leadership among replicas of the operator.
  private static final String LEASE = "partita-operator";

  @Produces
  @Singleton
  InstantSource clock() {
    return InstantSource.system();
  }

  @Produces
  @Singleton
  OperatorCredentials operatorCredentials() {
    return new OperatorCredentials();
  }

  @Produces
  @Singleton
  NodeAdmin nodeAdmin(OperatorCredentials credentials) {
    return new HttpNodeAdmin(credentials);
  }

  @Produces
  @Singleton
  DataPlanes dataPlanes(
      NodeAdmin admin, OperatorSettings settings, KubernetesClient client, ClusterMeters meters) {
    DataPlanes dataPlanes =
        new DataPlanes(admin, settings.pollInterval(), settings.figuresInterval());
    dataPlanes.addListener(new RequestAnswerer(client));
    dataPlanes.addListener(meters);
    return dataPlanes;
  }

  void close(@Disposes DataPlanes dataPlanes) {
    dataPlanes.close();
  }

  @Produces
  @Singleton
  Transitions transitions(KubernetesClient client, InstantSource clock) {
    return new Transitions(client, clock);
  }

  @Produces
  @Singleton
  Backoff backoff(InstantSource clock) {
    return new Backoff(clock);
  }

  @Produces
  @Singleton
  Looks looks(InstantSource clock) {
    return new Looks(clock, Looks.PATIENCE);
  }

  @Produces
  @Singleton
  MergePatience mergePatience() {
    return MergePatience.STANDARD;
  }

  @Produces
  @Singleton
  SiteCollaborators siteCollaborators(
      KubernetesClient client,
      Transitions transitions,
      Backoff backoff,
      InstantSource clock,
      Certificates certificates,
      OtherClusters clusters,
      Looks looks) {
    return new SiteCollaborators(
        client, transitions, backoff, clock, certificates, clusters, looks);
  }

  @Produces
  @Singleton
  OtherClusters otherClusters(
      KubernetesClient client,
      KubernetesSerialization serialization,
      MeterRegistry registry,
      InstantSource clock) {
    return new OtherClusters(
        client,
        config -> client(config, serialization, registry),
        clock,
        OtherClusters.LOOK_INTERVAL);
  }

  void close(@Disposes OtherClusters clusters) {
    clusters.close();
  }

  @Produces
  @Singleton
  Certificates certificates(
      KubernetesClient client,
      OperatorCredentials credentials,
      OperatorSettings settings,
      InstantSource clock) {
    return new Certificates(
        client,
        credentials,
        new CertificateLives(
            settings.authorityLife(), settings.certificateLife(), settings.authorityOverlap()),
        clock);
  }

  @Produces
  @Singleton
  SiteSettings siteSettings(
      OperatorSettings settings,
      @ConfigProperty(name = "quarkus.application.version") String version) {
    return new SiteSettings(
        settings.nodeImage(),
        settings
            .defaultNodeImage()
            .orElseGet(() -> "partita/node:" + version.replace("-SNAPSHOT", "")),
        settings.httpPort(),
        settings.peerPort(),
        settings.httpsPort(),
        settings.nodePriorityClass());
  }

  @Produces
  @Singleton
  ReconcileMeters reconcileMeters(MeterRegistry registry) {
    return new ReconcileMeters(registry);
  }

  @Produces
  @Singleton
  AskedOperations askedOperations(MeterRegistry registry) {
    return new AskedMeters(registry);
  }

  @Produces
  @Singleton
  ClusterMeters clusterMeters(
      MeterRegistry registry, ReconcileMeters declared, InstantSource clock) {
    return new ClusterMeters(registry, declared, clock);
  }

  /// In the place of the extension's own client, which cannot be listened to.
  @Produces
  @Singleton
  KubernetesClient client(
      Config config, KubernetesSerialization serialization, MeterRegistry registry) {
    return new KubernetesClientBuilder()
        .withConfig(config)
        .withKubernetesSerialization(serialization)
        .withHttpClientBuilderConsumer(
            builder -> builder.addOrReplaceInterceptor("meters", new ApiMeters(registry)))
        .build();
  }

  void close(@Disposes KubernetesClient client) {
    client.close();
  }

  /// Null means none: then this operator must be the only one. The lease lies in the operator's own
  /// namespace.
  @Produces
  @Dependent
  @Nullable LeaderElectionConfiguration leaderElection(OperatorSettings settings) {
    return settings.leaderElection()
        ? LeaderElectionConfigurationBuilder.aLeaderElectionConfiguration(LEASE).build()
        : null;
  }
}
