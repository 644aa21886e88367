package dev.partita.node.raft;

/// One operation of a client on one register, as the client saw it.
///
/// @param value written, or read; 0 is what a register holds at first
/// @param invokedNanos when it was asked for
/// @param returnedNanos when the answer came, or [#NEVER]: then a write may take effect at any
///   later time, or not at all
public record Operation(
    int client, Kind kind, int key, long value, long invokedNanos, long returnedNanos) {

  public static final long NEVER = Long.MAX_VALUE;

  public enum Kind {
    READ,
    WRITE
  }

  public Operation {
    if (returnedNanos < invokedNanos) {
      throw new IllegalArgumentException("an operation returns after it was invoked");
    }
    if (kind == Kind.READ && returnedNanos == NEVER) {
      throw new IllegalArgumentException("a read without an answer says nothing");
    }
  }
}
