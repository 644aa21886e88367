package dev.partita.node.http;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.distribution.DistributionStatisticConfig;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/// Has Quarkus's own `http.server.requests` counted in buckets, so that latencies of several nodes
/// can be added up. Few, because there is a series for each path, method and status.
final class RequestTimes {
  private static final double[] SECONDS = {0.005, 0.025, 0.1, 0.5, 2.5};

  @Produces
  @Singleton
  MeterFilter buckets() {
    DistributionStatisticConfig wanted =
        DistributionStatisticConfig.builder()
            .serviceLevelObjectives(
                DoubleStream.of(SECONDS)
                    .map(each -> each * Duration.ofSeconds(1).toNanos())
                    .toArray())
            .build();
    return new MeterFilter() {
      @Override
      public @Nullable DistributionStatisticConfig configure(
          Meter.Id id, DistributionStatisticConfig config) {
        return id.getName().equals("http.server.requests") ? wanted.merge(config) : config;
      }
    };
  }
}
