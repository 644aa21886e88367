package dev.partita.node.admin;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A Partition as a client asks for it; which nodes hold it is the operator's choice.
///
/// @param bounds as in [PartitionSpec]
/// @param replicas voting replicas: 1, 3 or 5
/// @param placement replicas by Sites, adding up to `replicas`, and edge Sites that get a copy;
///   where no entry has replicas, these are spread over all Sites that are no edge
/// @param more what else the custom resource is to say, under its own keys and in its own form,
///   which only the Kubernetes API knows
public record PartitionWish(
    String collection, JsonNode bounds, int replicas, List<SiteShare> placement, ObjectNode more) {
  /// Replicas of a Partition that does not say how many.
  public static final int REPLICAS_DEFAULT = 3;

  private static final String PAUSED = "paused";

  private static final ObjectMapper MAPPER = new ObjectMapper();

  public PartitionWish {
    placement = List.copyOf(placement);
    more = more.deepCopy();
  }

  /// One that says nothing else.
  public PartitionWish(
      String collection, JsonNode bounds, int replicas, List<SiteShare> placement) {
    this(collection, bounds, replicas, placement, JsonNodeFactory.instance.objectNode());
  }

  /// What belongs on one Site, or on some Sites together.
  ///
  /// @param site its name; null where `siteSelector` is given
  /// @param siteSelector their labels, as the custom resource selects them; null where `site` is
  ///   given
  /// @param replicas that vote; null for a copy at an edge Site, which does not
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record SiteShare(
      @Nullable String site, @Nullable JsonNode siteSelector, @Nullable Integer replicas) {

    /// What belongs on one Site.
    public SiteShare(String site, @Nullable Integer replicas) {
      this(site, null, replicas);
    }
  }

  /// Whether the operator is to leave it as it is: then nobody makes it before that changes.
  public boolean isPaused() {
    return more.path(PAUSED).asBoolean(false);
  }

  /// The spec of the custom resource.
  public ObjectNode spec() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("collection", collection);
    bounds.properties().forEach(field -> json.set(field.getKey(), field.getValue()));
    json.put("replicas", replicas);
    if (!placement.isEmpty()) {
      json.set("placement", MAPPER.valueToTree(placement));
    }
    json.setAll(more);
    return json;
  }

  /// The same without what is known of replicas.
  PartitionSpec withoutReplicas() {
    return new PartitionSpec(collection, bounds, List.of());
  }
}
