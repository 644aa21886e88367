package dev.partita.operator.placement;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// Evens out what each node leads: loads where one node has far more than its share, else counts.
///
/// A load counts when it is more than [#LOAD_TOLERANCE] above the mean of the nodes; below that,
/// loads may move as they like, and a balanced cluster stays untouched. A node above it hands
/// Partitions to nodes that stay below it, and is handed none, however few it leads. So with loads
/// that stay the same what is above only becomes less, and then the counts only more even.
///
/// Immutable: one instance sees one state. It tells one transfer at a time; asked again after that
/// one it tells the next, and after finitely many none. For where no node that leads too many can
/// hand a Partition to one that leads too few, a chain of transfers over nodes in between is found,
/// of which the last comes first: so no node leads more than the largest share meanwhile.
public final class LeaderBalance {

  /// Differences up to this share of the mean are even: in a large cluster elections move a few
  /// leaders now and then, which need not be moved back.
  private static final double TOLERANCE = 0.05;

  /// By how much more than the mean a node may lead: a quarter, and never less than one busy
  /// Partition has.
  private static final double LOAD_TOLERANCE = 0.25;

  private static final double LOAD_TOLERANCE_MIN = 500;

  /// What brings a node down by less than this share of what it has too much is moved in vain.
  private static final double WORTH = 0.1;

  /// A smaller difference would only be mirrored.
  private static final int UNEVEN_DIFFERENCE = 2;

  /// A Partition that has a leader.
  ///
  /// @param successors ids of other voters that could lead it at once; empty where the leader is to
  ///   stay
  /// @param load operations in a second, as it has been for some minutes; 0 where that is unknown
  public record Group(String partition, String leader, List<String> successors, double load) {
    public Group {
      successors = List.copyOf(successors);
    }

    boolean isLighterThan(Group other) {
      return load != other.load ? load < other.load : partition.compareTo(other.partition) < 0;
    }
  }

  /// A hand-over of a Partition's leadership between nodes.
  ///
  /// @param because what is uneven, for a person to read
  public record Transfer(String partition, String from, String to, String because) {}

  private final List<Group> groups;
  private final SortedMap<String, Integer> leadersByNode = new TreeMap<>();
  private final Map<String, Double> loadByNode = new HashMap<>();
  private final SortedSet<String> takers;
  private final int unevenDifference;
  private final double meanLoad;
  private final double loadMax;

  /// What can be handed over: by leader, then successor, the lightest Partition.
  private final SortedMap<String, SortedMap<String, Group>> handovers = new TreeMap<>();

  /// @param takers ids of the nodes that may be handed leaderships
  public LeaderBalance(Collection<String> takers, List<Group> groups) {
    this.groups = List.copyOf(groups);
    this.takers = new TreeSet<>(takers);
    this.takers.forEach(node -> leadersByNode.put(node, 0));
    for (Group group : groups) {
      leadersByNode.merge(group.leader(), 1, Integer::sum);
      loadByNode.merge(group.leader(), group.load(), Double::sum);
      for (String successor : group.successors()) {
        if (this.takers.contains(successor)) {
          handovers
              .computeIfAbsent(group.leader(), _ -> new TreeMap<>())
              .merge(successor, group, (one, other) -> one.isLighterThan(other) ? one : other);
        }
      }
    }
    double mean = leadersByNode.isEmpty() ? 0 : (double) groups.size() / leadersByNode.size();
    this.unevenDifference = Math.max(UNEVEN_DIFFERENCE, (int) Math.ceil(TOLERANCE * mean) + 1);
    this.meanLoad =
        groups.stream().mapToDouble(Group::load).sum() / Math.max(1, leadersByNode.size());
    this.loadMax = meanLoad + Math.max(LOAD_TOLERANCE * meanLoad, LOAD_TOLERANCE_MIN);
  }

  /// The next transfer, if the leaders are uneven and anything can be done about it.
  public Optional<Transfer> next() {
    return byLoad().or(this::byCount);
  }

  /// What brings the node with the highest load that anything can be done about furthest down.
  private Optional<Transfer> byLoad() {
    return leadersByNode.keySet().stream()
        .filter(node -> load(node) > loadMax)
        .sorted(Comparator.comparingDouble(this::load).reversed())
        .flatMap(node -> relief(node).stream())
        .findFirst();
  }

  private Optional<Transfer> relief(String node) {
    double worth = WORTH * (load(node) - meanLoad);
    return groups.stream()
        .filter(group -> group.leader().equals(node) && group.load() > 0)
        .flatMap(group ->
            group.successors().stream()
                .filter(to -> takers.contains(to) && load(to) < loadMax)
                .map(to -> new Relief(group, to, higher(node, to, group))))
        .filter(each -> each.higher() <= load(node) - worth)
        .min(
            Comparator.comparingDouble(Relief::higher)
                .thenComparingDouble(each -> each.group().load())
                .thenComparing(each -> each.group().partition())
                .thenComparing(Relief::to))
        .map(best ->
            new Transfer(
                best.group().partition(),
                node,
                best.to(),
                "all that the former leads takes %.0f operations in a second, and what a node leads %.0f on average"
                    .formatted(load(node), meanLoad)));
  }

  /// @param higher the load of the one of the two nodes that has more afterwards
  private record Relief(Group group, String to, double higher) {}

  private double higher(String from, String to, Group group) {
    return Math.max(load(from) - group.load(), load(to) + group.load());
  }

  /// Only half of what makes a node give something away may come to it for the sake of counts, so
  /// that a load that is a little different at each look does not go to and fro; or what leaves it
  /// below the other, where both have more.
  private boolean canTake(String from, String to, Group group) {
    double after = load(to) + group.load();
    return after <= (meanLoad + loadMax) / 2 || after <= load(from) - group.load();
  }

  private Optional<Transfer> byCount() {
    return leadersByNode.keySet().stream()
        .flatMap(source -> chains(source).stream())
        .filter(chain -> chain.difference() >= unevenDifference)
        .min(
            Comparator.comparingInt(Chain::difference)
                .reversed()
                .thenComparingInt(Chain::length)
                .thenComparing(Chain::source)
                .thenComparing(Chain::end))
        .map(chain ->
            new Transfer(
                Objects.requireNonNull(handovers(chain.beforeEnd()).get(chain.end())).partition(),
                chain.beforeEnd(),
                chain.end(),
                "the nodes lead unequal numbers of Partitions"));
  }

  /// The shortest way by which a leadership gets from one node to another.
  private record Chain(String source, String beforeEnd, String end, int length, int difference) {}

  private Collection<Chain> chains(String source) {
    Map<String, Integer> distances = new HashMap<>(Map.of(source, 0));
    Map<String, Chain> found = new LinkedHashMap<>();
    Deque<String> reached = new ArrayDeque<>(List.of(source));
    while (!reached.isEmpty()) {
      String node = reached.remove();
      int distance = distances.getOrDefault(node, 0) + 1;
      for (Map.Entry<String, Group> handover : handovers(node).entrySet()) {
        String next = handover.getKey();
        if (canTake(node, next, handover.getValue())
            && distances.putIfAbsent(next, distance) == null) {
          found.put(next, new Chain(source, node, next, distance, leaders(source) - leaders(next)));
          reached.add(next);
        }
      }
    }
    return found.values();
  }

  private SortedMap<String, Group> handovers(String leader) {
    return handovers.getOrDefault(leader, Collections.emptySortedMap());
  }

  private int leaders(String node) {
    return leadersByNode.getOrDefault(node, 0);
  }

  private double load(String node) {
    return loadByNode.getOrDefault(node, 0.0);
  }
}
