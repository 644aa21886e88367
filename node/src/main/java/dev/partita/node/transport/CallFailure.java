package dev.partita.node.transport;

import static java.util.Objects.requireNonNull;

/// Why a call did not bring a response.
public final class CallFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Kind kind;

  /// A failure of the kind, with a message for people.
  public CallFailure(Kind kind, String message) {
    // A call's stack trace would show the event loop only.
    super(message, null, false, false);
    this.kind = requireNonNull(kind, "kind");
  }

  /// What is known about the request.
  public Kind kind() {
    return kind;
  }

  /// What is known about a request without a response.
  public enum Kind {
    /// The peer has not seen the request: it may be sent again.
    NOT_SENT,
    /// Too much is queued for the peer, or the peer refused the request for load: it has not been
    /// executed.
    OVERLOADED,
    /// The peer has no such service: it has not been executed.
    NO_SUCH_SERVICE,
    /// The connection broke or time ran out after sending: the peer may or may not have executed
    /// it.
    UNKNOWN,
    /// The peer's handler failed; how far it came only the handler's service can say.
    FAILED
  }
}
