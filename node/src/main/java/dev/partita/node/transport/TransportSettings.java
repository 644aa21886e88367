package dev.partita.node.transport;

import java.time.Duration;

/// The tunable numbers of a [NettyTransport].
///
/// @param eventLoops threads that do the input and output
/// @param frameBytesMax largest frame that is sent or accepted; a connection buffers at most this
///   much
/// @param queuedBytesMax bytes that wait for one peer
/// @param openCallsMax calls without a response to one peer
/// @param requestsMax requests of all peers in progress on this node
/// @param requestBytesMax requests of all peers in progress on this node, in bytes
/// @param connectionsMax accepted connections
/// @param connectTimeout for dialling and for the handshake
/// @param backoffMin pause after the first failed attempt to dial, doubled with each further one
/// @param backoffMax longest pause between two attempts
/// @param silenceMax a connection on which nothing is heard for this long is given up
/// @param idleMax a connection dialled by address only is closed when nothing was asked for this
///   long
public record TransportSettings(
    int eventLoops,
    int frameBytesMax,
    long queuedBytesMax,
    int openCallsMax,
    int requestsMax,
    long requestBytesMax,
    int connectionsMax,
    Duration connectTimeout,
    Duration backoffMin,
    Duration backoffMax,
    Duration silenceMax,
    Duration idleMax) {
  /// Two event loops, frames up to 16 MiB, 32 MiB queued per peer, 4,096 requests of 64 MiB in
  /// progress.
  public static final TransportSettings DEFAULT =
      new TransportSettings(
          2,
          16 << 20,
          32 << 20,
          8192,
          4096,
          64 << 20,
          512,
          Duration.ofSeconds(2),
          Duration.ofMillis(20),
          Duration.ofSeconds(1),
          Duration.ofSeconds(4),
          Duration.ofSeconds(30));

  public TransportSettings {
    if (eventLoops < 1
        || frameBytesMax < FrameCodec.HANDSHAKE_BYTES_MAX
        || queuedBytesMax < 1
        || openCallsMax < 1
        || requestsMax < 1
        || requestBytesMax < 1
        || connectionsMax < 1) {
      throw new IllegalArgumentException(
          "Every limit is positive, and a handshake fits into a frame");
    }
  }
}
