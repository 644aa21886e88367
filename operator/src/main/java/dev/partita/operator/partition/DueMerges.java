package dev.partita.operator.partition;

import dev.partita.crd.Partition;
import dev.partita.crd.PartitionSpec;
import dev.partita.operator.nodeclient.ClusterView;
import dev.partita.operator.nodeclient.MemberView;
import dev.partita.operator.nodeclient.PartitionView;
import dev.partita.operator.nodeclient.PartitionView.ReplicaView;
import dev.partita.operator.placement.Placement;
import dev.partita.operator.placement.Step;
import dev.partita.operator.repartition.MergeFinding;
import dev.partita.operator.repartition.MergeTurn;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Pure: the pairs of parts that are to be merged, whose turn it is, and what keeps others from it.
/// The replicas of a pair in turn are brought together, those of the smaller part to the nodes of
/// the larger one. All that are to be merged are left where they are by balance, whether it is
/// their turn or not, so that nothing undoes what was done for a merge that has to wait.
///
/// Copies at edge Sites are not moved. A merge needs every member, so a copy that only one of the
/// two has, or whose node is not heard from, goes before and is made again of the one.
///
/// Immutable: one instance sees one observation.
final class DueMerges {

  /// Nothing is to be merged.
  static final DueMerges NONE = new DueMerges(List.of());

  private final Map<String, MergeTurn.Pair> inTurn = new HashMap<>();
  private final Map<String, String> obstacles = new HashMap<>();

  /// Parts that are not to be taken apart.
  private final Set<String> kept = new HashSet<>();

  /// The Partitions about which something may change by nothing but time.
  private final Set<String> watched = new HashSet<>();

  /// A Partition that was split, with what is to become of its parts.
  ///
  /// @param refusal why the nodes have refused the merge lately; null if they have not
  record Candidate(Partition whole, MergeDecision decision, @Nullable String refusal) {

    private MergeTurn.Pair pair() {
      return Objects.requireNonNull(decision.pair());
    }
  }

  private DueMerges(List<Candidate> candidates) {
    for (Candidate candidate : candidates) {
      MergeTurn.Pair pair = candidate.decision().pair();
      if (pair != null && !(candidate.decision().finding() instanceof MergeFinding.Nothing)) {
        watched.addAll(List.of(pair.whole(), pair.one().name(), pair.other().name()));
        if (candidate.decision().isWanted()) {
          kept.addAll(List.of(pair.one().name(), pair.other().name()));
        }
      }
    }
  }

  /// @param candidates of all Partitions that were split
  /// @param placement where everything belongs, but for what is to be merged; computed only if
  ///   something is
  /// @param isSplitDue whether some Partition is to be split
  static DueMerges of(
      List<Candidate> candidates,
      List<Partition> declared,
      ClusterView cluster,
      Supplier<Placement> placement,
      BooleanSupplier isSplitDue) {
    var merges = new DueMerges(candidates);
    List<Candidate> due = candidates.stream().filter(each -> each.decision().mayBegin()).toList();
    if (due.isEmpty()) {
      return merges;
    }
    var apart = new Apart(declared, placement.get(), isSplitDue.getAsBoolean());
    List<MergeTurn.Pair> possible = new ArrayList<>();
    for (Candidate candidate : due) {
      Optional<String> obstacle =
          Optional.ofNullable(candidate.refusal()).or(() -> apart.obstacle(candidate));
      obstacle.ifPresentOrElse(
          why -> merges.obstacles.put(candidate.pair().whole(), why),
          () -> possible.add(candidate.pair()));
    }
    for (MergeTurn.Pair pair : MergeTurn.of(possible, cluster)) {
      merges.inTurn.put(pair.whole(), pair);
      merges.inTurn.put(pair.one().name(), pair);
      merges.inTurn.put(pair.other().name(), pair);
    }
    return merges;
  }

  /// What keeps two parts from coming together, so that they are not to take the turn of others.
  private record Apart(List<Partition> declared, Placement placement, boolean isSplitDue) {

    private Optional<String> obstacle(Candidate candidate) {
      MergeTurn.Pair pair = candidate.pair();
      return List.of(pair.one(), pair.other()).stream()
          .flatMap(part -> obstacle(candidate, part).stream())
          .findFirst()
          .or(() ->
              isSplitDue && !pair.hasSameVoters()
                  ? Optional.of("another Partition is to be split first")
                  : Optional.empty());
    }

    private Optional<String> obstacle(Candidate candidate, PartitionView part) {
      Optional<Partition> resource =
          declared.stream()
              .filter(each -> each.getMetadata().getName().equals(part.name()))
              .findFirst();
      if (resource.isPresent()
          && !hasSameWants(resource.get().getSpec(), candidate.whole().getSpec())) {
        return Optional.of("the spec of %s is not yet that of its parent".formatted(part.name()));
      }
      if (candidate.pair().hasSameVoters()) {
        return Optional.empty();
      }
      if (resource.isEmpty()) {
        return Optional.of(
            "its parts are on different nodes, and %s has no resource by which it could be moved: move it by hand"
                .formatted(part.name()));
      }
      return placement.repair(part.name()) instanceof Step.Impossible(String message)
          ? Optional.of("%s cannot be placed: %s".formatted(part.name(), message))
          : Optional.empty();
    }

    /// Whether two Partitions are the same but for their bounds.
    private static boolean hasSameWants(PartitionSpec one, PartitionSpec other) {
      return new PartitionSpec(
              one.collection(),
              other.range(),
              other.hash(),
              other.columns(),
              one.replicas(),
              one.placement(),
              one.survive(),
              one.leader(),
              one.residency(),
              one.split(),
              one.deletionPolicy(),
              one.paused())
          .equals(other);
    }
  }

  /// Whether it is the turn of a Partition: of one whose parts are to be merged, or of a part.
  boolean isInTurn(String partition) {
    return inTurn.containsKey(partition);
  }

  /// What keeps the parts of a Partition from getting a turn.
  Optional<String> obstacle(String whole) {
    return Optional.ofNullable(obstacles.get(whole));
  }

  /// Whether time alone may bring a merge of, or with, this Partition.
  boolean isWatched(String partition) {
    return watched.contains(partition);
  }

  /// The Partition on whose nodes one is to be, or itself if it is to stay where it is for a merge;
  /// null if it goes its own way.
  @Nullable String with(String partition) {
    MergeTurn.Pair pair = inTurn.get(partition);
    if (pair != null && !pair.whole().equals(partition)) {
      return pair.target().name();
    }
    return kept.contains(partition) ? partition : null;
  }

  /// Those of the edge Sites on which a Partition may have a copy now.
  Set<String> copySites(String partition, Set<String> wanted, ClusterView cluster) {
    MergeTurn.Pair pair = inTurn.get(partition);
    if (pair == null || pair.whole().equals(partition)) {
      return wanted;
    }
    Set<String> both = new TreeSet<>(wanted);
    both.retainAll(sharedCopySites(pair, cluster));
    return both;
  }

  private static Set<String> sharedCopySites(MergeTurn.Pair pair, ClusterView cluster) {
    Set<String> other =
        cluster.edgeCopies(pair.other()).stream()
            .map(ReplicaView::nodeId)
            .collect(Collectors.toSet());
    return cluster.edgeCopies(pair.one()).stream()
        .map(ReplicaView::nodeId)
        .filter(other::contains)
        .flatMap(node -> cluster.node(node).stream())
        .filter(node -> node.alive() && node.state() == MemberView.State.ACTIVE)
        .map(MemberView::site)
        .collect(Collectors.toSet());
  }

  /// Whether the two of a pair have their replicas and copies on the same living nodes.
  static boolean areTogether(MergeTurn.Pair pair, ClusterView cluster) {
    return pair.hasSameVoters()
        && Set.copyOf(pair.one().replicaNodeIds()).equals(Set.copyOf(pair.other().replicaNodeIds()))
        && pair.one().replicaNodeIds().stream().allMatch(cluster::isAlive);
  }
}
