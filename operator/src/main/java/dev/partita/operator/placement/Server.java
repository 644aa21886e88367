package dev.partita.operator.placement;

/// A node as placement sees it.
///
/// @param zone empty when unknown
/// @param keeps whether replicas may stay on it
/// @param accepts whether new replicas may be placed on it; implies `keeps`
public record Server(String nodeId, String site, String zone, boolean keeps, boolean accepts) {

  public Server {
    if (accepts && !keeps) {
      throw new IllegalArgumentException("a node that accepts replicas keeps them");
    }
  }
}
