package dev.partita.operator.metrics;

import dev.partita.operator.nodeclient.OperationSpec;
import dev.partita.operator.partition.AskedOperations;
import io.micrometer.core.instrument.MeterRegistry;

/// Counts the operations that the nodes are asked for, by what they are for. For any thread.
public final class AskedMeters implements AskedOperations {

  private final MeterRegistry registry;

  public AskedMeters(MeterRegistry registry) {
    this.registry = registry;
  }

  @Override
  public void asked(String namespace, OperationSpec.Kind kind, String reason) {
    OperatorMetric.OPERATIONS_ASKED.counter(registry, namespace, kind.text(), reason).increment();
  }
}
