package dev.partita.operator.nodeclient;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A Partition as the cluster sees it.
///
/// @param leaderNodeId null while no leader is known
/// @param rows live rows, as the leader counts them
/// @param bytes size of one replica
/// @param cpu processor time that it takes at its leader, in cores, without HTTP, network and disk
/// @param hotKey the key that takes too much of the load for a split to help; null if there is none
/// @param children names of the Partitions that it was split into, or of its intervals
/// @param bounds in the form of the custom resource, but for edges of several components, which
///   that does not have; null from a node that does not tell
/// @param splitPoints where it could be split
/// @param home ids of the nodes where its next intervals begin; empty if it is no family of those
public record PartitionView(
    String id,
    String name,
    String collection,
    long epoch,
    @Nullable String leaderNodeId,
    List<ReplicaView> replicas,
    long rows,
    long bytes,
    double operationsPerSecond,
    double cpu,
    @Nullable JsonNode hotKey,
    State state,
    List<String> children,
    @Nullable JsonNode bounds,
    SplitPoints splitPoints,
    List<String> home) {

  @SuppressWarnings("ConstantValue") // JSON may leave the list out, whatever its type says.
  public PartitionView {
    hotKey = hotKey == null || hotKey.isNull() ? null : hotKey;
    replicas = replicas == null ? List.of() : List.copyOf(replicas);
    children = children == null ? List.of() : List.copyOf(children);
    splitPoints = splitPoints == null ? SplitPoints.UNKNOWN : splitPoints;
    home = home == null ? List.of() : List.copyOf(home);
  }

  /// A Partition that was not split.
  public PartitionView(
      String id,
      String name,
      String collection,
      long epoch,
      @Nullable String leaderNodeId,
      List<ReplicaView> replicas,
      long rows,
      long bytes,
      double operationsPerSecond,
      @Nullable JsonNode hotKey,
      State state) {
    this(
        id,
        name,
        collection,
        epoch,
        leaderNodeId,
        replicas,
        rows,
        bytes,
        operationsPerSecond,
        0,
        hotKey,
        state,
        List.of(),
        null,
        SplitPoints.UNKNOWN,
        List.of());
  }

  /// Whether its children have its rows.
  public boolean isSplit() {
    return state == State.SPLIT;
  }

  /// Whether its children are intervals, each made when its first key is written.
  public boolean isFamily() {
    return !home.isEmpty();
  }

  /// Whether a node holds a replica, voting or not.
  public boolean hasReplicaOn(String nodeId) {
    return replicas.stream().anyMatch(each -> each.nodeId().equals(nodeId));
  }

  /// Node ids of all replicas.
  public List<String> replicaNodeIds() {
    return replicas.stream().map(ReplicaView::nodeId).toList();
  }

  /// The replicas that vote.
  public List<ReplicaView> voters() {
    return replicas.stream().filter(each -> each.role() == Role.VOTER).toList();
  }

  /// Where a Partition could be split: each is the first key of the second half; null where none is
  /// known.
  ///
  /// @param measured whether `bytes` is exact, and `bySize` was looked for lately, if it is large
  ///   enough for that
  /// @param bySize has about half of the bytes before it
  /// @param byLoad has about half of the load before it
  /// @param atEnd where new rows are added one behind the other
  public record SplitPoints(
      boolean measured,
      @Nullable JsonNode bySize,
      @Nullable JsonNode byLoad,
      @Nullable JsonNode atEnd) {

    /// What a node that does not tell knows.
    public static final SplitPoints UNKNOWN = new SplitPoints(false, null, null, null);

    public SplitPoints {
      bySize = known(bySize);
      byLoad = known(byLoad);
      atEnd = known(atEnd);
    }

    private static @Nullable JsonNode known(@Nullable JsonNode key) {
      return key == null || key.isNull() ? null : key;
    }
  }

  /// A replica.
  ///
  /// @param caughtUp whether it holds all that was committed when its leader last reported
  public record ReplicaView(String nodeId, Role role, boolean caughtUp) {}

  /// The part of a replica in its group.
  public enum Role {
    /// It votes.
    @JsonProperty("Voter")
    VOTER,
    /// It follows.
    @JsonProperty("Learner")
    LEARNER
  }

  /// Where a Partition is in its life.
  public enum State {
    /// Its group has not had a leader yet.
    @JsonProperty("Creating")
    CREATING,
    /// It serves.
    @JsonProperty("Active")
    ACTIVE,
    /// It was split: its children have its rows.
    @JsonProperty("Split")
    SPLIT,
    /// Its replicas are being removed.
    @JsonProperty("Dropping")
    DROPPING
  }
}
