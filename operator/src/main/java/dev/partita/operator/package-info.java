/// The operator that gives Partita's custom resources their pods, replicas and indexes.
///
/// One reconciler per kind ([SiteReconciler][dev.partita.operator.site.SiteReconciler],
/// [PartitionReconciler][dev.partita.operator.partition.PartitionReconciler],
/// [IndexReconciler][dev.partita.operator.index.IndexReconciler]), each a table of contents of
/// small idempotent steps. Decisions are pure functions of what was observed (`placement`,
/// `rollout`, `status`); everything that must survive a crash is in the cluster or in the nodes'
/// catalog, so the operator may die between any two steps. With nothing to do it writes nothing.
@NullMarked
package dev.partita.operator;

import org.jspecify.annotations.NullMarked;
