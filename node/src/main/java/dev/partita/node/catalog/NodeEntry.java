package dev.partita.node.catalog;

import dev.partita.node.config.HostPort;
import dev.partita.node.config.Place;
import dev.partita.node.raft.NodeId;

/// A node as registered.
///
/// @param name of its pod, a label for people
/// @param peer where other nodes reach it
/// @param http where clients and the operator reach it
public record NodeEntry(
    NodeId id, String name, Place place, HostPort peer, HostPort http, State state) {

  /// What the cluster plans with a node.
  public enum State {
    /// Replicas may be placed on it.
    ACTIVE,
    /// Its replicas are being moved away.
    DRAINING,
    /// It was removed for ever.
    GONE
  }

  NodeEntry with(State next) {
    return new NodeEntry(id, name, place, peer, http, next);
  }
}
