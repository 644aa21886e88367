package dev.partita.operator.placement;

import dev.partita.crd.Location;
import dev.partita.crd.PartitionSpec;
import dev.partita.crd.Survive;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a Partition declares about the places of its replicas, beside how many each Site has.
///
/// @param survive the kind of failure domain of which any one may be lost
/// @param leader where the leader is to be, if it can
/// @param residency where its data may be; anywhere when empty
public record Rules(
    @Nullable Survive survive, @Nullable Location leader, List<Location> residency) {

  /// A Partition that declares nothing.
  public static final Rules NONE = new Rules(null, null, List.of());

  public Rules {
    residency = List.copyOf(residency);
  }

  /// What a resource declares.
  public static Rules of(PartitionSpec spec) {
    return new Rules(
        spec.survive(), spec.leader(), Objects.requireNonNullElse(spec.residency(), List.of()));
  }

  /// Whether data may be at a place.
  public boolean allows(Place place) {
    return residency.isEmpty() || residency.stream().anyMatch(place::isAt);
  }

  /// Whether the leader is to be at a place rather than elsewhere.
  public boolean prefers(Place place) {
    return leader != null && place.isAt(leader);
  }

  /// Whether a replica at a place counts as one that another domain's loss leaves alone. Where a
  /// node does not tell its domain, nobody knows.
  boolean isKnown(Place place) {
    return survive == null || !domain(place).isEmpty();
  }

  String domain(Place place) {
    return survive == null ? "" : place.domain(survive);
  }

  /// Replicas that one domain may have at most: a quorum is left without it.
  int mostInDomain(int replicas) {
    return survive == null ? replicas : (replicas - 1) / 2;
  }

  /// Whether all replicas may be where they are together. Whether they are enough is not asked.
  boolean areMet(Collection<Place> places, int replicas) {
    Map<String, Long> byDomain =
        places.stream().collect(Collectors.groupingBy(this::domain, Collectors.counting()));
    return places.stream().allMatch(place -> allows(place) && isKnown(place))
        && byDomain.values().stream().allMatch(count -> count <= mostInDomain(replicas));
  }

  /// Why there are not enough nodes; empty if these rules have nothing to do with it.
  ///
  /// @param usable where nodes are that may hold a replica
  String obstacle(Collection<Place> usable, int replicas) {
    if (survive != null) {
      String kind = survive.name().toLowerCase(Locale.ROOT);
      Map<String, Long> domains =
          usable.stream()
              .filter(this::isKnown)
              .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()))
              .keySet()
              .stream()
              .collect(Collectors.groupingBy(this::domain, Collectors.counting()));
      return "survive: %s allows at most %d of %d replicas in one %s, and nodes that may hold one tell of %s: add a Site in another %s, or lower survive"
          .formatted(
              survive,
              mostInDomain(replicas),
              replicas,
              kind,
              domains.isEmpty()
                  ? "no " + kind
                  : "%d (%s)"
                      .formatted(
                          domains.size(),
                          domains.keySet().stream().sorted().collect(Collectors.joining(", "))),
              kind);
    }
    return residency.isEmpty()
        ? ""
        : "spec.residency allows %d nodes that may hold one: add nodes there, or allow more places"
            .formatted(usable.size());
  }
}
