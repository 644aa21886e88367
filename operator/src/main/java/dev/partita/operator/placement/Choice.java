package dev.partita.operator.placement;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// The choice of nodes for one Partition, which grows until all of its shares are met.
final class Choice {

  private final NavigableMap<String, Server> serverById;
  private final Set<String> edgeSites;
  private final Demand demand;
  private final Rules rules;
  private final List<Share> shares;
  private final Map<String, Integer> loads;
  private final List<String> chosen = new ArrayList<>();

  /// @param servers all nodes but those at the edge, by id
  /// @param loads replicas by node
  Choice(
      NavigableMap<String, Server> servers,
      Set<String> edgeSites,
      Demand demand,
      Map<String, Integer> loads) {
    this.serverById = servers;
    this.edgeSites = edgeSites;
    this.demand = demand;
    this.rules = demand.rules();
    this.shares =
        demand.shares().isEmpty() ? List.of(Share.anywhere(demand.replicas())) : demand.shares();
    this.loads = loads;
  }

  /// Chooses the current nodes that may stay, dropping the worst of each share that has too many.
  void keep() {
    demand.current().stream().filter(this::keeps).filter(this::isWanted).forEach(chosen::add);
    for (Share share : shares) {
      while (in(share).size() > share.replicas()) {
        chosen.remove(worst(in(share)));
      }
    }
    for (String domain : chosen.stream().map(this::domainOf).distinct().sorted().toList()) {
      while (inDomain(domain).size() > rules.mostInDomain(demand.replicas())) {
        chosen.remove(worst(inDomain(domain)));
      }
    }
    makeRoomForLeader();
  }

  /// Gives up the worst of the chosen, where none of them is where the leader is to be and another
  /// node that is there can take its place in its share.
  private void makeRoomForLeader() {
    if (hasPreferred() || chosen.size() < demand.replicas()) {
      return;
    }
    for (Server server : serverById.values()) {
      if (server.accepts() && rules.prefers(server.place()) && isPossible(server)) {
        String domain = rules.domain(server.place());
        List<String> replaceable =
            shares.stream()
                .filter(share -> share.has(server.site()))
                .flatMap(share -> in(share).stream())
                .filter(node -> hasRoom(server) || domainOf(node).equals(domain))
                .toList();
        if (!replaceable.isEmpty()) {
          chosen.remove(worst(replaceable));
          return;
        }
      }
    }
  }

  private boolean hasPreferred() {
    return chosen.stream().anyMatch(node -> prefers(node));
  }

  /// Whether the rules let a node hold a replica, whatever the others do.
  private boolean isPossible(Server server) {
    return rules.allows(server.place()) && rules.isKnown(server.place());
  }

  private boolean hasRoom(Server server) {
    return inDomain(rules.domain(server.place())).size() < rules.mostInDomain(demand.replicas());
  }

  private List<String> inDomain(String domain) {
    return chosen.stream().filter(node -> domainOf(node).equals(domain)).toList();
  }

  private String domainOf(String nodeId) {
    Server server = serverById.get(nodeId);
    return server == null ? "" : rules.domain(server.place());
  }

  /// The nodes that are chosen so far.
  List<String> chosen() {
    return chosen;
  }

  /// Adds nodes until every share is met; otherwise says what is missing.
  Optional<String> fill() {
    Optional<String> overlap = overlap();
    if (overlap.isPresent()) {
      return overlap;
    }
    for (Share share : shares) {
      while (in(share).size() < share.replicas()) {
        if (!add(share, new HashSet<>())) {
          return Optional.of(missing(share));
        }
      }
    }
    return Optional.empty();
  }

  /// Adds a node for a share. Where all failure domains with a node for it are full, another share
  /// gives up its node in one of them for one elsewhere: these are the augmenting paths of a flow
  /// from shares to domains, so that a choice is found if there is one.
  ///
  /// @param tried domains that were tried to no avail
  private boolean add(Share share, Set<String> tried) {
    List<Server> possible =
        serverById.values().stream()
            .filter(server -> server.accepts() && share.has(server.site()))
            .filter(server -> !chosen.contains(server.nodeId()) && isPossible(server))
            .sorted(preference())
            .toList();
    Optional<Server> free = possible.stream().filter(this::hasRoom).findFirst();
    if (free.isPresent()) {
      chosen.add(free.get().nodeId());
      return true;
    }
    for (Server server : possible) {
      String domain = rules.domain(server.place());
      if (tried.add(domain) && takeOver(server, share, inDomain(domain), tried)) {
        return true;
      }
    }
    return false;
  }

  /// Chooses a server in the place of one of some nodes, if the share of that one finds another.
  private boolean takeOver(Server server, Share share, List<String> nodes, Set<String> tried) {
    for (String node : nodes) {
      Optional<Share> other =
          shares.stream()
              .filter(each -> !each.equals(share) && in(each).contains(node))
              .findFirst();
      if (other.isPresent()) {
        int index = chosen.indexOf(node);
        chosen.set(index, server.nodeId());
        if (add(other.get(), tried)) {
          return true;
        }
        chosen.set(index, node);
      }
    }
    return false;
  }

  private boolean isWanted(String nodeId) {
    Server server = serverById.get(nodeId);
    return server != null
        && isPossible(server)
        && shares.stream().anyMatch(share -> share.has(server.site()));
  }

  private List<String> in(Share share) {
    return chosen.stream()
        .filter(node -> {
          Server server = serverById.get(node);
          return server != null && share.has(server.site());
        })
        .toList();
  }

  /// Where the leader is to be, while nobody is there; then a failure domain and a zone with few of
  /// the chosen, then little load.
  private Comparator<Server> preference() {
    boolean leaderless = !hasPreferred();
    return Comparator.comparing((Server server) -> !(leaderless && rules.prefers(server.place())))
        .thenComparingInt(server -> inDomain(rules.domain(server.place())).size())
        .thenComparingLong(server -> chosenInZone(server.zone()))
        .thenComparingInt(server -> loads.getOrDefault(server.nodeId(), 0))
        .thenComparing(Server::nodeId);
  }

  private long chosenInZone(String zone) {
    return zone.isEmpty() ? 0 : chosen.stream().filter(node -> zoneOf(node).equals(zone)).count();
  }

  private String worst(List<String> nodes) {
    return nodes.stream()
        .max(
            Comparator.comparingInt((String node) -> inDomain(domainOf(node)).size())
                .thenComparingLong(node -> chosenInZone(zoneOf(node)))
                .thenComparingInt(node -> loads.getOrDefault(node, 0))
                .thenComparing(Comparator.naturalOrder()))
        .orElseThrow();
  }

  /// Which Site two shares have, if any.
  private Optional<String> overlap() {
    Map<String, Share> bySite = new HashMap<>();
    for (Share share : demand.shares()) {
      for (String site : Objects.requireNonNullElse(share.sites(), Set.<String>of())) {
        Share before = bySite.put(site, share);
        if (before != null) {
          return Optional.of(
              "Site %s belongs to two entries of spec.placement, %s and %s: change one of them, so that each Site belongs to one"
                  .formatted(site, before.where(), share.where()));
        }
      }
    }
    return Optional.empty();
  }

  private String missing(Share share) {
    Set<String> sites = share.sites();
    if (sites != null && sites.isEmpty()) {
      return "spec.placement wants %d replicas on %s, and there are none: label a Site, or change the selector"
          .formatted(share.replicas(), share.where());
    }
    if (sites != null && edgeSites.containsAll(sites)) {
      return "%s, which holds copies that do not vote: leave its replicas out of spec.placement"
          .formatted(
              sites.size() == 1
                  ? "Site %s is an edge Site".formatted(sites.iterator().next())
                  : "each of %s is an edge Site".formatted(share.where()));
    }
    List<Server> usable =
        serverById.values().stream()
            .filter(server -> server.accepts() || chosen.contains(server.nodeId()))
            .filter(server -> share.has(server.site()))
            .filter(server -> rules.allows(server.place()))
            .toList();
    String obstacle =
        usable.size() >= share.replicas() || !rules.residency().isEmpty()
            ? rules.obstacle(usable.stream().map(Server::place).toList(), demand.replicas())
            : "";
    if (!obstacle.isEmpty()) {
      return obstacle;
    }
    return "%d replicas are wanted on different nodes of %s, but only %d can hold one: add nodes or lower replicas"
        .formatted(share.replicas(), share.where(), usable.size());
  }

  private boolean keeps(String nodeId) {
    Server server = serverById.get(nodeId);
    return server != null && server.keeps();
  }

  private boolean prefers(String nodeId) {
    Server server = serverById.get(nodeId);
    return server != null && rules.prefers(server.place());
  }

  private String zoneOf(String nodeId) {
    Server server = serverById.get(nodeId);
    return server == null ? "" : server.zone();
  }
}
