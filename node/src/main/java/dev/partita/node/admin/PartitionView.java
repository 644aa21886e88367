package dev.partita.node.admin;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A Partition as observed.
///
/// @param id decimal; never used again for another Partition
/// @param leaderNodeId null while it has no leader that is known
/// @param rows live rows, as the leader counts them
/// @param cpu processor time that it takes at its leader, in cores, without HTTP, network and disk
/// @param hotKey the key that takes so much of the load that dividing the Partition would not help;
///   null if there is none
/// @param bytes size on disk of one replica, approximately
/// @param children names of the Partitions that it was split into, or of its intervals
/// @param splitPoints where it could be split
/// @param home ids of the nodes where its next intervals begin; empty if it is no family of those
public record PartitionView(
    String id,
    String name,
    String collection,
    JsonNode bounds,
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
    SplitPointsView splitPoints,
    List<String> home) {
  public PartitionView {
    replicas = List.copyOf(replicas);
    children = List.copyOf(children);
    home = List.copyOf(home);
  }

  /// A replica of a Partition.
  ///
  /// @param caughtUp whether it holds all that was committed when its leader last reported
  public record ReplicaView(String nodeId, Role role, boolean caughtUp) {}

  /// Where a Partition could be split: each is the first key of the second half, as a split takes
  /// it (`at`), and null where none is known. Hash bounds are split without one.
  ///
  /// @param measured whether `bytes` is exact, and `bySize` was looked for lately, if it is large
  ///   enough for that
  /// @param bySize has about half of the bytes before it
  /// @param byLoad has about half of the load before it
  /// @param atEnd where new rows are added one behind the other
  public record SplitPointsView(
      boolean measured,
      @Nullable JsonNode bySize,
      @Nullable JsonNode byLoad,
      @Nullable JsonNode atEnd) {}

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
