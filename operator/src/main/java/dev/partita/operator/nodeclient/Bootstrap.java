package dev.partita.operator.nodeclient;

import java.util.List;

/// Which nodes found a cluster; each of them gets exactly this.
public record Bootstrap(String clusterId, List<Member> members) {

  public Bootstrap {
    members = List.copyOf(members);
  }

  /// A founding node.
  ///
  /// @param peerAddress `host:port` of its peer traffic
  public record Member(String nodeId, String name, String peerAddress) {}
}
