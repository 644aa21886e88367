/// What the operator tells Prometheus about itself and about what it observes.
///
/// [OperatorMetric][dev.partita.operator.metrics.OperatorMetric] is the list of all of it. Three
/// listeners fill it: [ReconcileMeters][dev.partita.operator.metrics.ReconcileMeters] hears of
/// reconciles, [ApiMeters][dev.partita.operator.metrics.ApiMeters] of requests to the API server,
/// [ClusterMeters][dev.partita.operator.metrics.ClusterMeters] of observations of the nodes. None
/// of them asks anybody anything.
@NullMarked
package dev.partita.operator.metrics;

import org.jspecify.annotations.NullMarked;
