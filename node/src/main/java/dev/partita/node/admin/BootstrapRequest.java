package dev.partita.node.admin;

import java.util.List;

/// Which nodes found a cluster (`POST /admin/v1/bootstrap`): exactly the same request goes to each
/// of them.
///
/// @param clusterId unique for ever, such as the UID of the custom resource that owns the cluster
/// @param members the first voters of the system partition
public record BootstrapRequest(String clusterId, List<Member> members) {
  public BootstrapRequest {
    if (clusterId.isBlank()) {
      throw new IllegalArgumentException("clusterId is empty");
    }
    members = List.copyOf(members);
    if (members.isEmpty()) {
      throw new IllegalArgumentException("a cluster needs at least one member");
    }
  }

  /// A founding node.
  ///
  /// @param nodeId as `GET /admin/v1/node` of that node tells it
  /// @param peerAddress `host:port` of its peer traffic
  public record Member(String nodeId, String name, String peerAddress) {}
}
