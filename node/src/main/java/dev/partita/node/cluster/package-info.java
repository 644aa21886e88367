/// What makes nodes a cluster: each node keeps the replicas that the catalog places on it
/// ([ReplicaKeeper]) and reports what it leads ([Reporter]); the node that leads the system
/// partition watches the reports ([ReportBoard]) and drives everything that takes several steps
/// ([ClusterDriver]).
///
/// Everything is level-based. Pure functions ([VoterPlan], [OperationPlan], [CatalogPlan]) look at
/// a [ClusterView], which is the catalog and the newest reports, and say what to do next; the
/// driver does it and looks again. Nothing is remembered between two looks but what is in the
/// catalog, so a new leader goes on where the former one stopped, and a step that is done twice
/// does no harm.
///
/// Figures that change all the time (rows, load, progress) are only in the reports, never in the
/// log.
///
/// Threads: the loops are virtual threads of their own; see [dev.partita.node.time.WorkLoop].
@NullMarked
package dev.partita.node.cluster;

import org.jspecify.annotations.NullMarked;
