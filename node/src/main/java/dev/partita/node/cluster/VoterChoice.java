package dev.partita.node.cluster;

import dev.partita.node.config.Place;
import dev.partita.node.raft.NodeId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/// Which nodes are to vote, of those that can. Pure.
///
/// What a set of voters is worth is first which failure domains may be lost, any one of a kind, and
/// then how many voters may: three in three clouds are better than five of which one cloud has
/// three. Nothing is changed for another set that is worth the same.
final class VoterChoice {

  /// More in one place are never needed.
  private final List<NodeId> candidates;

  private final Map<NodeId, Place> places;
  private final NodeId self;

  /// @param places of all that vote or could
  /// @param self the leader, which keeps its vote where another one can lose it instead
  /// @param candidates do not vote, and could at once
  /// @param most number of voters
  VoterChoice(Map<NodeId, Place> places, NodeId self, Collection<NodeId> candidates, int most) {
    this.places = places;
    this.self = self;
    Map<List<String>, Integer> taken = new HashMap<>();
    this.candidates =
        candidates.stream()
            .sorted()
            .filter(node -> taken.merge(zone(place(node)), 1, Integer::sum) <= most)
            .toList();
  }

  /// How many voters the fullest domain of a kind has too many to be lost.
  private record Spread(int cloud, int region, int zone, int voters) {
    private static final Comparator<Spread> WORTH =
        Comparator.comparingInt((Spread spread) -> -Math.min(1, spread.cloud))
            .thenComparingInt(spread -> -Math.min(1, spread.region))
            .thenComparingInt(spread -> -Math.min(1, spread.zone))
            .thenComparingInt(Spread::voters);
    private static final Comparator<Spread> EXCESS =
        Comparator.comparingInt(Spread::cloud)
            .thenComparingInt(Spread::region)
            .thenComparingInt(Spread::zone);
  }

  /// The best set of an odd number, or the present one.
  ///
  /// @param most an odd number
  /// @param onlyMore whether nobody may lose its vote
  Set<NodeId> best(Set<NodeId> present, int most, boolean onlyMore) {
    Set<NodeId> best = present;
    for (int size = most; size > 0; size -= 2) {
      if (onlyMore && size < present.size()) {
        break;
      }
      Set<NodeId> other = resized(present, size);
      if (!onlyMore) {
        evenOut(other);
      }
      if (Spread.WORTH.compare(spread(other), spread(best)) > 0) {
        best = other;
      }
    }
    return best;
  }

  private Set<NodeId> resized(Set<NodeId> present, int size) {
    Set<NodeId> voters = new TreeSet<>(present);
    while (voters.size() < size) {
      voters.add(
          candidates.stream()
              .filter(node -> !voters.contains(node))
              .min(
                  Comparator.comparingInt((NodeId node) -> near(voters, node))
                      .thenComparing(Comparator.naturalOrder()))
              .orElseThrow());
    }
    while (voters.size() > size) {
      voters.remove(
          voters.stream()
              .max(
                  Comparator.comparingInt((NodeId node) -> near(voters, node))
                      .thenComparingInt(node -> node.equals(self) ? 0 : 1)
                      .thenComparing(Comparator.naturalOrder()))
              .orElseThrow());
    }
    return voters;
  }

  /// Gives votes to others as long as the fullest domains lose by it.
  private void evenOut(Set<NodeId> voters) {
    Optional<Set<NodeId>> evener = evener(voters);
    while (evener.isPresent()) {
      voters.retainAll(evener.get());
      voters.addAll(evener.get());
      evener = evener(voters);
    }
  }

  /// The best set that differs in one voter and is better.
  private Optional<Set<NodeId>> evener(Set<NodeId> voters) {
    Optional<Set<NodeId>> best = Optional.empty();
    Spread least = spread(voters);
    for (NodeId voter : leaderLast(voters)) {
      for (NodeId candidate : candidates) {
        if (!voters.contains(candidate)) {
          Set<NodeId> other = new TreeSet<>(voters);
          other.remove(voter);
          other.add(candidate);
          Spread spread = spread(other);
          if (Spread.EXCESS.compare(spread, least) < 0) {
            best = Optional.of(other);
            least = spread;
          }
        }
      }
    }
    return best;
  }

  private List<NodeId> leaderLast(Set<NodeId> voters) {
    List<NodeId> ordered = new ArrayList<>(voters);
    if (ordered.remove(self)) {
      ordered.add(self);
    }
    return ordered;
  }

  private Spread spread(Set<NodeId> voters) {
    int most = voters.isEmpty() ? -1 : (voters.size() - 1) / 2;
    return new Spread(
        Math.max(0, fullest(voters, VoterChoice::cloud) - most),
        Math.max(0, fullest(voters, VoterChoice::region) - most),
        Math.max(0, fullest(voters, VoterChoice::zone) - most),
        voters.size());
  }

  /// Nodes that do not tell a domain count as those of one: they may be.
  private int fullest(Set<NodeId> voters, Function<Place, List<String>> domain) {
    return voters.stream()
        .collect(Collectors.groupingBy(node -> domain.apply(place(node)), Collectors.counting()))
        .values()
        .stream()
        .mapToInt(Long::intValue)
        .max()
        .orElse(0);
  }

  /// How much is shared with the other voters: a zone counts more than a region, that more than a
  /// cloud.
  private int near(Set<NodeId> voters, NodeId node) {
    Place place = place(node);
    int near = 0;
    for (NodeId voter : voters) {
      Place other = place(voter);
      if (!voter.equals(node) && cloud(other).equals(cloud(place))) {
        near +=
            zone(other).equals(zone(place)) ? 100 : region(other).equals(region(place)) ? 10 : 1;
      }
    }
    return near;
  }

  private Place place(NodeId node) {
    return places.getOrDefault(node, new Place("", "", "", "", false));
  }

  private static List<String> cloud(Place place) {
    return List.of(place.cloud());
  }

  private static List<String> region(Place place) {
    return List.of(place.cloud(), place.region());
  }

  private static List<String> zone(Place place) {
    return List.of(place.cloud(), place.region(), place.zone());
  }
}
