package dev.partita.operator;

import dev.partita.operator.nodeclient.HttpNodeAdmin;
import dev.partita.operator.nodeclient.NodeAdmin;
import dev.partita.operator.observation.DataPlanes;
import dev.partita.operator.request.RequestAnswerer;
import dev.partita.operator.resource.Backoff;
import dev.partita.operator.resource.Transitions;
import dev.partita.operator.site.SiteCollaborators;
import dev.partita.operator.site.SiteSettings;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfiguration;
import io.javaoperatorsdk.operator.api.config.LeaderElectionConfigurationBuilder;
import io.javaoperatorsdk.operator.api.monitoring.Metrics;
import io.javaoperatorsdk.operator.monitoring.micrometer.MicrometerMetricsV2;
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
  NodeAdmin nodeAdmin() {
    return new HttpNodeAdmin();
  }

  @Produces
  @Singleton
  DataPlanes dataPlanes(NodeAdmin admin, OperatorSettings settings, KubernetesClient client) {
    DataPlanes dataPlanes =
        new DataPlanes(admin, settings.pollInterval(), settings.figuresInterval());
    dataPlanes.addListener(new RequestAnswerer(client));
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
  SiteCollaborators siteCollaborators(
      KubernetesClient client, Transitions transitions, Backoff backoff, InstantSource clock) {
    return new SiteCollaborators(client, transitions, backoff, clock);
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
        settings.nodePriorityClass());
  }

  /// The extension's own provider binds its meters after the operator has taken its metrics, so
  /// nothing would be seen.
  @Produces
  @Singleton
  Metrics metrics(MeterRegistry registry) {
    return MicrometerMetricsV2.newBuilder(registry).withNamespaceAsTag().build();
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
