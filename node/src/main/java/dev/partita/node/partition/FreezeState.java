package dev.partita.node.partition;

import dev.partita.node.partition.PartitionCommand.Child;
import dev.partita.node.raft.Configuration;

/// That a Partition is frozen, to become a part of another one: from that entry of its log on
/// nothing is changed and nobody is answered, until the other one has the rows or the Partition is
/// unfrozen. What is said here is the same on all members, whatever comes behind it in the log.
///
/// @param index of the log entry that did it
/// @param into who is to have the rows
/// @param bounds of that one
/// @param epoch of the frozen Partition
/// @param members of the frozen Partition, which are the first ones of the other
public record FreezeState(
    long index, Child into, Bounds bounds, Epoch epoch, Configuration members) {

  void writeTo(BinaryWriter out) {
    out.number(index).number(into.id().value()).text(into.name());
    PartitionCodec.writeBounds(out, bounds);
    out.number(epoch.value()).bytes(members.encode());
  }

  static FreezeState read(BinaryReader in) {
    return new FreezeState(
        in.number(),
        new Child(new PartitionId(in.number()), in.text()),
        PartitionCodec.readBounds(in),
        new Epoch(in.number()),
        Configuration.decode(in.bytes()));
  }
}
