package dev.partita.node.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.partita.node.admin.PartitionWish;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The body of a request for a partition: every field of the custom resource's spec under its own
/// name, beside the name of the partition and short forms of a range's bounds.
///
/// What the nodes have to understand is read here; the rest is handed on as it was written, and the
/// Kubernetes API, which has the schema, refuses what it does not know by name.
final class PartitionBody {
  /// Of the custom resource.
  private static final Set<String> HANDED_ON =
      Set.of("survive", "leader", "residency", "split", "deletionPolicy", "paused");

  private static final Set<String> MEMBERS =
      Stream.concat(
              Stream.of(
                  "name",
                  "collection",
                  "range_start",
                  "range_end",
                  "range",
                  "hash",
                  "columns",
                  "replicas",
                  "placement"),
              HANDED_ON.stream())
          .collect(Collectors.toUnmodifiableSet());

  private static final Set<String> SHARE_MEMBERS = Set.of("site", "siteSelector", "replicas");
  private static final List<String> BOUNDS = List.of("range", "hash", "columns");

  /// The custom resource's bound.
  private static final int REPLICAS_MAX = 5;

  private final ObjectNode body;
  private final RequestBody request;

  PartitionBody(@Nullable ObjectNode body) {
    this.request = new RequestBody(body, MEMBERS);
    this.body = body == null ? JsonNodeFactory.instance.objectNode() : body;
  }

  String name() {
    return request.requiredText("name");
  }

  String collection() {
    return request.text("collection", PartitionsResource.DEFAULT_COLLECTION);
  }

  /// @param replicas of a partition that does not say how many
  PartitionWish wish(int replicas) {
    request.flag("paused");
    ObjectNode more = JsonNodeFactory.instance.objectNode();
    HANDED_ON.stream().sorted().forEach(member -> copy(body, member, more, member));
    return new PartitionWish(
        collection(),
        bounds(),
        request.number("replicas", replicas, REPLICAS_MAX),
        placement(),
        more);
  }

  private List<PartitionWish.SiteShare> placement() {
    List<JsonNode> given = request.list("placement");
    List<PartitionWish.SiteShare> placement = new ArrayList<>();
    for (int i = 0; i < given.size(); i++) {
      placement.add(share("placement[" + i + "]", given.get(i)));
    }
    return placement;
  }

  private static PartitionWish.SiteShare share(String member, JsonNode given) {
    if (!(given instanceof ObjectNode object)) {
      throw RequestBody.wrong(member, "an object with site or siteSelector, and replicas");
    }
    RequestBody share = new RequestBody(object, SHARE_MEMBERS, member + ".");
    JsonNode selector = object.hasNonNull("siteSelector") ? object.get("siteSelector") : null;
    if (selector != null && object.hasNonNull("site")) {
      throw RequestBody.wrong(member + ".siteSelector", "absent where site is given");
    }
    return new PartitionWish.SiteShare(
        selector == null ? share.requiredText("site") : null,
        selector,
        object.hasNonNull("replicas") ? share.requiredNumber("replicas", REPLICAS_MAX) : null);
  }

  private ObjectNode bounds() {
    ObjectNode bounds = JsonNodeFactory.instance.objectNode();
    BOUNDS.forEach(kind -> copy(body, kind, bounds, kind));
    if (body.hasNonNull("range_start") || body.hasNonNull("range_end")) {
      if (bounds.has("range")) {
        throw new DatabaseException(
            ErrorCode.INVALID_DEFINITION, "give either range or range_start and range_end");
      }
      ObjectNode range = bounds.putObject("range");
      copy(body, "range_start", range, "start");
      copy(body, "range_end", range, "end");
    }
    if (bounds.size() != 1) {
      throw new DatabaseException(
          ErrorCode.INVALID_DEFINITION,
          "a partition has one kind of bounds: range_start and range_end, range, hash or columns");
    }
    return bounds;
  }

  private static void copy(ObjectNode from, String name, ObjectNode to, String newName) {
    if (from.hasNonNull(name)) {
      to.set(newName, from.get(name));
    }
  }
}
