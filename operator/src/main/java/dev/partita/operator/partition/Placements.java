package dev.partita.operator.partition;

import dev.partita.crd.Location;
import dev.partita.crd.Partition;
import dev.partita.crd.PartitionSpec;
import dev.partita.crd.Placement;
import dev.partita.crd.SiteSelector;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.nodeclient.OperationView;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.nodeclient.PartitionView.ReplicaView;
import dev.partita.operator.placement.Demand;
import dev.partita.operator.placement.EdgePlacement;
import dev.partita.operator.placement.LeaderBalance;
import dev.partita.operator.placement.Place;
import dev.partita.operator.placement.Rules;
import dev.partita.operator.placement.Selectors;
import dev.partita.operator.placement.Server;
import dev.partita.operator.placement.Share;
import dev.partita.operator.placement.Step;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Pure: what was observed and declared, in the words of placement.
final class Placements {

  private Placements() {}

  static dev.partita.operator.placement.Placement of(
      ClusterView cluster, DeclaredSites sites, List<Partition> declared, DueMerges merges) {
    return new dev.partita.operator.placement.Placement(
        servers(cluster, sites),
        demands(cluster, sites, declared).stream()
            .map(demand -> demand.with(merges.with(demand.partition())))
            .toList());
  }

  /// Why a Partition that does not exist yet cannot be placed, whatever others take of the nodes.
  static Optional<String> obstacle(Partition wanted, ClusterView cluster, DeclaredSites sites) {
    String name = wanted.getMetadata().getName();
    List<Server> servers = servers(cluster, sites).stream().map(Server::expected).toList();
    Step replicas =
        new dev.partita.operator.placement.Placement(
                servers, List.of(demand(wanted, cluster, sites)))
            .create(name);
    Step copies =
        new EdgePlacement(servers, List.of(copies(name, wanted, List.of(), sites, Set::copyOf)))
            .next(name);
    return Stream.of(replicas, copies)
        .filter(Step.Impossible.class::isInstance)
        .map(step -> ((Step.Impossible) step).message())
        .findFirst();
  }

  /// Where copies belong at the edge. Only a node that says itself that it is there gets one: of
  /// any other it would become a voter.
  static EdgePlacement edges(
      ClusterView cluster,
      DeclaredSites sites,
      Set<String> steady,
      List<Partition> declared,
      DueMerges merges) {
    List<Server> servers =
        cluster.nodes().stream()
            .map(node -> {
              boolean keeps =
                  node.state() == MemberView.State.ACTIVE && !isSuperseded(node, cluster);
              return new Server(
                  node.nodeId(),
                  place(node, sites),
                  node.edge(),
                  keeps,
                  keeps && node.alive() && steady.contains(node.nodeId()));
            })
            .toList();
    Map<String, Partition> byName =
        declared.stream()
            .collect(Collectors.toMap(each -> each.getMetadata().getName(), each -> each));
    return new EdgePlacement(
        servers,
        cluster.serving().stream()
            .map(view -> copies(view, byName.get(view.name()), cluster, sites, merges))
            .toList());
  }

  /// Whether a Partition is to have copies at the edge.
  static boolean wantsCopies(Partition partition) {
    return placement(partition).stream().anyMatch(each -> each.replicas() == null);
  }

  private static EdgePlacement.Copies copies(
      PartitionView view,
      @Nullable Partition declared,
      ClusterView cluster,
      DeclaredSites known,
      DueMerges merges) {
    List<EdgePlacement.Copy> current =
        cluster.edgeCopies(view).stream()
            .map(replica -> new EdgePlacement.Copy(replica.nodeId(), replica.caughtUp()))
            .toList();
    if (declared == null || isLeftAlone(declared)) {
      return new EdgePlacement.Copies(
          view.name(), new TreeSet<>(), List.of(), Rules.NONE, current, true);
    }
    return copies(
        view.name(),
        declared,
        current,
        known,
        sites -> merges.copySites(view.name(), sites, cluster));
  }

  /// @param elsewhere where copies belong that are wanted at some Sites
  private static EdgePlacement.Copies copies(
      String name,
      Partition declared,
      List<EdgePlacement.Copy> current,
      DeclaredSites known,
      UnaryOperator<Set<String>> elsewhere) {
    TreeSet<String> sites = new TreeSet<>();
    List<String> unmatched = new ArrayList<>();
    for (Placement each : placement(declared)) {
      if (each.replicas() != null) {
        continue;
      }
      SiteSelector selector = each.siteSelector();
      if (selector == null) {
        sites.add(Objects.requireNonNull(each.site(), "by the schema"));
        continue;
      }
      Set<String> selected = known.selectedForCopies(selector);
      sites.addAll(selected);
      if (selected.isEmpty()) {
        unmatched.add(Selectors.text(selector));
      }
    }
    return new EdgePlacement.Copies(
        name,
        new TreeSet<>(elsewhere.apply(sites)),
        unmatched,
        Rules.of(declared.getSpec()),
        current,
        false);
  }

  /// Whether it speaks of labels of Sites.
  static boolean selectsSites(Partition partition) {
    PartitionSpec spec = partition.getSpec();
    return placement(partition).stream().anyMatch(each -> each.siteSelector() != null)
        || selects(spec.leader())
        || Objects.requireNonNullElse(spec.residency(), List.<Location>of()).stream()
            .anyMatch(Placements::selects);
  }

  private static boolean selects(@Nullable Location location) {
    return location != null && location.siteSelector() != null;
  }

  private static boolean isLeftAlone(Partition partition) {
    return partition.getSpec().paused() || partition.isMarkedForDeletion();
  }

  private static List<Placement> placement(Partition partition) {
    return Objects.requireNonNullElse(partition.getSpec().placement(), List.of());
  }

  /// The balance of leaders over the nodes that have been steady for a while. A Partition that is
  /// left as it is, or changes otherwise, counts where it is led.
  ///
  /// @param load of a Partition in operations per second
  static LeaderBalance leaders(
      ClusterView cluster,
      DeclaredSites sites,
      Set<String> steady,
      List<Partition> declared,
      ToDoubleFunction<PartitionView> load) {
    Set<String> takers =
        servers(cluster, sites).stream()
            .filter(server -> server.accepts() && !server.edge())
            .map(Server::nodeId)
            .filter(steady::contains)
            .collect(Collectors.toSet());
    Set<String> movable = movable(cluster, declared);
    Map<String, Rules> rules = rules(declared);
    List<LeaderBalance.Group> groups =
        cluster.serving().stream()
            .flatMap(view -> group(view, cluster, movable, load).stream())
            .map(group -> {
              Rules own = rules.getOrDefault(group.partition(), Rules.NONE);
              return atHome(group, home(own, cluster, sites), takers);
            })
            .toList();
    return new LeaderBalance(takers, groups);
  }

  /// The next transfer that brings a leader to where its Partition wants it, to a node that has
  /// been steady for a while.
  static Optional<LeaderBalance.Transfer> homecoming(
      ClusterView cluster, DeclaredSites sites, Set<String> steady, List<Partition> declared) {
    Map<String, Rules> rules = rules(declared);
    if (rules.isEmpty()) {
      return Optional.empty();
    }
    Set<String> movable = movable(cluster, declared);
    return cluster.serving().stream()
        .filter(view -> rules.containsKey(view.name()))
        .flatMap(view -> group(view, cluster, movable, _ -> 0).stream())
        .sorted(Comparator.comparing(LeaderBalance.Group::partition))
        .flatMap(group -> {
          Rules own = rules.getOrDefault(group.partition(), Rules.NONE);
          return homecoming(group, home(own, cluster, sites), steady);
        })
        .findFirst();
  }

  private static Stream<LeaderBalance.Transfer> homecoming(
      LeaderBalance.Group group, Predicate<String> home, Set<String> steady) {
    return home.test(group.leader())
        ? Stream.empty()
        : group.successors().stream()
            .filter(node -> steady.contains(node) && home.test(node))
            .sorted()
            .map(node ->
                new LeaderBalance.Transfer(
                    group.partition(), group.leader(), node, "spec.leader prefers that"));
  }

  /// A leader that is where it is to be stays there: of others, those that are there too are its
  /// successors.
  private static LeaderBalance.Group atHome(
      LeaderBalance.Group group, Predicate<String> home, Set<String> takers) {
    List<String> successors = group.successors().stream().filter(home).toList();
    boolean bound = home.test(group.leader()) || successors.stream().anyMatch(takers::contains);
    return bound
        ? new LeaderBalance.Group(group.partition(), group.leader(), successors, group.load())
        : group;
  }

  /// Tells of a node whether the leader is to be there.
  private static Predicate<String> home(Rules rules, ClusterView cluster, DeclaredSites sites) {
    return nodeId ->
        cluster.node(nodeId).filter(node -> rules.prefers(place(node, sites))).isPresent();
  }

  private static Map<String, Rules> rules(List<Partition> declared) {
    return declared.stream()
        .filter(each -> each.getSpec().leader() != null)
        .collect(
            Collectors.toMap(
                each -> each.getMetadata().getName(), each -> Rules.of(each.getSpec())));
  }

  private static Set<String> movable(ClusterView cluster, List<Partition> declared) {
    Set<String> movable =
        declared.stream()
            .filter(each -> !isLeftAlone(each))
            .map(each -> each.getMetadata().getName())
            .collect(Collectors.toSet());
    cluster.operations().stream().map(OperationView::partition).forEach(movable::remove);
    return movable;
  }

  private static Optional<LeaderBalance.Group> group(
      PartitionView view,
      ClusterView cluster,
      Set<String> movable,
      ToDoubleFunction<PartitionView> load) {
    String leader = view.leaderNodeId();
    if (leader == null) {
      return Optional.empty();
    }
    boolean moves = movable.contains(view.name()) && view.state() == PartitionView.State.ACTIVE;
    List<String> successors =
        view.voters().stream()
            .filter(voter -> moves && voter.caughtUp() && !voter.nodeId().equals(leader))
            .map(ReplicaView::nodeId)
            .filter(cluster::isAlive)
            .toList();
    return Optional.of(
        new LeaderBalance.Group(view.name(), leader, successors, load.applyAsDouble(view)));
  }

  /// A node whose pod came back under another identity neither keeps nor accepts anything, like one
  /// that is leaving. A node that is merely down keeps what it has: its pod comes back.
  private static List<Server> servers(ClusterView cluster, DeclaredSites sites) {
    return cluster.nodes().stream()
        .map(node -> {
          boolean keeps = node.state() == MemberView.State.ACTIVE && !isSuperseded(node, cluster);
          return new Server(
              node.nodeId(),
              place(node, sites),
              node.edge() || sites.edge().contains(node.site()),
              keeps,
              keeps && node.alive());
        })
        .toList();
  }

  private static Place place(MemberView node, DeclaredSites sites) {
    return new Place(
        node.site(),
        Objects.requireNonNullElse(node.cloud(), ""),
        Objects.requireNonNullElse(node.region(), ""),
        Objects.requireNonNullElse(node.zone(), ""),
        sites.labels(node.site()));
  }

  private static boolean isSuperseded(MemberView node, ClusterView cluster) {
    return !node.alive()
        && cluster.nodes().stream()
            .anyMatch(other ->
                other.alive()
                    && other.state() != MemberView.State.GONE
                    && other.name().equals(node.name())
                    && other.site().equals(node.site()));
  }

  /// Oldest first, so that waiting Partitions are placed in the order in which they were declared.
  private static List<Demand> demands(
      ClusterView cluster, DeclaredSites sites, List<Partition> declared) {
    List<Demand> demands = new ArrayList<>();
    declared.stream()
        .sorted(
            Comparator.comparing((Partition each) -> each.getMetadata().getCreationTimestamp())
                .thenComparing(each -> each.getMetadata().getName()))
        .map(each -> demand(each, cluster, sites))
        .filter(demand -> !demand.isFixed() || !demand.current().isEmpty())
        .forEach(demands::add);
    Set<String> names =
        declared.stream().map(each -> each.getMetadata().getName()).collect(Collectors.toSet());
    cluster.serving().stream()
        .filter(view -> !names.contains(view.name()))
        .map(view -> Demand.fixed(view.name(), replicas(view, cluster)).sized(view.bytes()))
        .forEach(demands::add);
    return demands;
  }

  private static Demand demand(Partition partition, ClusterView cluster, DeclaredSites sites) {
    String name = partition.getMetadata().getName();
    PartitionSpec spec = partition.getSpec();
    // What is not there yet but may be at any moment counts where it will be.
    List<String> current =
        cluster
            .partition(name)
            .map(view -> view.isFamily() ? view.home() : replicas(view, cluster))
            .orElse(List.of());
    boolean split =
        cluster.partition(name).filter(view -> view.isSplit() && !view.isFamily()).isPresent();
    long bytes = cluster.partition(name).map(PartitionView::bytes).orElse(0L);
    if (isLeftAlone(partition) || split) {
      return Demand.fixed(name, current).sized(bytes);
    }
    List<Share> shares =
        placement(partition).stream().flatMap(each -> share(each, sites).stream()).toList();
    return Demand.of(name, spec.replicas(), shares, Rules.of(spec), current).sized(bytes);
  }

  private static Optional<Share> share(Placement placement, DeclaredSites sites) {
    Integer replicas = placement.replicas();
    SiteSelector selector = placement.siteSelector();
    if (replicas == null) {
      return Optional.empty();
    }
    return Optional.of(
        selector == null
            ? Share.of(Objects.requireNonNull(placement.site(), "by the schema"), replicas)
            : Share.selected(
                Selectors.text(selector), sites.selectedForVoters(selector), replicas));
  }

  private static List<String> replicas(PartitionView view, ClusterView cluster) {
    return cluster.replicas(view).stream().map(ReplicaView::nodeId).toList();
  }
}
