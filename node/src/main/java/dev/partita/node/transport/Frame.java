package dev.partita.node.transport;

/// What travels on a connection. The bytes are laid out by [FrameCodec].
sealed interface Frame {
  /// Opens a connection, from the node that dialled.
  ///
  /// @param node the dialling node
  /// @param expected the node that was dialled, 0 if only its address is known
  /// @param cluster the dialling node's cluster, empty while it belongs to none
  record Hello(int version, long node, long expected, String cluster) implements Frame {}

  /// Accepts a connection.
  record Welcome(long node, String cluster) implements Frame {}

  /// Refuses a connection, which is closed after it.
  record Refused(String reason) implements Frame {
    /// Says that it is an [Exclusion].
    static final String EXCLUDED = "This node was given up as lost";
  }

  /// A one-way message.
  @SuppressWarnings("ArrayRecordComponent") // passed through, never compared
  record OneWay(byte[] payload) implements Frame {}

  /// A call; `id` comes back with its end and is unique on its connection.
  @SuppressWarnings("ArrayRecordComponent") // passed through, never compared
  record Request(long id, String service, byte[] payload) implements Frame {}

  /// The result of a call.
  @SuppressWarnings("ArrayRecordComponent") // passed through, never compared
  record Response(long id, byte[] payload) implements Frame {}

  /// The failure of a call.
  record Failure(long id, CallFailure.Kind kind, String message) implements Frame {}

  /// Asks for a [Pong], to find connections that are dead without saying so.
  record Ping() implements Frame {}

  /// Answers a [Ping].
  record Pong() implements Frame {}
}
