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

/// Evens out how many Partitions each node leads.
///
/// Counts, not loads, are evened out: they change only by elections and transfers, so that a
/// balanced cluster stays untouched however its load moves.
///
/// Immutable: one instance sees one state. It tells one transfer at a time; asked again after that
/// one it tells the next, and after finitely many none. For where no node that leads too many can
/// hand a Partition to one that leads too few, a chain of transfers over nodes in between is found,
/// of which the last comes first: so no node leads more than the largest share meanwhile.
public final class LeaderBalance {

  /// Differences up to this share of the mean are even: in a large cluster elections move a few
  /// leaders now and then, which need not be moved back.
  private static final double TOLERANCE = 0.05;

  /// A smaller difference would only be mirrored.
  private static final int UNEVEN_DIFFERENCE = 2;

  /// A Partition that has a leader.
  ///
  /// @param successors ids of other voters that could lead it at once; empty where the leader is to
  ///   stay
  public record Group(String partition, String leader, List<String> successors) {
    public Group {
      successors = List.copyOf(successors);
    }
  }

  /// A hand-over of a Partition's leadership between nodes.
  public record Transfer(String partition, String from, String to) {}

  private final SortedMap<String, Integer> leadersByNode = new TreeMap<>();
  private final SortedSet<String> takers;
  private final int unevenDifference;

  /// What can be handed over: by leader, then successor, the first Partition by name.
  private final SortedMap<String, SortedMap<String, String>> handovers = new TreeMap<>();

  /// @param takers ids of the nodes that may be handed leaderships
  public LeaderBalance(Collection<String> takers, List<Group> groups) {
    this.takers = new TreeSet<>(takers);
    this.takers.forEach(node -> leadersByNode.put(node, 0));
    for (Group group : groups) {
      leadersByNode.merge(group.leader(), 1, Integer::sum);
      for (String successor : group.successors()) {
        if (this.takers.contains(successor)) {
          handovers
              .computeIfAbsent(group.leader(), _ -> new TreeMap<>())
              .merge(
                  successor,
                  group.partition(),
                  (one, other) -> one.compareTo(other) <= 0 ? one : other);
        }
      }
    }
    double mean = leadersByNode.isEmpty() ? 0 : (double) groups.size() / leadersByNode.size();
    this.unevenDifference = Math.max(UNEVEN_DIFFERENCE, (int) Math.ceil(TOLERANCE * mean) + 1);
  }

  /// The next transfer, if the leaders are uneven and anything can be done about it.
  public Optional<Transfer> next() {
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
                Objects.requireNonNull(handovers(chain.beforeEnd()).get(chain.end())),
                chain.beforeEnd(),
                chain.end()));
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
      for (String next : handovers(node).keySet()) {
        if (distances.putIfAbsent(next, distance) == null) {
          found.put(next, new Chain(source, node, next, distance, leaders(source) - leaders(next)));
          reached.add(next);
        }
      }
    }
    return found.values();
  }

  private SortedMap<String, String> handovers(String leader) {
    return handovers.getOrDefault(leader, Collections.emptySortedMap());
  }

  private int leaders(String node) {
    return leadersByNode.getOrDefault(node, 0);
  }
}
