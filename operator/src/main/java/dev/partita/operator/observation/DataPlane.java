package dev.partita.operator.observation;

import dev.partita.operator.nodeclient.Answer;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.Endpoint;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.nodeclient.NodeAdmin;
import dev.partita.operator.nodeclient.PartitionView;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The nodes of one namespace, which together are one database.
///
/// Thread-safe: reconcile threads read and ask, the polling thread observes, the Site reconciler
/// reports where nodes are.
public final class DataPlane {

  /// How many nodes one call tries: enough to find a living one, few enough to keep a reconcile
  /// short.
  private static final int TRIES_MAX = 3;

  /// How many polls may fail before what was seen last counts as unknown.
  private static final int FAILURES_MAX = 5;

  /// In how many polls in a row a node has to be alive to count as steady, or silent to count as
  /// lost: one that comes and goes must not be given anything that others would have to take over
  /// again, and need not be told of each time.
  private static final int STEADY_POLLS = 10;

  private final String namespace;
  private final NodeAdmin admin;
  private final Map<String, Reported> sites = new ConcurrentHashMap<>();
  private final Set<String> rollingSites = ConcurrentHashMap.newKeySet();
  private final Map<String, Integer> pollsAlive = new HashMap<>();
  private final Map<String, Integer> pollsSilent = new HashMap<>();
  private volatile Set<String> steadyNodes = Set.of();
  private volatile Set<String> lostNodes = Set.of();
  private final ReentrantLock disruptions = new ReentrantLock();
  private volatile Observation observation = Observation.NOTHING;
  private volatile @Nullable String preferredNode;
  private volatile @Nullable String clusterId;

  DataPlane(String namespace, NodeAdmin admin) {
    this.namespace = namespace;
    this.admin = admin;
  }

  /// The namespace of the resources that speak of these nodes.
  public String namespace() {
    return namespace;
  }

  /// Tells which cluster the nodes belong to. From now on nodes of any other one, at an address
  /// that a node of this one had before, count as unreachable.
  public synchronized void identify(String id) {
    if (!id.equals(clusterId)) {
      clusterId = id;
      preferredNode = null;
      observation = Observation.NOTHING;
    }
  }

  /// Reports where the nodes of a Site are now.
  ///
  /// @param uid tells the Site from one that had its name before: what was seen before any Site was
  ///   here that is here now counts as unknown
  public void report(String site, String uid, List<Endpoint> endpoints) {
    sites.put(site, new Reported(uid, List.copyOf(endpoints)));
  }

  /// Reports whether the pods of a Site are being restarted one after the other.
  public void reportRolling(String site, boolean rolling) {
    if (rolling) {
      rollingSites.add(site);
    } else {
      rollingSites.remove(site);
    }
  }

  /// Whether the pods of any Site are being restarted.
  public boolean isRolling() {
    return !rollingSites.isEmpty();
  }

  /// Ids of the nodes that have been alive for a while.
  public Set<String> steadyNodes() {
    return steadyNodes;
  }

  /// Ids of the nodes that have not been heard from for a while. A node that comes and goes is
  /// neither steady nor lost.
  public Set<String> lostNodes() {
    return lostNodes;
  }

  /// Forgets all Sites but these.
  void retainSites(Collection<String> names) {
    sites.keySet().retainAll(names);
    rollingSites.retainAll(names);
  }

  boolean hasEndpoints() {
    return sites.values().stream().anyMatch(site -> !site.endpoints().isEmpty());
  }

  /// What was observed last; empty before the cluster was seen, when nobody has answered for some
  /// polls, and when all Sites have been made again since.
  public Optional<ClusterView> view() {
    Observation now = observation;
    return now.failures() < FAILURES_MAX && !Collections.disjoint(now.sites(), siteUids())
        ? Optional.ofNullable(now.view())
        : Optional.empty();
  }

  private Set<String> siteUids() {
    return sites.values().stream().map(Reported::uid).collect(Collectors.toUnmodifiableSet());
  }

  /// The state as a node has it now; empty when nobody answers, or only one that is behind.
  public Optional<ClusterView> look() {
    return ask((admin, at) -> admin.state(at)) instanceof Answer.Done<ClusterView>(ClusterView seen)
            && seen.clusterId() != null
            && !isOlderThanKnown(seen)
        ? Optional.of(seen)
        : Optional.empty();
  }

  /// Runs something that takes a node down, when nothing else in this namespace does. What it
  /// decides by, it has to look up inside: before, another Site may have taken down another node.
  public <T> T alone(Supplier<T> disruption) {
    disruptions.lock();
    try {
      return disruption.get();
    } finally {
      disruptions.unlock();
    }
  }

  /// Calls nodes, one after the other, until one of them decides.
  public <T> Answer<T> ask(BiFunction<NodeAdmin, Endpoint, Answer<T>> call) {
    Answer<T> answer = new Answer.Unreachable<>("no node is known");
    for (Endpoint endpoint : candidates()) {
      answer = call.apply(admin, endpoint.inCluster(clusterId));
      if (!(answer instanceof Answer.Unreachable)) {
        preferredNode = endpoint.node();
        return answer;
      }
    }
    return answer;
  }

  /// Calls one node.
  public <T> Answer<T> askNode(Endpoint endpoint, BiFunction<NodeAdmin, Endpoint, Answer<T>> call) {
    return call.apply(admin, endpoint.inCluster(clusterId));
  }

  /// Adds a Partition that was just created to what is known, so that the next placement counts it.
  public synchronized void learn(PartitionView created) {
    ClusterView view = observation.view();
    if (view == null || view.partition(created.name()).isPresent()) {
      return;
    }
    List<PartitionView> partitions = new ArrayList<>(view.partitions());
    partitions.add(created);
    ClusterView extended =
        new ClusterView(
            view.revision(),
            view.clusterId(),
            view.leaderNodeId(),
            view.nodes(),
            partitions,
            view.indexes(),
            view.operations(),
            view.requests(),
            view.recoveries());
    observation = new Observation(extended, observation.failures(), observation.sites());
  }

  /// Observes once; returns what is known afterwards.
  synchronized Optional<ClusterView> observe() {
    Set<String> there = siteUids();
    for (Endpoint endpoint : candidates()) {
      String expected = clusterId;
      if (admin.state(endpoint.inCluster(expected))
              instanceof Answer.Done<ClusterView>(ClusterView seen)
          && seen.clusterId() != null
          && (expected == null || expected.equals(seen.clusterId()))) {
        boolean stale = isOlderThanKnown(seen);
        preferredNode = stale ? null : endpoint.node();
        observation = new Observation(stale ? observation.view() : seen, 0, there);
        countPolls(seen);
        return view();
      }
    }
    preferredNode = null;
    observation = observation.failedOnceMore();
    return view();
  }

  private void countPolls(ClusterView seen) {
    Set<String> alive =
        seen.nodes().stream()
            .filter(MemberView::alive)
            .map(MemberView::nodeId)
            .collect(Collectors.toSet());
    Set<String> silent =
        seen.nodes().stream()
            .map(MemberView::nodeId)
            .filter(node -> !alive.contains(node))
            .collect(Collectors.toSet());
    steadyNodes = counted(pollsAlive, alive);
    lostNodes = counted(pollsSilent, silent);
  }

  /// Counts one poll more of those nodes, begins anew with all others, and tells who has had
  /// enough.
  private static Set<String> counted(Map<String, Integer> polls, Set<String> nodes) {
    polls.keySet().retainAll(nodes);
    nodes.forEach(node -> polls.merge(node, 1, (count, _) -> Math.min(STEADY_POLLS, count + 1)));
    return nodes.stream()
        .filter(node -> polls.getOrDefault(node, 0) >= STEADY_POLLS)
        .collect(Collectors.toUnmodifiableSet());
  }

  private boolean isOlderThanKnown(ClusterView seen) {
    ClusterView known = observation.view();
    return known != null
        && known.revision() > seen.revision()
        && Objects.equals(known.clusterId(), seen.clusterId());
  }

  /// The node that answered last, then the others beginning somewhere else each time.
  private List<Endpoint> candidates() {
    List<Endpoint> all =
        new ArrayList<>(
            sites.values().stream().flatMap(site -> site.endpoints().stream()).toList());
    String preferred = preferredNode;
    Collections.shuffle(all);
    all.sort(Comparator.comparing(endpoint -> !endpoint.node().equals(preferred)));
    return all.subList(0, Math.min(all.size(), TRIES_MAX));
  }

  /// Where the nodes of a Site are.
  private record Reported(String uid, List<Endpoint> endpoints) {}

  /// @param failures polls in a row that nobody answered
  /// @param sites UIDs of the Sites that were there when it was made
  private record Observation(@Nullable ClusterView view, int failures, Set<String> sites) {

    static final Observation NOTHING = new Observation(null, FAILURES_MAX, Set.of());

    Observation failedOnceMore() {
      return new Observation(view, Math.min(failures + 1, FAILURES_MAX), sites);
    }
  }
}
