package dev.partita.operator.nodeclient;

import org.jspecify.annotations.Nullable;

/// Where a node's administration API listens.
///
/// @param node name of the node's pod
/// @param address `host:port`
/// @param realm the database whose certificates are used; null for plain text
/// @param clusterId the cluster of the node that is meant: by the time a request arrives, the
///   address may belong to a node of another one, which refuses it then; null while none is founded
public record Endpoint(
    String node, String address, @Nullable String realm, @Nullable String clusterId) {

  /// A node in plain text, and of no cluster yet.
  public Endpoint(String node, String address) {
    this(node, address, null, null);
  }

  /// The same node as a member of a cluster. One that belongs to none yet answers all the same.
  public Endpoint inCluster(@Nullable String id) {
    return new Endpoint(node, address, realm, id);
  }
}
