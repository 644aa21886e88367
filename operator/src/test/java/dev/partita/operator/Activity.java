package dev.partita.operator;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.javaoperatorsdk.operator.api.monitoring.Metrics;
import io.javaoperatorsdk.operator.api.reconciler.Constants;
import io.javaoperatorsdk.operator.api.reconciler.RetryInfo;
import io.javaoperatorsdk.operator.processing.event.Event;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.ResourceAction;
import io.javaoperatorsdk.operator.processing.event.source.controller.ResourceEvent;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// What the reconcilers of one operator are at: tells whether they have work left that no condition
/// speaks of yet.
final class Activity implements Metrics {

  private final AtomicInteger submitted = new AtomicInteger();
  private final AtomicInteger finished = new AtomicInteger();
  private final Set<String> retried = ConcurrentHashMap.newKeySet();
  private final Set<String> heardOf = ConcurrentHashMap.newKeySet();

  /// What is gone is not tried again, whether it was deleted before or after its reconcile failed.
  private final Set<String> gone = ConcurrentHashMap.newKeySet();

  /// Whether a controller has heard of a new resource, and so of all that had happened to resources
  /// of that kind before.
  boolean hasHeardOf(String controller, String name) {
    return heardOf.contains(controller + "/" + name);
  }

  /// Reconciles so far.
  int reconciles() {
    return submitted.get();
  }

  /// Whether no reconcile runs, waits for a thread, or is to be tried again.
  boolean isIdle() {
    return finished.get() == submitted.get() && gone.containsAll(retried);
  }

  @Override
  public void eventReceived(Event event, Map<String, Object> metadata) {
    if (event instanceof ResourceEvent told) {
      String key = key(told.getRelatedCustomResourceID().getName(), metadata);
      if (told.getAction() == ResourceAction.ADDED) {
        heardOf.add(key);
        gone.remove(key);
      } else if (told.getAction() == ResourceAction.DELETED) {
        gone.add(key);
      }
    }
  }

  @Override
  public void reconciliationSubmitted(
      HasMetadata resource, RetryInfo retryInfo, Map<String, Object> metadata) {
    submitted.incrementAndGet();
  }

  @Override
  public void reconciliationFailed(
      HasMetadata resource,
      RetryInfo retryInfo,
      Exception exception,
      Map<String, Object> metadata) {
    retried.add(key(resource.getMetadata().getName(), metadata));
  }

  @Override
  public void reconciliationSucceeded(HasMetadata resource, Map<String, Object> metadata) {
    retried.remove(key(resource.getMetadata().getName(), metadata));
  }

  @Override
  public void cleanupDone(ResourceID resource, Map<String, Object> metadata) {
    retried.remove(key(resource.getName(), metadata));
  }

  @Override
  public void reconciliationFinished(
      HasMetadata resource, RetryInfo retryInfo, Map<String, Object> metadata) {
    finished.incrementAndGet();
  }

  @Override
  public String toString() {
    return submitted
        + " reconciles submitted, "
        + finished
        + " finished, to be tried again "
        + retried;
  }

  private static String key(String name, Map<String, Object> metadata) {
    return metadata.get(Constants.CONTROLLER_NAME) + "/" + name;
  }
}
