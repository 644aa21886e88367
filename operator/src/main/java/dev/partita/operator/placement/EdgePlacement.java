package dev.partita.operator.placement;

import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;

/// Places copies at edge Sites, which do not vote: one on each edge Site that a Partition names or
/// selects, on the node there that has the fewest.
///
/// A copy protects nothing, and its line may be slow and come and go. So one stays wherever its
/// node is expected back; a new one is made only where a node has been heard from for a while, and
/// when few others on that Site still catch up; and one that belongs nowhere simply goes.
///
/// Immutable: one instance sees one state of the nodes and of all Partitions.
public final class EdgePlacement {

  /// Copies on one Site that may catch up at a time: each takes the whole Partition over the line.
  static final int CATCHING_UP_MAX = 2;

  /// A copy that exists.
  ///
  /// @param caughtUp whether it has had everything when its leader last told
  public record Copy(String nodeId, boolean caughtUp) {}

  /// A Partition, with the Sites where copies are wanted and the copies that it has.
  ///
  /// @param unmatched what it selects edge Sites by of which there are none, for people
  /// @param rules of which residency concerns copies too
  /// @param isFixed they count as load, but are left where they are
  public record Copies(
      String partition,
      SortedSet<String> sites,
      List<String> unmatched,
      Rules rules,
      List<Copy> current,
      boolean isFixed) {
    public Copies {
      unmatched = List.copyOf(unmatched);
      sites = Collections.unmodifiableSortedSet(new TreeSet<>(sites));
      current = List.copyOf(current);
    }
  }

  private final Map<String, Server> serverById = new TreeMap<>();
  private final Set<String> otherSites = new HashSet<>();
  private final Map<String, Copies> byPartition = new HashMap<>();
  private final Map<String, Integer> load = new HashMap<>();
  private final Map<String, Integer> catchingUp = new HashMap<>();

  /// @param servers all nodes; those at the edge accept copies only if they have been steady
  public EdgePlacement(Collection<Server> servers, Collection<Copies> partitions) {
    for (Server server : servers) {
      if (server.edge()) {
        serverById.put(server.nodeId(), server);
      } else {
        otherSites.add(server.site());
      }
    }
    for (Copies partition : partitions) {
      byPartition.put(partition.partition(), partition);
      for (Copy copy : partition.current()) {
        load.merge(copy.nodeId(), 1, Integer::sum);
        if (!copy.caughtUp()) {
          catchingUp.merge(site(copy), 1, Integer::sum);
        }
      }
    }
  }

  /// The next step that brings a Partition's copies to where it wants them. Where one Site has to
  /// wait, others do not.
  public Step next(String partition) {
    Copies copies = byPartition.get(partition);
    if (copies == null || copies.isFixed()) {
      return new Step.Settled();
    }
    Optional<Step> stray =
        copies.current().stream()
            .filter(copy -> !copies.sites().contains(site(copy)) || !isAllowed(copies, copy))
            .map(Copy::nodeId)
            .min(Comparator.naturalOrder())
            .map(node -> new Step.Move(partition, node, null));
    List<Step> steps =
        Stream.of(
                stray.stream(),
                copies.sites().stream().flatMap(site -> atSite(copies, site).stream()),
                copies.unmatched().stream().map(EdgePlacement::noSite))
            .flatMap(Function.identity())
            .toList();
    return steps.stream()
        .filter(Step.Move.class::isInstance)
        .findFirst()
        .or(() -> steps.stream().findFirst())
        .orElseGet(Step.Settled::new);
  }

  private Optional<Step> atSite(Copies copies, String site) {
    List<Copy> here = copies.current().stream().filter(copy -> site(copy).equals(site)).toList();
    List<Copy> kept = here.stream().filter(this::isKept).toList();
    Optional<Copy> leaving = here.stream().filter(copy -> !isKept(copy)).findFirst();
    if (kept.size() > 1) {
      return kept.stream().max(worst()).map(copy -> remove(copies, copy));
    }
    if (kept.size() == 1) {
      return leaving.filter(_ -> kept.getFirst().caughtUp()).map(copy -> remove(copies, copy));
    }
    Optional<Server> best =
        serverById.values().stream()
            .filter(server -> server.site().equals(site) && server.accepts())
            .filter(server -> copies.rules().allows(server.place()))
            .min(
                Comparator.comparingInt((Server server) -> loadOf(server.nodeId()))
                    .thenComparing(Server::nodeId));
    if (best.isEmpty()) {
      return Optional.of(
          leaving
              .map(copy -> remove(copies, copy))
              .orElseGet(() -> new Step.Impossible(obstacle(site, copies.rules()))));
    }
    return catchingUp.getOrDefault(site, 0) >= CATCHING_UP_MAX
        ? Optional.empty()
        : Optional.of(new Step.Move(copies.partition(), null, best.get().nodeId()));
  }

  private static Step noSite(String unmatched) {
    return new Step.Impossible(
        "spec.placement wants a copy at the edge Sites with %s, and there are none: label one, or change the selector"
            .formatted(unmatched));
  }

  private static Step remove(Copies copies, Copy copy) {
    return new Step.Move(copies.partition(), copy.nodeId(), null);
  }

  private Comparator<Copy> worst() {
    return Comparator.comparing((Copy copy) -> !copy.caughtUp())
        .thenComparingInt(copy -> loadOf(copy.nodeId()))
        .thenComparing(Copy::nodeId);
  }

  private boolean isAllowed(Copies copies, Copy copy) {
    Server server = serverById.get(copy.nodeId());
    return server != null && copies.rules().allows(server.place());
  }

  private String obstacle(String site, Rules rules) {
    if (otherSites.contains(site)) {
      return "Site %s is no edge Site: say in spec.placement how many of the replicas belong there"
          .formatted(site);
    }
    List<Server> here =
        serverById.values().stream().filter(server -> server.site().equals(site)).toList();
    if (!here.isEmpty() && here.stream().noneMatch(server -> rules.allows(server.place()))) {
      return "spec.residency does not allow data at edge Site %s, which spec.placement names: change one of the two"
          .formatted(site);
    }
    return !here.isEmpty()
        ? "no node of edge Site %s is steadily heard from: its copy is made when one is"
            .formatted(site)
        : "edge Site %s has no nodes: its copy is made when it has one".formatted(site);
  }

  private int loadOf(String nodeId) {
    return load.getOrDefault(nodeId, 0);
  }

  private boolean isKept(Copy copy) {
    Server server = serverById.get(copy.nodeId());
    return server != null && server.keeps();
  }

  private String site(Copy copy) {
    Server server = serverById.get(copy.nodeId());
    return server == null ? "" : server.site();
  }
}
