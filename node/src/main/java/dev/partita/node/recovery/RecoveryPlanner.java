package dev.partita.node.recovery;

import dev.partita.node.catalog.Catalog;
import dev.partita.node.catalog.ClaimPartitions;
import dev.partita.node.catalog.JointPartitions;
import dev.partita.node.catalog.NodeEntry;
import dev.partita.node.catalog.PartitionEntry;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.raft.Configuration;
import dev.partita.node.raft.GroupId;
import dev.partita.node.raft.NodeId;
import dev.partita.node.recovery.NodeSurvey.ReplicaSurvey;
import dev.partita.node.recovery.RecoveryPlan.GroupPlan;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// Decides, purely, how groups that have lost their quorum would go on, by what all nodes that
/// answer have told.
///
/// A group goes on from the replica whose log ends with the highest term and then index. Only that
/// one has, for certain, everything that any survivor knows to be committed and may have applied
/// (Raft, leader completeness: whoever led the last term of its log had all that was committed
/// before, and its log is the beginning of that leader's). So it is chosen among all that survive,
/// learners as well: a voter that ends earlier would contradict what a learner has told already.
final class RecoveryPlanner {
  /// Far above every term that lost nodes may have reached: an election a second for eleven days.
  static final long TERM_GAP = 1_000_000;

  private static final int ID_CHARACTERS = 16;

  private final Set<NodeId> lost;
  private final Set<NodeId> edgesAllowed;
  private final Map<NodeId, NodeSurvey> surveys;
  private final Catalog catalog;
  private final Set<String> refusals = new TreeSet<>();
  private final Set<String> warnings = new TreeSet<>();
  private final List<String> gone = new ArrayList<>();

  private record Survivor(NodeId node, ReplicaSurvey replica) {}

  /// @param lost the nodes that a person gives up, and those given up before
  /// @param edgesAllowed the nodes at the edge that a group may go on from
  /// @param surveys of all nodes that have answered
  /// @param catalog what whoever plans knows
  private RecoveryPlanner(
      Set<NodeId> lost, Set<NodeId> edgesAllowed, Collection<NodeSurvey> surveys, Catalog catalog) {
    this.lost = new TreeSet<>(lost);
    this.edgesAllowed = new TreeSet<>(edgesAllowed);
    this.surveys = new TreeMap<>();
    surveys.forEach(survey -> this.surveys.put(survey.node(), survey));
    this.catalog = catalog;
  }

  static RecoveryPlan plan(
      Set<NodeId> lost, Set<NodeId> edgesAllowed, Collection<NodeSurvey> surveys, Catalog catalog) {
    return new RecoveryPlanner(lost, edgesAllowed, surveys, catalog).plan();
  }

  private RecoveryPlan plan() {
    checkNodes();
    Map<Long, List<Survivor>> replicas = new TreeMap<>();
    surveys
        .values()
        .forEach(survey ->
            survey.replicas().stream()
                .filter(ReplicaSurvey::complete)
                .filter(replica -> replica.configuration().contains(survey.node()))
                .forEach(replica ->
                    replicas
                        .computeIfAbsent(replica.group(), _ -> new ArrayList<>())
                        .add(new Survivor(survey.node(), replica))));
    List<GroupPlan> groups = new ArrayList<>();
    int whole = 0;
    for (List<Survivor> survivors : replicas.values()) {
      Optional<GroupPlan> group = group(survivors);
      group.ifPresent(groups::add);
      whole += group.isPresent() ? 0 : 1;
    }
    if (!replicas.containsKey(GroupId.SYSTEM.value())) {
      refusals.add("no node that answers has a copy of the system partition");
    }
    catalog.partitions().all().stream()
        .filter(entry -> !replicas.containsKey(entry.id().value()))
        .filter(RecoveryPlanner::hasRows)
        .map(PartitionEntry::name)
        .sorted()
        .forEach(gone::add);
    warn(groups);
    if (groups.isEmpty() && refusals.isEmpty()) {
      refusals.add("every group that has a replica has its quorum: there is nothing to recover");
    }
    return new RecoveryPlan(
        id(groups),
        lost,
        surveys.keySet(),
        groups,
        gone,
        whole,
        List.copyOf(refusals),
        List.copyOf(warnings));
  }

  private static boolean hasRows(PartitionEntry entry) {
    return switch (entry.state()) {
      case CREATING, ACTIVE, RETAINED -> true;
      case PENDING, SPLIT, MERGED -> false;
    };
  }

  private void checkNodes() {
    if (lost.isEmpty()) {
      refusals.add("no node is declared lost");
    }
    lost.stream()
        .filter(surveys::containsKey)
        .forEach(node -> refusals.add("node " + name(node) + " answers: it is not lost"));
    surveys
        .values()
        .forEach(survey ->
            survey.heard().stream()
                .filter(node -> lost.contains(node) && !surveys.containsKey(node))
                .forEach(node ->
                    refusals.add(
                        "node "
                            + name(node)
                            + " was heard of a moment ago by node "
                            + name(survey.node())
                            + ": it is not lost")));
    surveys
        .values()
        .forEach(survey ->
            survey.members().stream()
                .filter(node -> !lost.contains(node) && !surveys.containsKey(node))
                .forEach(node ->
                    refusals.add(
                        "node "
                            + name(node)
                            + " does not answer and is not declared lost: bring it back or declare it lost")));
  }

  // Groups

  private Optional<GroupPlan> group(List<Survivor> survivors) {
    Survivor best =
        survivors.stream()
            .max(
                Comparator.comparingLong((Survivor one) -> one.replica().lastTerm())
                    .thenComparingLong(one -> one.replica().lastIndex())
                    .thenComparing(one -> one.replica().configuration().isVoter(one.node()))
                    .thenComparing(one -> !isEdge(one.node()))
                    .thenComparing(Survivor::node, Comparator.reverseOrder()))
            .orElseThrow();
    ReplicaSurvey kept = best.replica();
    Configuration members = kept.configuration();
    Set<NodeId> here = survivors.stream().map(Survivor::node).collect(Collectors.toSet());
    if (members.isQuorum(here::contains)) {
      return Optional.empty();
    }
    if (isEdge(best.node()) && !edgesAllowed.contains(best.node())) {
      refusals.add(
          "of "
              + kept.name()
              + " the node "
              + name(best.node())
              + " at the edge has more than any other: allow to go on from it, or declare it lost as well");
    }
    Set<NodeId> voters = new TreeSet<>(members.members());
    voters.removeIf(node -> !members.isVoter(node) || !here.contains(node));
    voters.add(best.node());
    Set<NodeId> learners = new TreeSet<>(members.learners());
    learners.removeIf(node -> voters.contains(node) || !here.contains(node));
    long term = survivors.stream().mapToLong(one -> one.replica().term()).max().orElse(0);
    long epoch = survivors.stream().mapToLong(one -> one.replica().epoch()).max().orElse(0);
    Optional<PartitionEntry> known =
        kept.group() == GroupId.SYSTEM.value()
            ? Optional.empty()
            : catalog.partition(new PartitionId(kept.group()));
    if (kept.group() != GroupId.SYSTEM.value() && known.isEmpty()) {
      warnings.add(
          kept.name() + " (" + kept.group() + ") is not in the catalog: nobody is led to its rows");
    }
    return Optional.of(
        new GroupPlan(
            kept.group(),
            known.map(PartitionEntry::name).orElse(kept.name()),
            best.node(),
            voters,
            learners,
            kept.lastIndex(),
            kept.lastTerm(),
            kept.commitIndex(),
            term + TERM_GAP,
            Math.max(epoch, known.map(PartitionEntry::epoch).orElse(0L)),
            loss(kept, members, voters.size())));
  }

  private static String loss(ReplicaSurvey kept, Configuration members, int votersLeft) {
    int voters = (int) members.members().stream().filter(members::isVoter).count();
    String lost =
        "%d of %d voters survive; whatever was acknowledged after entry %d of term %d may be lost"
            .formatted(Math.min(votersLeft, voters), voters, kept.lastIndex(), kept.lastTerm());
    long uncertain = kept.lastIndex() - kept.commitIndex();
    return uncertain == 0
        ? lost
        : lost
            + ", and the last %d entries before that may never have been acknowledged and become effective"
                .formatted(uncertain);
  }

  private boolean isEdge(NodeId node) {
    NodeEntry entry = catalog.nodes().get(node);
    return entry != null && entry.place().edge();
  }

  private String name(NodeId node) {
    NodeEntry entry = catalog.nodes().get(node);
    return entry == null ? node.toString() : entry.name() + " (" + node + ")";
  }

  // Warnings

  private void warn(List<GroupPlan> groups) {
    if (groups.isEmpty()) {
      return;
    }
    if (groups.getFirst().group() == GroupId.SYSTEM.value()) {
      warnings.add(
          "the catalog goes back to what its survivor has: partitions, indexes, users and tokens that were made, changed or dropped last may be as they were before");
    }
    warnings.add(
        "transactions across partitions may be torn: committed in one partition and lost in a recovered one; those that are prepared and whose record is lost are aborted");
    Set<String> collections =
        groups.stream()
            .flatMap(group ->
                catalog.partition(new PartitionId(Math.max(1, group.group()))).stream()
                    .filter(entry -> entry.id().value() == group.group()))
            .map(PartitionEntry::collection)
            .collect(Collectors.toSet());
    catalog.indexes().values().stream()
        .map(index -> index.definition())
        .filter(index -> index.claims() || JointPartitions.isJoint(catalog, index))
        .filter(index ->
            collections.contains(index.collection())
                || collections.contains(ClaimPartitions.collection(index))
                || collections.contains(JointPartitions.collection(index)))
        .forEach(index ->
            warnings.add(
                (index.claims() ? "the unique index " : "the index over several column groups ")
                    + index.name()
                    + " may disagree with the rows of "
                    + index.collection()
                    + ": delete it and apply it again, which checks all rows"));
    groups.forEach(this::warnOfPrepared);
  }

  private void warnOfPrepared(GroupPlan group) {
    NodeSurvey kept = surveys.get(group.kept());
    if (kept != null) {
      kept.replicas().stream()
          .filter(replica -> replica.group() == group.group() && replica.prepared() > 0)
          .forEach(replica ->
              warnings.add(
                  "%d transactions are prepared in %s and not ended"
                      .formatted(replica.prepared(), group.name())));
    }
  }

  // Id

  private String id(List<GroupPlan> groups) {
    StringBuilder text = new StringBuilder("lost " + lost + "\nsurvivors " + surveys.keySet());
    for (GroupPlan group : groups) {
      text.append(
          "\n%d from %s at %d/%d voters %s learners %s"
              .formatted(
                  group.group(),
                  group.kept(),
                  group.lastTerm(),
                  group.lastIndex(),
                  new TreeSet<>(group.voters()),
                  new TreeSet<>(group.learners())));
    }
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(text.toString().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest).substring(0, ID_CHARACTERS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
