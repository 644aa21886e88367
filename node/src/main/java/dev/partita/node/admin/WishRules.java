package dev.partita.node.admin;

import com.fasterxml.jackson.databind.JsonNode;
import dev.partita.node.admin.PartitionWish.SiteShare;
import dev.partita.node.catalog.NodeEntry;
import dev.partita.node.error.DatabaseException;
import dev.partita.node.error.ErrorCode;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// What a client's wish for a Partition has to satisfy before the operator is troubled with it:
/// that there are nodes enough. A custom resource waits for nodes that do not exist yet; a client
/// waits for an answer. What takes more than the catalog to know (labels of Sites, and so goals and
/// places of data) the operator judges, and the form of what it is told the Kubernetes API. Every
/// refusal names the member of the request.
final class WishRules {
  private static final Set<Integer> REPLICAS = Set.of(1, 3, 5);

  /// The custom resource's bound.
  private static final int SITES_MAX = 16;

  private WishRules() {}

  /// @param dev whether the node is alone and has no operator
  /// @throws DatabaseException [ErrorCode#INVALID_DEFINITION]
  static void check(PartitionWish wish, Collection<NodeEntry> nodes, boolean dev) {
    if (dev) {
      checkAlone(wish);
    }
    if (!REPLICAS.contains(wish.replicas())) {
      throw refused("replicas", "1, 3 or 5", wish.replicas());
    }
    Map<String, Long> nodesBySite = countNodes(nodes, false);
    checkPlacement(wish, nodesBySite, countNodes(nodes, true).keySet());
    long all = nodesBySite.values().stream().mapToLong(Long::longValue).sum();
    if (wish.replicas() > all) {
      throw refused(
          "replicas", "at most one on each of the %d nodes".formatted(all), wish.replicas());
    }
  }

  /// What only an operator carries out would be forgotten without a word.
  private static void checkAlone(PartitionWish wish) {
    String wanted = "nothing: a node of the dev profile has no operator that would see to it";
    wish.more()
        .properties()
        .forEach(member -> {
          throw refused(member.getKey(), wanted, member.getValue());
        });
    for (int i = 0; i < wish.placement().size(); i++) {
      JsonNode selector = wish.placement().get(i).siteSelector();
      if (selector != null) {
        throw refused("placement[" + i + "].siteSelector", wanted, selector);
      }
    }
  }

  private static SortedMap<String, Long> countNodes(Collection<NodeEntry> nodes, boolean edge) {
    return nodes.stream()
        .filter(node -> node.state() == NodeEntry.State.ACTIVE && node.place().edge() == edge)
        .collect(
            Collectors.groupingBy(
                node -> node.place().site(), TreeMap::new, Collectors.counting()));
  }

  private static void checkPlacement(
      PartitionWish wish, Map<String, Long> nodesBySite, Set<String> edgeSites) {
    List<SiteShare> shares = wish.placement();
    if (shares.size() > SITES_MAX) {
      throw refused("placement", "at most " + SITES_MAX + " Sites", shares.size());
    }
    Set<String> named = new HashSet<>();
    int sum = 0;
    for (int i = 0; i < shares.size(); i++) {
      SiteShare share = shares.get(i);
      String member = "placement[" + i + "]";
      String site = share.site();
      Integer replicas = share.replicas();
      sum += replicas == null ? 0 : replicas;
      if (site == null) {
        // Labels are the operator's to know.
        continue;
      }
      if (!named.add(site)) {
        throw refused(member + ".site", "each Site once", site);
      }
      if (replicas == null) {
        checkCopy(member, site, nodesBySite, edgeSites);
        continue;
      }
      Long nodes = nodesBySite.get(site);
      if (nodes == null) {
        throw refused(
            member + ".site",
            "a Site with nodes for voting replicas: " + String.join(", ", nodesBySite.keySet()),
            site);
      }
      if (replicas > nodes) {
        throw refused(
            member + ".replicas",
            "at most one on each of the %d nodes of Site %s".formatted(nodes, site),
            replicas);
      }
    }
    if (sum > 0 && sum != wish.replicas()) {
      throw refused(
          "placement", "replicas that add up to replicas, which is " + wish.replicas(), sum);
    }
  }

  private static void checkCopy(
      String member, String site, Map<String, Long> nodesBySite, Set<String> edgeSites) {
    if (nodesBySite.containsKey(site)) {
      throw refused(member + ".replicas", "a number: Site %s is no edge Site".formatted(site), "");
    }
    if (!edgeSites.contains(site)) {
      throw refused(
          member + ".site",
          "an edge Site with nodes, or replicas: " + String.join(", ", edgeSites),
          site);
    }
  }

  private static DatabaseException refused(String member, String wanted, Object given) {
    return new DatabaseException(
            ErrorCode.INVALID_DEFINITION, "a member of the request cannot be met")
        .with("member", member)
        .with("wanted", wanted)
        .with("given", given);
  }
}
