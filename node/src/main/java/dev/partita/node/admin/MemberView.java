package dev.partita.node.admin;

import com.fasterxml.jackson.annotation.JsonProperty;

/// A node as the cluster sees it.
///
/// @param cloud empty where it does not apply, like the region and the zone
/// @param edge whether it is to hold copies only that do not vote
/// @param alive whether the leader of the system partition has heard from it lately
/// @param replicas how many replicas of Partitions are placed on it
/// @param leaders how many of them lead
/// @param bytes size of the rows that its replicas hold, approximately
public record MemberView(
    String nodeId,
    String name,
    String site,
    String cloud,
    String region,
    String zone,
    boolean edge,
    String peerAddress,
    String httpAddress,
    State state,
    boolean alive,
    SystemRole systemMember,
    int replicas,
    int leaders,
    long bytes) {

  /// What the cluster plans with a node.
  public enum State {
    /// Replicas may be placed on it.
    @JsonProperty("Active")
    ACTIVE,
    /// Its replicas are being moved away.
    @JsonProperty("Draining")
    DRAINING,
    /// It was removed for ever; its identity never comes back.
    @JsonProperty("Gone")
    GONE
  }

  /// Its part in the system partition.
  public enum SystemRole {
    /// It votes.
    @JsonProperty("Voter")
    VOTER,
    /// It follows.
    @JsonProperty("Learner")
    LEARNER
  }
}
