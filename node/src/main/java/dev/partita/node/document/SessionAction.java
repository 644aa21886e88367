package dev.partita.node.document;

/// What a client asks of a transaction whose statements come one by one.
public enum SessionAction {
  BEGIN(1),
  READ(2),
  QUERY(3),
  WRITE(4),
  COMMIT(5),
  ABORT(6),
  LOCK(7);

  private final int code;

  SessionAction(int code) {
    this.code = code;
  }

  /// Its number on the way between nodes.
  int code() {
    return code;
  }

  /// The action with a number.
  ///
  /// @throws IllegalArgumentException if there is none
  static SessionAction of(int code) {
    for (SessionAction action : values()) {
      if (action.code == code) {
        return action;
      }
    }
    throw new IllegalArgumentException("unknown action: " + code);
  }
}
