package dev.partita.operator.site;

import dev.partita.crd.Site;
import dev.partita.crd.TlsMode;
import dev.partita.operator.nodeclient.Endpoint;
import io.fabric8.kubernetes.api.model.Pod;

/// Pure: where the nodes of a Site are administered.
record NodeEndpoints(Site site, SiteSettings settings) {

  /// @param pod one with an address
  Endpoint of(Pod pod) {
    String name = pod.getMetadata().getName();
    String address = pod.getStatus().getPodIP();
    return site.getSpec().tlsOrDefault().mode() == TlsMode.Required
        ? new Endpoint(
            name, address + ":" + settings.httpsPort(), site.getMetadata().getNamespace(), null)
        : new Endpoint(name, address + ":" + settings.httpPort());
  }
}
