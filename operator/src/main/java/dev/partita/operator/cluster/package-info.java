/// The Kubernetes clusters that Sites are in.
///
/// [SiteCluster][dev.partita.operator.cluster.SiteCluster] is all that the steps of a Site's
/// reconcile know of the cluster that the Site's objects are in.
@NullMarked
package dev.partita.operator.cluster;

import org.jspecify.annotations.NullMarked;
