package dev.partita.operator.resource;

import dev.partita.crd.Condition;
import dev.partita.operator.status.Conditions;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Kubernetes events for people, one for each transition of a resource's `Ready` condition and of
/// those that tell of something unusual.
public final class Transitions {

  private static final Logger LOG = LoggerFactory.getLogger(Transitions.class);
  private static final String COMPONENT = "partita-operator";

  /// The API server's own limits are 253 for a name and 1024 for a message.
  private static final int STEM_LENGTH_MAX = 200;

  private static final int MESSAGE_LENGTH_MAX = 1024;

  private final KubernetesClient client;
  private final InstantSource clock;

  public Transitions(KubernetesClient client, InstantSource clock) {
    this.client = client;
    this.clock = clock;
  }

  /// Emits an event if status or reason of `Ready` is another than before. Events are best effort.
  public void report(
      HasMetadata resource,
      @Nullable List<Condition> before,
      List<Condition> after,
      boolean warning) {
    Condition now = Conditions.find(after, Conditions.READY).orElseThrow();
    Optional<Condition> then = Conditions.find(before, Conditions.READY);
    boolean same =
        then.isPresent()
            && then.get().status().equals(now.status())
            && then.get().reason().equals(now.reason());
    if (!same) {
      emit(resource, warning ? "Warning" : "Normal", now.reason(), now.message());
    }
  }

  /// Emits a warning for a condition that holds now and did not before.
  public void warn(
      HasMetadata resource, String type, @Nullable List<Condition> before, List<Condition> after) {
    announce(resource, "Warning", type, before, after);
  }

  /// Emits an event for a condition that holds now and did not before.
  public void note(
      HasMetadata resource, String type, @Nullable List<Condition> before, List<Condition> after) {
    announce(resource, "Normal", type, before, after);
  }

  private void announce(
      HasMetadata resource,
      String severity,
      String type,
      @Nullable List<Condition> before,
      List<Condition> after) {
    if (Conditions.find(before, type).isEmpty()) {
      Conditions.find(after, type)
          .ifPresent(condition -> emit(resource, severity, type, condition.message()));
    }
  }

  /// Emits an event that tells of something that was done.
  public void tell(HasMetadata resource, String reason, String message) {
    emit(resource, "Normal", reason, message);
  }

  private void emit(HasMetadata resource, String type, String reason, String message) {
    Instant now = clock.instant();
    String timestamp = now.truncatedTo(ChronoUnit.SECONDS).toString();
    String stem = resource.getMetadata().getName();
    String name =
        stem.substring(0, Math.min(stem.length(), STEM_LENGTH_MAX))
            + "."
            + Long.toHexString(ChronoUnit.MICROS.between(Instant.EPOCH, now));
    try {
      client
          .resource(
              new EventBuilder()
                  .withNewMetadata()
                  .withName(name)
                  .withNamespace(resource.getMetadata().getNamespace())
                  .endMetadata()
                  .withNewInvolvedObject()
                  .withApiVersion(resource.getApiVersion())
                  .withKind(resource.getKind())
                  .withName(resource.getMetadata().getName())
                  .withNamespace(resource.getMetadata().getNamespace())
                  .withUid(resource.getMetadata().getUid())
                  .endInvolvedObject()
                  .withType(type)
                  .withReason(reason)
                  .withMessage(message.substring(0, Math.min(message.length(), MESSAGE_LENGTH_MAX)))
                  .withFirstTimestamp(timestamp)
                  .withLastTimestamp(timestamp)
                  .withCount(1)
                  .withReportingComponent(COMPONENT)
                  .withNewSource()
                  .withComponent(COMPONENT)
                  .endSource()
                  .build())
          .create();
    } catch (KubernetesClientException e) {
      LOG.info(
          "no event for {} {}: {}",
          resource.getKind(),
          resource.getMetadata().getName(),
          e.getMessage());
    }
  }
}
