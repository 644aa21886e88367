package dev.partita.node.partition;

/// What the log of a Partition gets that goes on without its lost members.
public final class RecoveryCommands {
  private static final int SIZE_EXPECTED = 16;

  private RecoveryCommands() {}

  /// The encoded command that lets the epoch be above one that was seen elsewhere, so that whoever
  /// knows the members of before is refused.
  public static byte[] epochAbove(long seen) {
    return CommandCodec.encode(new PartitionCommand.RaiseEpoch(new Epoch(seen + 1)), SIZE_EXPECTED);
  }
}
