package dev.partita.node.admin;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A Partition as a client asks for it; which nodes hold it is the operator's choice.
///
/// @param bounds as in [PartitionSpec]
/// @param replicas voting replicas: 1, 3 or 5
/// @param placement replicas by Site, adding up to `replicas`, and edge Sites that get a copy;
///   where no entry has replicas, these are spread over all Sites that are no edge
public record PartitionWish(
    String collection, JsonNode bounds, int replicas, List<SiteShare> placement) {
  /// Replicas of a Partition that does not say how many.
  public static final int REPLICAS_DEFAULT = 3;

  public PartitionWish {
    placement = List.copyOf(placement);
  }

  /// What belongs on one Site.
  ///
  /// @param replicas that vote; null for a copy at an edge Site, which does not
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record SiteShare(String site, @Nullable Integer replicas) {}

  /// The same without what is known of replicas.
  PartitionSpec withoutReplicas() {
    return new PartitionSpec(collection, bounds, List.of());
  }
}
