package dev.partita.operator.placement;

/// A node as placement sees it.
///
/// @param zone empty when unknown
/// @param edge whether it is to hold copies only that do not vote
/// @param keeps whether replicas, or copies, may stay on it
/// @param accepts whether new ones may be placed on it; implies `keeps`
public record Server(
    String nodeId, String site, String zone, boolean edge, boolean keeps, boolean accepts) {

  public Server {
    if (accepts && !keeps) {
      throw new IllegalArgumentException("a node that accepts replicas keeps them");
    }
  }

  /// A node whose replicas vote.
  public Server(String nodeId, String site, String zone, boolean keeps, boolean accepts) {
    this(nodeId, site, zone, false, keeps, accepts);
  }
}
