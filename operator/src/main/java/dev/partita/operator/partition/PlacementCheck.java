package dev.partita.operator.partition;

import dev.partita.crd.Partition;
import dev.partita.crd.Site;
import dev.partita.operator.nodeclient.ClusterView;
import java.util.Collection;
import java.util.Optional;

/// Pure: whether a Partition that nobody has declared yet can be where it shall be.
public final class PlacementCheck {

  private PlacementCheck() {}

  /// Why not, for people; nothing if it can, if it is to be left as it is, or if the nodes know one
  /// of this name already. A node that is merely down counts as there.
  ///
  /// @param sites all of the namespace
  public static Optional<String> obstacle(
      Partition wanted, ClusterView cluster, Collection<Site> sites) {
    return wanted.getSpec().paused()
            || cluster.partition(wanted.getMetadata().getName()).isPresent()
        ? Optional.empty()
        : Placements.obstacle(wanted, cluster, DeclaredSites.of(sites.stream()));
  }
}
