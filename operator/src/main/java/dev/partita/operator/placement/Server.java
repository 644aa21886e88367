package dev.partita.operator.placement;

/// A node as placement sees it.
///
/// @param edge whether it is to hold copies only that do not vote
/// @param keeps whether replicas, or copies, may stay on it
/// @param accepts whether new ones may be placed on it; implies `keeps`
public record Server(String nodeId, Place place, boolean edge, boolean keeps, boolean accepts) {

  public Server {
    if (accepts && !keeps) {
      throw new IllegalArgumentException("a node that accepts replicas keeps them");
    }
  }

  /// A node whose replicas vote, of no known cloud or region.
  ///
  /// @param zone empty when unknown
  public Server(String nodeId, String site, String zone, boolean keeps, boolean accepts) {
    this(nodeId, new Place(site, "", "", zone), false, keeps, accepts);
  }

  /// The same, once it is heard from again, if it is expected back.
  public Server expected() {
    return new Server(nodeId, place, edge, keeps, keeps);
  }

  String site() {
    return place.site();
  }

  String zone() {
    return place.zone();
  }
}
