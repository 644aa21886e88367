package dev.partita.node.admin;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/// A Partition as a client asks for it; which nodes hold it is the operator's choice.
///
/// @param bounds as in [PartitionSpec]
/// @param replicas voting replicas: 1, 3 or 5
/// @param placement replicas by Site, adding up to `replicas`; spread over all Sites when empty
public record PartitionWish(
    String collection, JsonNode bounds, int replicas, List<SiteShare> placement) {
  /// Replicas of a Partition that does not say how many.
  public static final int REPLICAS_DEFAULT = 3;

  public PartitionWish {
    placement = List.copyOf(placement);
  }

  /// How many replicas belong on one Site.
  public record SiteShare(String site, int replicas) {}

  /// The same without what is known of replicas.
  PartitionSpec withoutReplicas() {
    return new PartitionSpec(collection, bounds, List.of());
  }
}
