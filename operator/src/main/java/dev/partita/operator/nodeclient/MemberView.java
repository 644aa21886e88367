package dev.partita.operator.nodeclient;

import com.fasterxml.jackson.annotation.JsonProperty;
import org.jspecify.annotations.Nullable;

/// A node as the cluster sees it.
///
/// @param cloud null or empty where it is not known, like the region and the zone
/// @param edge whether it is to hold copies only that do not vote; false from a node that does not
///   tell
/// @param alive whether the leader of the system partition has heard from it lately
/// @param replicas how many replicas are placed on it
/// @param leaders how many of them lead
public record MemberView(
    String nodeId,
    String name,
    String site,
    @Nullable String cloud,
    @Nullable String region,
    @Nullable String zone,
    boolean edge,
    State state,
    boolean alive,
    SystemRole systemMember,
    int replicas,
    int leaders) {

  /// A node that is not at the edge.
  public MemberView(
      String nodeId,
      String name,
      String site,
      @Nullable String zone,
      State state,
      boolean alive,
      SystemRole systemMember,
      int replicas,
      int leaders) {
    this(
        nodeId, name, site, null, null, zone, false, state, alive, systemMember, replicas, leaders);
  }

  /// The same node, when it is not heard from.
  MemberView silent() {
    return new MemberView(
        nodeId,
        name,
        site,
        cloud,
        region,
        zone,
        edge,
        state,
        false,
        systemMember,
        replicas,
        leaders);
  }

  /// What the cluster plans with a node.
  public enum State {
    /// Replicas may be placed on it.
    @JsonProperty("Active")
    ACTIVE,
    /// Its replicas are being moved away.
    @JsonProperty("Draining")
    DRAINING,
    /// It was removed for ever.
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
