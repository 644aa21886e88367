package dev.partita.node.partition;

import dev.partita.node.partition.PartitionCommand.TimedWrite;

/// The binary form of commands, as they stand in the log.
final class CommandCodec {

  private static final int CREATE = 1;
  private static final int WRITES = 2;
  private static final int ADD_INDEX = 3;
  private static final int DROP_INDEX = 4;
  private static final int BACKFILL = 5;
  private static final int RAISE_SAFE_POINT = 6;

  private CommandCodec() {}

  static byte[] encode(PartitionCommand command, int sizeExpected) {
    BinaryWriter out = PartitionCodec.begin(sizeExpected);
    switch (command) {
      case PartitionCommand.Create(var descriptor) ->
          PartitionCodec.writeDescriptor(out.raw(CREATE), descriptor);
      case PartitionCommand.Writes(var writes) ->
          out.raw(WRITES).list(writes, writes.size(), CommandCodec::writeTimed);
      case PartitionCommand.AddIndex(var index, long revision) -> {
        PartitionCodec.writeDefinition(out.raw(ADD_INDEX), index);
        out.number(revision);
      }
      case PartitionCommand.DropIndex(long index, long revision) ->
          out.raw(DROP_INDEX).number(index).number(revision);
      case PartitionCommand.Backfill(long index, int rows) ->
          out.raw(BACKFILL).number(index).number(rows);
      case PartitionCommand.RaiseSafePoint(var safePoint) ->
          out.raw(RAISE_SAFE_POINT).timestamp(safePoint);
    }
    return out.toByteArray();
  }

  static PartitionCommand decode(byte[] bytes) {
    BinaryReader in = PartitionCodec.begin(bytes);
    int kind = in.raw();
    PartitionCommand command =
        switch (kind) {
          case CREATE -> new PartitionCommand.Create(PartitionCodec.readDescriptor(in));
          case WRITES -> new PartitionCommand.Writes(in.list(CommandCodec::readTimed));
          case ADD_INDEX ->
              new PartitionCommand.AddIndex(PartitionCodec.readDefinition(in), in.number());
          case DROP_INDEX -> new PartitionCommand.DropIndex(in.number(), in.number());
          case BACKFILL -> new PartitionCommand.Backfill(in.number(), in.count32());
          case RAISE_SAFE_POINT -> new PartitionCommand.RaiseSafePoint(in.timestamp());
          default -> throw new IllegalArgumentException("unknown kind of command: " + kind);
        };
    in.end();
    return command;
  }

  private static void writeTimed(BinaryWriter out, TimedWrite write) {
    out.timestamp(write.timestamp())
        .number(write.epoch().value())
        .flag(write.atomic())
        .list(write.mutations(), write.mutations().size(), RequestCodec::writeMutation);
  }

  private static TimedWrite readTimed(BinaryReader in) {
    return new TimedWrite(
        in.timestamp(), new Epoch(in.number()), in.flag(), in.list(RequestCodec::readMutation));
  }
}
