/// Site to pods: the StatefulSet and the objects around it, the founding of the cluster, scaling
/// and rolling restarts.
///
/// [SiteReconciler][dev.partita.operator.site.SiteReconciler] is the table of contents.
/// [SiteObjects][dev.partita.operator.site.SiteObjects] and
/// [Scaling][dev.partita.operator.site.Scaling] are pure. The founding of a cluster is decided once
/// and recorded in a ConfigMap that is created and never updated, before any node hears of it; from
/// then on every attempt carries out that same decision.
@NullMarked
package dev.partita.operator.site;

import org.jspecify.annotations.NullMarked;
