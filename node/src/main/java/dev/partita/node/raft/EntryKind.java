package dev.partita.node.raft;

/// What the data of an [Entry] is.
public enum EntryKind {
  /// A command of the state machine; opaque to the core.
  COMMAND(0),
  /// An encoded [Configuration], which takes effect as soon as it is in the log.
  CONFIGURATION(1),
  /// Nothing: what a new leader appends to commit the entries of earlier terms.
  EMPTY(2);

  private final byte code;

  EntryKind(int code) {
    this.code = (byte) code;
  }

  /// The number that stands for this kind on disk and on the wire.
  public byte code() {
    return code;
  }

  /// The kind that a number stands for.
  ///
  /// @throws IllegalArgumentException when this version knows no such kind
  public static EntryKind ofCode(byte code) {
    return switch (code) {
      case 0 -> COMMAND;
      case 1 -> CONFIGURATION;
      case 2 -> EMPTY;
      default -> throw new IllegalArgumentException("unknown kind of entry: " + code);
    };
  }
}
