/// The Kubernetes clusters that Sites are in: the operator's own, and others that Secrets with a
/// kubeconfig lead to.
///
/// [SiteCluster][dev.partita.operator.cluster.SiteCluster] is all that the steps of a Site's
/// reconcile know of the cluster that the Site's objects are in.
/// [OtherClusters][dev.partita.operator.cluster.OtherClusters] keeps one connection for each Secret
/// that Sites of a namespace name. Each has a thread of its own that looks whether the cluster
/// answers; a reconcile asks the connection only, and calls the cluster only while it answers, each
/// call with a bound. So a cluster that is gone costs the others nothing.
@NullMarked
package dev.partita.operator.cluster;

import org.jspecify.annotations.NullMarked;
