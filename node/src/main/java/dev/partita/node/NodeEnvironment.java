package dev.partita.node;

import dev.partita.node.partition.PartitionSettings;
import dev.partita.node.replication.HostSettings;
import dev.partita.node.time.Clock;
import dev.partita.node.time.SystemClock;
import dev.partita.node.transport.Transport;
import dev.partita.node.transport.TransportSettings;
import java.util.function.UnaryOperator;

/// What a node takes for granted, and a test replaces.
///
/// @param network stands between the node and its transport
public record NodeEnvironment(
    Clock clock,
    HostSettings replication,
    TransportSettings transport,
    PartitionSettings partitions,
    UnaryOperator<Transport> network) {

  /// The real clock, network and limits.
  public static NodeEnvironment real() {
    return new NodeEnvironment(
        new SystemClock(),
        HostSettings.DEFAULT,
        TransportSettings.DEFAULT,
        PartitionSettings.DEFAULT,
        UnaryOperator.identity());
  }
}
