package dev.partita.operator.site;

import dev.partita.crd.Site;
import dev.partita.crd.TlsMode;
import dev.partita.operator.cluster.NodeNames;
import dev.partita.operator.nodeclient.Endpoint;
import io.fabric8.kubernetes.api.model.Pod;

/// Pure: where the nodes of a Site are administered: at the addresses of their pods, or by their
/// names where the addresses are those of another cluster.
record NodeEndpoints(Site site, SiteSettings settings) {

  /// @param pod one with an address
  Endpoint of(Pod pod) {
    return NodeNames.isElsewhere(site)
        ? named(pod.getMetadata().getName())
        : at(pod.getMetadata().getName(), pod.getStatus().getPodIP());
  }

  /// A node in another cluster, whether or not its pod is known.
  Endpoint named(String pod) {
    return at(pod, NodeNames.of(site, pod));
  }

  private Endpoint at(String pod, String host) {
    return site.getSpec().tlsOrDefault().mode() == TlsMode.Required
        ? new Endpoint(
            pod, host + ":" + settings.httpsPort(), site.getMetadata().getNamespace(), null)
        : new Endpoint(pod, host + ":" + settings.httpPort());
  }
}
