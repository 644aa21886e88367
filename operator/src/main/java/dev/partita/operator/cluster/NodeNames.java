package dev.partita.operator.cluster;

import dev.partita.crd.Site;
import dev.partita.crd.SiteSpec;
import java.util.List;

/// Pure: the names by which nodes are found.
public final class NodeNames {

  private NodeNames() {}

  /// The headless Service of a Site, which gives its pods their names.
  public static String peersService(String site) {
    return site + "-peers";
  }

  /// Whether a Site is in another cluster than the operator.
  public static boolean isElsewhere(Site site) {
    return site.getSpec().kubeconfigSecret() != null;
  }

  /// The name of a pod for nodes of its own cluster, or for those of all clusters where the Site
  /// says one.
  ///
  /// @param pod its name, or what stands for it
  public static String of(Site site, String pod) {
    String template = site.getSpec().advertisedAddress();
    return template == null
        ? pod + "." + peersService(name(site)) + "." + namespace(site) + ".svc"
        : template
            .replace(SiteSpec.POD, pod)
            .replace("{site}", name(site))
            .replace("{namespace}", namespace(site));
  }

  /// What a certificate for the names of all pods, for all clusters, has to name beside those of
  /// the Site's own cluster.
  public static List<String> advertised(Site site) {
    return site.getSpec().advertisedAddress() == null ? List.of() : List.of(of(site, "*"));
  }

  private static String name(Site site) {
    return site.getMetadata().getName();
  }

  private static String namespace(Site site) {
    return site.getMetadata().getNamespace();
  }
}
