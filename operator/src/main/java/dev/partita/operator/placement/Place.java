package dev.partita.operator.placement;

import dev.partita.crd.Location;
import dev.partita.crd.SiteSelector;
import dev.partita.crd.Survive;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Where a node is.
///
/// @param cloud empty when unknown, like the region and the zone
/// @param labels of the Site
public record Place(
    String site, String cloud, String region, String zone, Map<String, String> labels) {

  public Place {
    labels = Map.copyOf(labels);
  }

  /// A place on a Site without labels.
  public Place(String site, String cloud, String region, String zone) {
    this(site, cloud, region, zone, Map.of());
  }

  /// The domain of a kind that the node fails with; empty when it is not known. Equal names in
  /// different regions or clouds are different domains.
  String domain(Survive kind) {
    return switch (kind) {
      case Cloud -> cloud;
      case Region -> region.isEmpty() ? "" : join(cloud, region);
      case Zone -> zone.isEmpty() ? "" : join(cloud, region, zone);
    };
  }

  /// Whether it is one of those that a location tells.
  boolean isAt(Location location) {
    SiteSelector selector = location.siteSelector();
    return matches(location.site(), site)
        && matches(location.cloud(), cloud)
        && matches(location.region(), region)
        && matches(location.zone(), zone)
        && (selector == null || Selectors.matches(selector, labels));
  }

  private static boolean matches(@Nullable String wanted, String given) {
    return wanted == null || wanted.equals(given);
  }

  private static String join(String... parts) {
    return String.join("/", parts);
  }
}
