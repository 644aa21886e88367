package dev.partita.node.cluster;

import dev.partita.node.partition.IndexReport;
import dev.partita.node.partition.LoadProfile;
import dev.partita.node.partition.PartitionId;
import dev.partita.node.partition.SplitPoints;
import dev.partita.node.raft.NodeId;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What the leader of a Partition says about it.
///
/// @param term of its leadership: the report of a higher one counts
/// @param epoch 0 while the group has not been made a Partition yet
/// @param changing whether a change of the members is under way; the members here go with the epoch
/// @param caughtUp members that hold nearly all that is committed, and were heard of lately
/// @param cpu processor time that it takes there, in cores
/// @param load where its requests go
/// @param points where it could be split
/// @param indexes those it has, ready or not
/// @param split null unless it was split
/// @param freeze null unless it is frozen; then nothing else here changes but the term
/// @param unsettled why it cannot be frozen at the moment, null if nothing is known
public record PartitionReport(
    PartitionId partition,
    long term,
    long epoch,
    List<NodeId> voters,
    List<NodeId> learners,
    boolean changing,
    List<NodeId> caughtUp,
    long rows,
    long bytes,
    double operationsPerSecond,
    double cpu,
    LoadProfile load,
    SplitPoints points,
    List<IndexReport> indexes,
    @Nullable SplitReport split,
    @Nullable FreezeReport freeze,
    @Nullable String unsettled) {
  @SuppressWarnings("ConstantValue") // A node of an older version leaves them out.
  public PartitionReport {
    load = load == null ? LoadProfile.NONE : load;
    points = points == null ? SplitPoints.UNKNOWN : points;
    voters = List.copyOf(voters);
    learners = List.copyOf(learners);
    caughtUp = List.copyOf(caughtUp);
    indexes = List.copyOf(indexes);
  }

  /// That a Partition was split.
  ///
  /// @param voters the first members of its children
  public record SplitReport(List<NodeId> voters, List<NodeId> learners) {
    public SplitReport {
      voters = List.copyOf(voters);
      learners = List.copyOf(learners);
    }
  }

  /// That a Partition is frozen.
  ///
  /// @param into who is to have the rows
  /// @param epoch of the frozen Partition
  /// @param lastingMillis for how long its leader has known of it
  public record FreezeReport(
      PartitionId into,
      long epoch,
      List<NodeId> voters,
      List<NodeId> learners,
      long lastingMillis) {
    public FreezeReport {
      voters = List.copyOf(voters);
      learners = List.copyOf(learners);
    }
  }

  boolean hasMember(NodeId node) {
    return Stream.concat(voters.stream(), learners.stream()).anyMatch(node::equals);
  }

  /// What it says about one index.
  public Optional<IndexReport> index(long id) {
    return indexes.stream().filter(index -> index.id() == id).findFirst();
  }
}
