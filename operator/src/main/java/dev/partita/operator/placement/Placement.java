package dev.partita.operator.placement;

import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Places replicas: evenly by count over the nodes, in as many zones as possible, on the Sites that
/// a Partition names or selects. Where one node has far more bytes than the mean, bytes go before
/// counts; with sizes that stay the same both together end, for the reason that [LeaderBalance]
/// gives.
///
/// Nodes at the edge hold none of them; see [EdgePlacement].
///
/// Immutable: one instance sees one state of the nodes and of all demands.
public final class Placement {

  /// Loads that differ by less are even: moving one replica would only mirror the difference.
  private static final int UNEVEN_DIFFERENCE = 2;

  /// By how much more than the mean a node may have: a quarter, and never less than what is quickly
  /// copied.
  private static final double BYTES_TOLERANCE = 0.25;

  private static final double BYTES_TOLERANCE_MIN = 1L << 30;

  /// What brings a node down by less than this share of what it has too much is moved in vain.
  private static final double WORTH = 0.1;

  private final List<Server> servers;
  private final NavigableMap<String, Server> serverById = new TreeMap<>();
  private final List<Demand> demands;
  private final Map<String, Demand> demandByPartition = new HashMap<>();
  private final Set<String> edgeSites;
  private final Map<String, Integer> load = new HashMap<>();
  private final Map<String, Double> bytes = new HashMap<>();
  private final double meanBytes;
  private final double bytesMax;

  /// @param demands all Partitions that have or will have replicas; those without `current` are
  ///   placed in this order
  public Placement(Collection<Server> servers, List<Demand> demands) {
    this.servers =
        servers.stream()
            .filter(server -> !server.edge())
            .sorted(Comparator.comparing(Server::nodeId))
            .toList();
    this.edgeSites =
        servers.stream().filter(Server::edge).map(Server::site).collect(Collectors.toSet());
    this.servers.forEach(server -> serverById.put(server.nodeId(), server));
    this.demands = List.copyOf(demands);
    this.demands.forEach(demand -> demandByPartition.putIfAbsent(demand.partition(), demand));
    this.servers.forEach(server -> load.put(server.nodeId(), 0));
    this.demands.forEach(
        demand -> demand.current().forEach(node -> load.merge(node, 1, Integer::sum)));
    this.demands.forEach(demand ->
        demand.current().forEach(node -> bytes.merge(node, (double) demand.bytes(), Double::sum)));
    double all = bytes.values().stream().mapToDouble(Double::doubleValue).sum();
    this.meanBytes = all / Math.max(1, this.servers.stream().filter(Server::keeps).count());
    this.bytesMax = meanBytes + Math.max(BYTES_TOLERANCE * meanBytes, BYTES_TOLERANCE_MIN);
  }

  /// Where the replicas of a Partition are to be created.
  ///
  /// Partitions that wait before it in the order of demands are placed first, in thought, so that
  /// many which are created at once do not all choose the same nodes.
  public Step create(String partition) {
    Map<String, Integer> planned = new HashMap<>(load);
    for (Demand demand : demands) {
      if (!demand.current().isEmpty() || demand.isFixed()) {
        continue;
      }
      Choice choice = new Choice(serverById, edgeSites, demand, planned);
      Optional<String> missing = choice.fill();
      if (demand.partition().equals(partition)) {
        return missing
            .<Step>map(Step.Impossible::new)
            .orElseGet(() ->
                new Step.Create(
                    preferredFirst(
                        rotate(choice.chosen(), demands.indexOf(demand)), demand.rules())));
      }
      if (missing.isEmpty()) {
        choice.chosen().forEach(node -> planned.merge(node, 1, Integer::sum));
      }
    }
    throw new IllegalArgumentException("no demand without replicas for " + partition);
  }

  /// The next step that brings a Partition's replicas to where it wants them.
  public Step repair(String partition) {
    Demand demand = demand(partition);
    return demand.isFixed() ? new Step.Settled() : repair(demand);
  }

  /// Whether some Partition has replicas that are to be somewhere else and can be.
  public boolean isRepairDue() {
    return demands.stream()
        .filter(demand -> !demand.current().isEmpty())
        .anyMatch(demand -> repair(demand.partition()) instanceof Step.Move);
  }

  /// The next move of a Partition's replicas to the nodes of the one that it is to be merged with,
  /// which has the same wants. It waits until both are where they want to be.
  public Optional<Step.Move> join(String partition) {
    Demand demand = demand(partition);
    String with = demand.with();
    if (demand.isFixed() || with == null || with.equals(partition)) {
      return Optional.empty();
    }
    Demand other = demand(with);
    boolean settled =
        other.current().size() == demand.current().size()
            && Stream.concat(other.current().stream(), demand.current().stream())
                .allMatch(this::accepts)
            && repair(with) instanceof Step.Settled
            && repair(demand) instanceof Step.Settled;
    return settled ? joinSettled(demand, other.current()) : Optional.empty();
  }

  /// Each exchange leaves the rules as they were, if one does: then the next one has one, too,
  /// since both the first nodes and the last ones keep to the rules.
  private Optional<Step.Move> joinSettled(Demand demand, List<String> nodes) {
    List<String> adds = without(nodes, demand.current());
    return without(demand.current(), nodes).stream()
        .flatMap(from -> adds.stream().map(to -> new Candidate(demand, from, to)))
        .min(
            Comparator.comparing((Candidate each) -> !areRulesMet(demand, after(each)))
                .thenComparing(each -> !sharesSites(demand, each.from(), each.to()))
                .thenComparing(each -> !siteOf(each.from()).equals(siteOf(each.to())))
                .thenComparingLong(each -> -zones(after(each)))
                .thenComparing(Candidate::from)
                .thenComparing(Candidate::to))
        .map(best -> new Step.Move(demand.partition(), best.from(), best.to()));
  }

  private static List<String> after(Candidate move) {
    return replace(move.demand().current(), move.from(), move.to());
  }

  private static List<String> without(List<String> nodes, List<String> others) {
    return nodes.stream().filter(node -> !others.contains(node)).toList();
  }

  private boolean accepts(String nodeId) {
    Server server = serverById.get(nodeId);
    return server != null && server.accepts();
  }

  private Step repair(Demand demand) {
    Choice choice = new Choice(serverById, edgeSites, demand, load);
    choice.keep();
    Optional<String> missing = choice.fill();
    if (missing.isPresent()) {
      return new Step.Impossible(missing.get());
    }
    Optional<String> add =
        choice.chosen().stream().filter(node -> !demand.current().contains(node)).findFirst();
    Optional<String> remove =
        demand.current().stream()
            .filter(node -> !choice.chosen().contains(node))
            .min(Comparator.comparing(this::keeps).thenComparing(Comparator.naturalOrder()));
    if (add.isEmpty() && remove.isEmpty()) {
      return new Step.Settled();
    }
    boolean shrinking = demand.current().size() > demand.replicas();
    boolean growing = demand.current().size() < demand.replicas();
    return new Step.Move(
        demand.partition(),
        growing ? null : remove.orElse(null),
        shrinking && remove.isPresent() ? null : add.orElse(null));
  }

  /// The next move that evens out the loads, if they are uneven and every Partition is where it
  /// wants to be, or cannot be. What is to be merged is left where it is.
  public Optional<Step.Move> rebalance() {
    Map<String, Step> repairs = new HashMap<>();
    demands.stream()
        .filter(demand -> !demand.current().isEmpty())
        .forEach(demand -> repairs.put(demand.partition(), repair(demand.partition())));
    if (repairs.values().stream().anyMatch(Step.Move.class::isInstance)
        || demands.stream().anyMatch(demand -> join(demand.partition()).isPresent())) {
      return Optional.empty();
    }
    List<Candidate> candidates =
        demands.stream()
            .filter(demand ->
                !demand.isFixed()
                    && demand.with() == null
                    && repairs.get(demand.partition()) instanceof Step.Settled)
            .flatMap(demand -> demand.current().stream().flatMap(from -> targets(demand, from)))
            .toList();
    return byBytes(candidates)
        .or(() -> byCount(candidates))
        .map(best -> new Step.Move(best.demand().partition(), best.from(), best.to()));
  }

  /// What brings the fullest node that anything can be done about furthest down.
  private Optional<Candidate> byBytes(List<Candidate> candidates) {
    return candidates.stream()
        .filter(each -> bytesOf(each.from()) > bytesMax && bytesOf(each.to()) < bytesMax)
        .filter(each -> {
          double worth = WORTH * (bytesOf(each.from()) - meanBytes);
          return each.demand().bytes() > 0 && higher(each) <= bytesOf(each.from()) - worth;
        })
        .min(
            Comparator.comparingDouble((Candidate each) -> -bytesOf(each.from()))
                .thenComparing(Candidate::from)
                .thenComparingDouble(this::higher)
                .thenComparingLong(each -> each.demand().bytes())
                .thenComparing(each -> each.demand().partition())
                .thenComparing(Candidate::to));
  }

  /// The bytes of the one of the two nodes that has more afterwards.
  private double higher(Candidate move) {
    long size = move.demand().bytes();
    return Math.max(bytesOf(move.from()) - size, bytesOf(move.to()) + size);
  }

  private Optional<Candidate> byCount(List<Candidate> candidates) {
    return candidates.stream()
        .filter(each -> gain(each) >= UNEVEN_DIFFERENCE && canTake(each))
        .min(
            Comparator.comparingInt((Candidate each) -> -gain(each))
                .thenComparingLong(each -> each.demand().bytes())
                .thenComparing(each -> each.demand().partition())
                .thenComparing(Candidate::from)
                .thenComparing(Candidate::to));
  }

  private int gain(Candidate move) {
    return loadOf(move.from()) - loadOf(move.to());
  }

  /// As [LeaderBalance] lets leaderships go where counts are uneven.
  private boolean canTake(Candidate move) {
    double after = bytesOf(move.to()) + move.demand().bytes();
    return after <= (meanBytes + bytesMax) / 2
        || after <= bytesOf(move.from()) - move.demand().bytes();
  }

  private Stream<Candidate> targets(Demand demand, String from) {
    Server source = serverById.get(from);
    if (source == null) {
      return Stream.empty();
    }
    return servers.stream()
        .filter(Server::accepts)
        .filter(target -> !demand.current().contains(target.nodeId()))
        .filter(target -> sharesSites(demand, from, target.nodeId()))
        .filter(target ->
            zones(replace(demand.current(), from, target.nodeId())) >= zones(demand.current()))
        .filter(target -> areRulesMet(demand, replace(demand.current(), from, target.nodeId())))
        .map(target -> new Candidate(demand, from, target.nodeId()));
  }

  /// Whether a replica that moves from one node to another stays in its share.
  private boolean sharesSites(Demand demand, String from, String to) {
    return demand.shares().isEmpty()
        || demand.shares().stream()
            .anyMatch(share -> share.has(siteOf(from)) && share.has(siteOf(to)));
  }

  /// Whether replicas may be there, and the leader is not left without its place by that.
  private boolean areRulesMet(Demand demand, List<String> nodes) {
    Rules rules = demand.rules();
    List<Place> places =
        nodes.stream().map(serverById::get).filter(Objects::nonNull).map(Server::place).toList();
    return rules.areMet(places, demand.replicas())
        && (demand.current().stream().noneMatch(node -> prefers(node, rules))
            || nodes.stream().anyMatch(node -> prefers(node, rules)));
  }

  private record Candidate(Demand demand, String from, String to) {}

  private Demand demand(String partition) {
    Demand demand = demandByPartition.get(partition);
    if (demand == null) {
      throw new IllegalArgumentException("no demand of " + partition);
    }
    return demand;
  }

  private boolean keeps(String nodeId) {
    Server server = serverById.get(nodeId);
    return server != null && server.keeps();
  }

  private double bytesOf(String nodeId) {
    return bytes.getOrDefault(nodeId, 0.0);
  }

  private int loadOf(String nodeId) {
    return load.getOrDefault(nodeId, 0);
  }

  private String siteOf(String nodeId) {
    Server server = serverById.get(nodeId);
    return server == null ? "" : server.site();
  }

  private String zoneOf(String nodeId) {
    Server server = serverById.get(nodeId);
    return server == null ? "" : server.zone();
  }

  private long zones(List<String> nodes) {
    return nodes.stream().map(this::zoneOf).distinct().count();
  }

  private static List<String> replace(List<String> nodes, String from, String to) {
    return nodes.stream().map(node -> node.equals(from) ? to : node).toList();
  }

  /// Spreads the first place, the natural leader's, over the nodes.
  private static List<String> rotate(List<String> nodes, int by) {
    return IntStream.range(0, nodes.size())
        .mapToObj(i -> nodes.get((i + by) % nodes.size()))
        .toList();
  }

  private List<String> preferredFirst(List<String> nodes, Rules rules) {
    return nodes.stream()
        .sorted(Comparator.comparing((String node) -> !prefers(node, rules)))
        .toList();
  }

  private boolean prefers(String nodeId, Rules rules) {
    Server server = serverById.get(nodeId);
    return server != null && rules.prefers(server.place());
  }
}
