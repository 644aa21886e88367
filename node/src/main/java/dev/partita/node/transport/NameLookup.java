package dev.partita.node.transport;

import java.net.InetAddress;
import java.net.UnknownHostException;

/// Turns the host of a peer address into an IP address. May block; the transport calls it off its
/// event loops.
@FunctionalInterface
public interface NameLookup {
  /// Looks up a name.
  ///
  /// @throws UnknownHostException if nobody knows the name
  InetAddress lookup(String host) throws UnknownHostException;

  /// The resolver of the system.
  static NameLookup system() {
    return InetAddress::getByName;
  }
}
